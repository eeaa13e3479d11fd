/** The answer first: found or not, the reasons with their numbers, what failed and what to do about it. */
import './verdict.css';
import { capitalised, ordinal } from '../../src/shared/format';
import type { PanelToHost } from '../../src/shared/messages';
import type { Report, ReportRun, Verdict } from '../../src/shared/report';
import { styles } from '../charts/styles';
import { h, setChildren, unbroken, type Child } from '../ui/dom';
import { icon, type IconName } from '../ui/icons';
import { button, progressRing } from '../ui/toolkit';
import { bestList } from './best';
import { methodsOf } from './places';
import { runLabels, standing, type PanelState } from './state';

type Tone = 'good' | 'neutral' | 'busy' | 'bad';

function missingControls(report: Report): boolean {
  const methods = methodsOf(report);
  return !methods.includes('random-reinit') || !methods.includes('random-mask');
}

function failedRuns(report: Report | null) {
  return report?.runs.filter(run => run.status === 'failed') ?? [];
}

export class VerdictBox {
  private readonly tone = h('div', { class: 'verdict-tone' });
  private readonly title = h('p', { class: 'verdict-title' });
  private readonly body = h('div', { class: 'verdict-body' });
  readonly element = h(
    'section',
    { class: 'verdict', attributes: { 'aria-label': 'Verdict' } },
    this.tone,
    h('div', { class: 'verdict-text' }, this.title, this.body),
  );
  private shown = '';
  private whyOpen = false;

  constructor(private readonly post: (message: PanelToHost) => void) {}

  show(state: PanelState): void {
    const { report } = state;
    const signature = JSON.stringify([
      standing(state),
      state.queued,
      state.away,
      state.error,
      report?.verdict,
      report?.error,
      failedRuns(report),
    ]);
    if (signature === this.shown) return;
    this.shown = signature;
    this.write(state);
  }

  private write(state: PanelState): void {
    const { report } = state;
    const now = standing(state);
    switch (now) {
      case 'reading':
        this.put('busy', progressRing('Reading data'), 'Reading data…', []);
        return;
      case 'nothing':
        this.put('neutral', icon('question'), 'Not run yet.', [
          h('p', { text: 'Nothing has been measured for this experiment. Run it to look for a winning ticket.' }),
        ]);
        return;
      case 'failed': {
        const message = state.error ?? report?.error ?? 'The experiment failed. The log says more.';
        const kept = report?.runs.filter(run => run.status === 'done').length ?? 0;
        this.put('bad', icon('error'), 'The experiment failed.', [
          h('p', { class: 'error-text', text: message }),
          h('p', {
            class: 'quiet',
            text:
              kept > 0
                ? `${kept} finished ${kept === 1 ? 'run is' : 'runs are'} kept and shown below; trying again goes on from there.`
                : 'No run was finished.',
          }),
        ]);
        return;
      }
      case 'queued':
        if (report) this.writeVerdict(report, now, waiting(state));
        else this.put('neutral', icon('clock'), 'Not run yet.', [h('p', { text: waiting(state) })]);
        return;
      case 'away':
        if (report) this.writeVerdict(report, now, `It is ${state.away ?? ''}.`);
        return;
      case 'running':
      case 'done':
      case 'cancelled':
      case 'paused':
      case 'interrupted':
        if (report) this.writeVerdict(report, now);
    }
  }

