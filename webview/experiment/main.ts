/** The experiment panel: wires the host's messages to the parts of the page. It holds no truth, only view state. */
import './standalone';
import type { HostToPanel, PanelToHost } from '../../src/shared/messages';
import '../ui/base.css';
import '../ui/cards.css';
import './experiment.css';
import { chartMenu } from '../charts/chartMenu';
import { tableCsv } from '../charts/export/csv';
import { card } from '../ui/card';
import { h } from '../ui/dom';
import { MaskPage } from '../mask/maskPage';
import { onThemeChange } from '../ui/theme';
import { registerControls, tabs } from '../ui/toolkit';
import { bridge, savedState, saveState } from '../ui/bridge';
import { onSave } from '../ui/saving';
import { Conditions } from './conditions';
import { LevelCursor } from './cursor';
import { defaultLevel } from './curvesModel';
import { EvaluationView } from './evaluation';
import { Header } from './header';
import { Layers } from './layers';
import { LearningCurves } from './learningCurves';
import { Overview } from './overview';
import { overviewTable } from './overviewModel';
import { levelAt, placeOf } from './places';
import { Rounds } from './rounds';
import { StabilityView } from './stability';
import { CurveStore, EvaluationStore, readViewState, type PanelState, type ViewId, type ViewState } from './state';
import { TransferView } from './transfer';
import { VerdictBox } from './verdict';
import { WorthView } from './worth';

registerControls();
const host = bridge<PanelToHost, HostToPanel>([
  'state',
  'progress',
  'evaluation',
  'curves',
  'evaluations',
  'mask',
  'maskFailed',
]);
const post = (message: PanelToHost): void => {
  host.post(message);
};

let view = readViewState(savedState());
let state: PanelState | undefined;
const store = new CurveStore();
const outputs = new EvaluationStore();
const cursor = new LevelCursor(view.pinned);

function change(changes: Partial<ViewState>): void {
  view = { ...view, ...changes };
  saveState(view);
}

function toggle(id: string): void {
  change({ hidden: view.hidden.includes(id) ? view.hidden.filter(one => one !== id) : [...view.hidden, id] });
  draw();
}

function setAsTable(chart: 'overview' | 'curves', asTable: boolean): void {
  const others = view.asTable.filter(one => one !== chart);
  change({ asTable: asTable ? [...others, chart] : others });
}

const header = new Header(post);
const verdict = new VerdictBox(post);
const overview = new Overview({
  cursor,
  asTable: view.asTable.includes('overview'),
  onToggle: toggle,
  onAsTable: asTable => {
    setAsTable('overview', asTable);
  },
});
const rounds = new Rounds(cursor);
const conditions = new Conditions();
const roundsMenu = chartMenu({
  title: () => `${state?.name ?? ''}: rounds`,
  csv: () => (state?.report ? tableCsv(overviewTable(state.report)) : null),
});
const roundsCard = card('rounds', 'Rounds', [roundsMenu], rounds.element, conditions.element);
const curves = new LearningCurves({
  metric: view.metric,
  asTable: view.asTable.includes('curves'),
  onMetric: metric => {
    change({ metric });
  },
  onToggle: toggle,
  onAsTable: asTable => {
    setAsTable('curves', asTable);
  },
  need: runs => {
    const fresh = store.ask(runs);
    if (fresh.length > 0) post({ type: 'curves', runs: fresh });
  },
});
const mask = new MaskPage(request => {
  post({ type: 'mask', ...request });
});
const layers = new Layers(cursor, mask.open);
const openExperiment = (): void => {
  post({ type: 'openExperiment' });
};
const stability = new StabilityView(openExperiment);
const transfer = new TransferView(openExperiment);
const worth = new WorthView(openExperiment);
onSave(file => {
  post({ type: 'save', file });
});
const evaluation = new EvaluationView((runs, report) => {
  const fresh = outputs.ask(runs, report);
  if (fresh.length > 0) post({ type: 'evaluations', runs: fresh });
});

const places: Readonly<Record<ViewId, HTMLElement>> = {
  overview: h('div', { class: 'view view-overview' }, h('div', { class: 'column' }), h('div', { class: 'column' })),
  rounds: h('div', { class: 'view view-single' }),
  curves: h('div', { class: 'view view-single' }),
  layers: h('div', { class: 'view view-single' }),
  evaluation: h('div', { class: 'view' }),
  stability: h('div', { class: 'view' }),
  transfer: h('div', { class: 'view' }),
  worth: h('div', { class: 'view' }),
};

