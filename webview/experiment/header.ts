/** Name, what is trained on what and where, how far it is, and what can be done. */
import './header.css';
import { describeChoice, describeLoss } from '../../src/shared/executorChoice';
import {
  capitalised,
  formatBytes,
  formatClock,
  formatMemory,
  formatSeconds,
  methodNames,
  ordinal,
  plural,
  runsAtWork,
  studyName,
} from '../../src/shared/format';
import type { PanelToHost } from '../../src/shared/messages';
import type { Progress, Report } from '../../src/shared/report';
import { h, setAttribute, setChildren, setText } from '../ui/dom';
import { Menu } from '../ui/menu';
import { button } from '../ui/toolkit';
import { runLabels, standing, type PanelState, type Standing } from './state';

/** "level 9 of 15 · random mask · 0:38 left" */
export function progressText(progress: Progress | null, report: Report | null): string {
  if (!progress) return 'starting';
  const parts: string[] = [];
  if (progress.run?.study) {
    parts.push(studyName(progress.run.study, progress.run));
  } else if (progress.run) {
    parts.push(`level ${progress.run.level} of ${progress.levels}`);
    if (progress.run.method !== 'iterative') parts.push(methodNames[progress.run.method]);
    if ((report?.experiment.replicates ?? 1) > 1) parts.push(`replicate ${progress.run.replicate + 1}`);
  } else {
    parts.push(`${progress.runsDone} of ${plural(progress.runsTotal, 'run')}`);
  }
  if (progress.runsAtWork !== undefined) parts.push(runsAtWork(progress.runsAtWork));
  if (progress.secondsLeft !== null) parts.push(`${formatClock(progress.secondsLeft)} left`);
  return parts.join(' · ');
}

function statusText(state: PanelState, now: Standing): string {
  const took = state.report ? ` · ${formatSeconds(state.report.seconds.total)}` : '';
  switch (now) {
    case 'running':
      return progressText(state.progress, state.report);
    case 'reading':
      return 'reading data';
    case 'nothing':
      return 'not run yet';
    case 'queued':
      return `waits in the queue, ${ordinal(state.queued ?? 1)}`;
    case 'away':
      return state.away ?? '';
    case 'done':
      return `done${took}`;
    case 'failed':
    case 'cancelled':
    case 'paused':
    case 'interrupted':
      return now;
  }
}

/** Messages without content. */
type Signal =
  | 'run'
  | 'cancel'
  | 'pause'
  | 'resume'
  | 'prioritise'
  | 'removeFromQueue'
  | 'cancelOnCluster'
  | 'openExperiment'
  | 'openReport'
  | 'copyTable'
  | 'showLog'
  | 'savePage'
  | 'exportTicket';

const exportItems: readonly { readonly label: string; readonly title: string; readonly type: Signal }[] = [
  {
    label: 'Ticket…',
    title: 'Weights and mask of a level as safetensors, npz, TensorFlow.js, Keras .h5 or PyTorch file.',
    type: 'exportTicket',
  },
  {
    label: 'Page as HTML file…',
    title: 'Everything that this panel shows in one file, for any browser and without a network.',
    type: 'savePage',
  },
  { label: 'Copy table', title: 'Copy the rounds as a Markdown table, for an issue or a paper.', type: 'copyTable' },
  { label: 'Report as JSON', title: 'Open report.json: every number shown here.', type: 'openReport' },
];

export class Header {
  private readonly name = h('h1');
  private readonly subject = h('span', { class: 'subject' });
  private readonly device = h('span', { class: 'device' });
  private readonly losses = h('span', { class: 'losses', attributes: { 'data-testid': 'losses' } });
  private readonly status = h('span', { class: 'status', attributes: { 'data-testid': 'status' } });
  private readonly actions = h('div', { class: 'actions needs-host' });
  private readonly exports = new Menu({
    label: 'Export ▾',
    name: 'Export the experiment',
    class: 'as-button',
    items: () => exportItems.map(({ type, ...item }) => ({ ...item, act: this.send(type) })),
  }).element;
  private readonly fill = h('div', { class: 'progress-fill' });
  private readonly bar = h(
    'div',
    {
      class: 'progress',
      attributes: {
        role: 'progressbar',
        'aria-label': 'Progress of the experiment',
        'aria-valuemin': 0,
        'aria-valuemax': 100,
      },
    },
    this.fill,
  );
  readonly element = h(
    'header',
    { class: 'header' },
    h(
      'div',
      { class: 'header-row' },
      h(
        'div',
        { class: 'header-text' },
        this.name,
        h('div', { class: 'facts' }, this.subject, this.device, this.status, this.losses),
      ),
      this.actions,
    ),
    this.bar,
  );
  private shownActions = '';