  /** @param note what is to be said of how it stands, beside the verdict */
  private writeVerdict(report: Report, now: Shown, note = standingNote(now)): void {
    const { verdict } = report;
    const partial = now !== 'done';
    const advise = !verdict.found && verdict.advice !== undefined;
    const plain = news(verdict, advise);
    const evidence = verdict.reasons.filter(reason => !plain.includes(reason));
    const body: Child[] = [
      ...plain.map(text => h('p', {}, ...unbroken(text))),
      bestList(report),
      evidence.length > 0 && this.why(evidence),
      note !== null && h('p', { class: 'quiet', text: note }),
      (advise || (missingControls(report) && now === 'done')) &&
        h(
          'div',
          { class: 'advice' },
          advise && h('span', { text: verdict.advice }),
          missingControls(report) &&
            now !== 'running' &&
            button(
              'Add controls',
              () => {
                this.post({ type: 'addControls' });
              },
              {
                appearance: 'primary',
                class: 'needs-host',
                title: 'Adds random-reinit and random-mask to the experiment and runs what is missing.',
              },
            ),
        ),
      ...failures(report),
    ];
    this.put(verdict.found ? 'good' : partial ? 'busy' : 'neutral', icon(symbolOf(report, now)), verdict.summary, body);
  }

  /** The other reasons, on request; stays open while reports come in. */
  private why(reasons: readonly string[]): HTMLElement {
    const details = h(
      'details',
      {
        class: 'why',
        attributes: { open: this.whyOpen },
        on: {
          toggle: () => {
            this.whyOpen = details.open;
          },
        },
      },
      h('summary', { text: 'Why' }),
      h('ul', {}, ...reasons.map(text => h('li', {}, ...unbroken(text)))),
    );
    return details;
  }

  private put(tone: Tone, symbol: Element, title: string, body: readonly Child[]): void {
    this.element.dataset['tone'] = tone;
    setChildren(this.tone, symbol);
    setChildren(this.title, ...unbroken(title));
    setChildren(this.body, ...body);
  }
}

/** Standings in which there is a verdict to show. */
type Shown = 'running' | 'queued' | 'away' | 'done' | 'cancelled' | 'paused' | 'interrupted';

function symbolOf(report: Report, now: Shown): IconName {
  if (report.verdict.found) return 'check';
  switch (now) {
    case 'running':
    case 'queued':
    case 'away':
      return 'clock';
    case 'cancelled':
    case 'paused':
    case 'interrupted':
      return 'pause';
    case 'done':
      return missingControls(report) ? 'question' : 'none';
  }
}

/** Of one that has stopped: what its button does. */
function standingNote(now: Shown): string | null {
  if (now === 'running' || now === 'queued' || now === 'away' || now === 'done') return null;
  return `${capitalised(now)}. Everything measured so far is kept; “${runLabels[now]}” goes on from there.`;
}

function waiting({ queued }: PanelState): string {
  return `Waits in the queue, ${ordinal(queued ?? 1)}: it begins once its store is free and its turn has come.`;
}

/**
 * Reasons that the rounds below do not give word for word; none beside an advice, which says what they say and what to
 * do about it.
 */
function news(verdict: Verdict, advise: boolean): readonly string[] {
  if (advise) return [];
  const below = new Set(verdict.levels.flatMap(level => level.reasons.map(reason => reason.text)));
  return verdict.reasons.filter(reason => !below.has(reason));
}

/** One row for each error, with the runs it stopped. */
function failures(report: Report): Child[] {
  const byError = new Map<string, string[]>();
  for (const run of failedRuns(report)) {
    const replicate = report.experiment.replicates > 1 ? `, replicate ${run.replicate + 1}` : '';
    const name = `${runName(run)}${replicate}`;
    const error = run.error ?? 'failed without a message';
    byError.set(error, [...(byError.get(error) ?? []), name]);
  }
  return [...byError].map(([error, runs]) =>
    h(
      'div',
      { class: 'failure', attributes: { role: 'note' } },
      icon('warning'),
      h('span', {}, h('strong', { text: `${runs.join('; ')}: ` }), error),
    ),
  );
}

function runName({ study, method, level }: ReportRun): string {
  const name = level === 0 ? 'dense' : `${styles[method].label}, level ${level}`;
  switch (study?.kind) {
    case undefined:
      return name;
    case 'sweep':
      return `${name}, rewound to step ${study.rewind}`;
    case 'stability':
      return `stability from step ${study.at}, ${name}`;
    case 'transfer':
      return `transfer, ${name}`;
  }
}