/** One set of parts: the overview holds them all, each other tab one of them, large. */
function select(id: ViewId): void {
  if (id !== view.view) change({ view: id });
  const [left, right] = places.overview.children;
  if (id === 'overview') {
    left?.append(overview.element, curves.element);
    right?.append(roundsCard.element, layers.element);
  } else {
    places[id].append({ rounds: roundsCard, curves, layers, evaluation, stability, transfer, worth }[id].element);
  }
  drawEvaluation();
  drawStudies();
}

const content = h(
  'main',
  { class: 'content' },
  tabs(
    'Views of the experiment',
    [
      { id: 'overview', label: 'Overview', view: places.overview },
      { id: 'rounds', label: 'Rounds', view: places.rounds },
      { id: 'curves', label: 'Learning curves', view: places.curves },
      { id: 'layers', label: 'Layers', view: places.layers },
      { id: 'evaluation', label: 'Evaluation', view: places.evaluation },
      { id: 'stability', label: 'Stability', view: places.stability },
      { id: 'transfer', label: 'Transfer', view: places.transfer },
      { id: 'worth', label: 'Worth', view: places.worth },
    ],
    view.view,
    select,
  ),
);
content.hidden = true;
document.getElementById('root')?.append(header.element, verdict.element, content, mask.element);

/** The place that charts speak of while none is hovered: pinned, or the level that matters most. */
function restingPlace(shown: PanelState): number {
  const { report, progress } = shown;
  if (!report) return 0;
  const pinned = cursor.pinned !== null && placeOf(report, cursor.pinned) ? cursor.pinned : null;
  return pinned ?? defaultLevel(report, progress);
}

/** The iterative level there, for what is known of those only. */
function restingLevel(shown: PanelState): number {
  return shown.report ? levelAt(shown.report, restingPlace(shown)) : 0;
}

function drawCurves(): void {
  if (!state?.report) return;
  curves.show(state.report, restingPlace(state), store.curves, new Set(view.hidden));
}

/** Only where it is looked at: what it shows is not in the report and has to be read. */
function drawEvaluation(): void {
  if (view.view === 'evaluation' && state?.report)
    evaluation.show(state.report, restingLevel(state), outputs.evaluations);
}

/** Of these only the one that is looked at is drawn. */
function drawStudies(): void {
  if (!state?.report) return;
  const { report, running } = state;
  if (view.view === 'stability') stability.show(report);
  else if (view.view === 'transfer') transfer.show(report);
  else if (view.view === 'worth') worth.show(report, restingLevel(state), running);
}

function drawConditions(): void {
  if (!state?.report) return;
  const level = cursor.active === null ? restingLevel(state) : levelAt(state.report, cursor.active);
  conditions.show(state.report, level);
}

function draw(): void {
  if (!state) return;
  const { report, progress } = state;
  header.show(state);
  verdict.show(state);
  content.hidden = report === null;
  if (!report) return;
  overview.show(report, new Set(view.hidden), restingPlace(state));
  rounds.show(report, progress);
  drawConditions();
  layers.show(report);
  drawCurves();
  drawEvaluation();
  drawStudies();
}

cursor.onChange(() => {
  drawConditions();
  if (cursor.pinned === view.pinned) return;
  change({ pinned: cursor.pinned });
  drawCurves();
  drawEvaluation();
  drawStudies();
});

let curvesPending = false;
/** Evaluations of parallel runs come in bursts: one drawing a frame. */
function drawCurvesSoon(): void {
  if (curvesPending) return;
  curvesPending = true;
  requestAnimationFrame(() => {
    curvesPending = false;
    drawCurves();
  });
}

host.listen(message => {
  switch (message.type) {
    case 'state': {
      const { name, running, report, progress, error, queued, away } = message;
      state = {
        name,
        running,
        report,
        progress,
        error,
        ...(queued !== undefined && { queued }),
        ...(away !== undefined && { away }),
      };
      saveState({ ...view, name });
      draw();
      if (report) mask.reportChanged(report);
      return;
    }
    case 'progress':
      if (!state) return;
      state = { ...state, progress: message.progress };
      header.showStatus(state);
      if (state.report) rounds.show(state.report, message.progress);
      return;
    case 'evaluation':
      store.add(message.run, [message.point]);
      drawCurvesSoon();
      return;
    case 'curves':
      for (const [run, points] of Object.entries(message.curves)) store.add(run, points);
      drawCurvesSoon();
      return;
    case 'evaluations':
      outputs.add(message.evaluations);
      drawEvaluation();
      return;
    case 'mask':
    case 'maskFailed':
      mask.answer(message);
  }
});

onThemeChange(() => {
  overview.themeChanged();
  curves.themeChanged();
  layers.themeChanged();
  evaluation.themeChanged();
  stability.themeChanged();
  transfer.themeChanged();
  worth.themeChanged();
  mask.themeChanged();
});

post({ type: 'ready' });