  constructor(private readonly post: (message: PanelToHost) => void) {}

  show(state: PanelState): void {
    const { report } = state;
    const now = standing(state);
    setText(this.name, state.name);
    document.title = state.name;
    if (report) {
      setText(this.subject, `${report.modelDescription} → ${report.dataDescription.split(':')[0] ?? ''}`);
      setAttribute(this.subject, 'title', report.dataDescription);
      const { memory, executorChoice } = report;
      const losses = executorChoice?.losses ?? [];
      setText(
        this.device,
        [report.executor, report.device, memory && formatBytes(memory.total)].filter(Boolean).join(' · '),
      );
      const explained = [
        ...(executorChoice ? describeChoice(executorChoice) : []),
        ...(memory ? [`Memory: ${formatMemory(memory)}`] : []),
      ];
      setAttribute(this.device, 'title', explained.join('\n') || null);
      setText(this.losses, losses.map(describeLoss).map(capitalised).join('. '));
    }
    this.showActions(now, state);
    this.showStatus(state);
  }

  /** Progress comes often; nothing but the line and the bar follows it. */
  showStatus(state: PanelState): void {
    const now = standing(state);
    setText(this.status, statusText(state, now));
    this.status.dataset['standing'] = now;
    const fraction = now === 'running' ? (state.progress?.fraction ?? 0) : 0;
    const percent = Math.round(fraction * 1000) / 10;
    this.fill.style.width = `${percent}%`;
    this.bar.classList.toggle('active', state.running);
    this.bar.classList.toggle('indeterminate', now === 'reading');
    setAttribute(this.bar, 'aria-valuenow', now === 'running' ? Math.round(percent) : null);
    setAttribute(this.bar, 'aria-hidden', state.running ? null : 'true');
  }

  private send(type: Signal): () => void {
    return () => {
      this.post({ type });
    };
  }

  /** Rebuilt only when the set changes, so that focus stays on a button that stays. */
  private showActions(now: Standing, { report, queued }: PanelState): void {
    const hasReport = report !== null;
    const isBehind = now === 'queued' && queued !== 1;
    const signature = `${now}/${hasReport}/${isBehind}`;
    if (signature === this.shownActions) return;
    this.shownActions = signature;
    const send = (type: Signal) => this.send(type);
    const busy = now === 'running' || now === 'reading';
    setChildren(
      this.actions,
      busy && button('Pause', send('pause'), { title: 'Save how far it is and free memory and processors.' }),
      isBehind && button('Move to Front', send('prioritise'), { title: 'Make it the next that is run.' }),
      now === 'queued' && button('Remove from Queue', send('removeFromQueue'), { title: 'What is measured is kept.' }),
      now === 'away' &&
        button('Cancel on Cluster', send('cancelOnCluster'), {
          title: 'Take back what is left of it there; everything measured so far is kept.',
        }),
      busy
        ? button('Cancel', send('cancel'), { title: 'Stop within a second; everything measured so far is kept.' })
        : now !== 'queued' &&
            now !== 'away' &&
            button(runLabels[now], send(now === 'paused' || now === 'interrupted' ? 'resume' : 'run'), {
              appearance: now === 'done' ? 'secondary' : 'primary',
            }),
      button('Experiment', send('openExperiment'), { title: 'Open the experiment file.' }),
      now === 'failed' && button('Show log', send('showLog')),
      hasReport && this.exports,
    );
  }
}
