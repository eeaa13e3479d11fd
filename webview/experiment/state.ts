/** What the panel knows: the host's last word, curves as they come, and the view state that survives a reload. */
import type { RunEvaluation } from '../../src/shared/evaluation';
import type { CurvePoint, Progress, Report } from '../../src/shared/report';
import { styleIds } from '../charts/styles';
import { metrics, type Metric } from './curvesModel';

export const views = [
  'overview',
  'rounds',
  'curves',
  'layers',
  'evaluation',
  'stability',
  'transfer',
  'worth',
] as const;
export type ViewId = (typeof views)[number];

/** Kept by VS Code across hiding and reloading; the host finds the experiment again by `name`. */
export interface ViewState {
  readonly view: ViewId;
  readonly pinned: number | null;
  /** Methods that are switched off. */
  readonly hidden: readonly string[];
  readonly metric: Metric;
  /** Charts shown as tables. */
  readonly asTable: readonly ('overview' | 'curves')[];
}

const isString = (value: unknown): value is string => typeof value === 'string';

/** Reads what was saved, perhaps by an older version: what does not fit falls back to the default. */
export function readViewState(saved: Readonly<Record<string, unknown>>): ViewState {
  const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter(isString) : []);
  const hidden = strings(saved['hidden']);
  const asTable = strings(saved['asTable']);
  const pinned = saved['pinned'];
  return {
    view: views.find(view => view === saved['view']) ?? 'overview',
    pinned: typeof pinned === 'number' && Number.isInteger(pinned) && pinned >= 0 ? pinned : null,
    hidden: styleIds.filter(id => hidden.includes(id)),
    metric: metrics.find(metric => metric === saved['metric']) ?? 'testAccuracy',
    asTable: (['overview', 'curves'] as const).filter(id => asTable.includes(id)),
  };
}

export interface PanelState {
  readonly name: string;
  readonly running: boolean;
  readonly report: Report | null;
  readonly progress: Progress | null;
  readonly error: string | null;
  /** Its place in the queue, 1 for the next; absent where it does not wait. */
  readonly queued?: number;
  /** How far it is on a cluster, in words; absent where it is on none. */
  readonly away?: string;
}

/** Evaluations by run; live points and answers of the host meet here. */
export class CurveStore {
  readonly curves = new Map<string, readonly CurvePoint[]>();
  private readonly asked = new Set<string>();

  /** Of these runs, those whose curves the host was not asked for yet; they count as asked from now on. */
  ask(runs: readonly string[]): readonly string[] {
    const fresh = runs.filter(run => !this.asked.has(run));
    for (const run of fresh) this.asked.add(run);
    return fresh;
  }

  /** Points by step: one evaluated again replaces the older. */
  add(run: string, points: readonly CurvePoint[]): void {
    const merged = new Map((this.curves.get(run) ?? []).map(point => [point.step, point]));
    for (const point of points) merged.set(point.step, point);
    this.curves.set(
      run,
      [...merged.values()].sort((a, b) => a.step - b.step),
    );
  }
}

/** Evaluations by run, as the host has read them; null where a run has none. */
export class EvaluationStore {
  readonly evaluations = new Map<string, RunEvaluation | null>();
  private readonly asked = new Set<string>();

  /**
   * Of these runs, those that the host was not asked for yet. One that had none is asked for again once the report has
   * figures of it: then it was computed since.
   */
  ask(runs: readonly string[], report: Report): readonly string[] {
    const points = report.series.flatMap(series => series.points);
    const measured = new Set(points.flatMap(point => (point.measures ? point.runs : [])));
    const questions = runs.map(run => ({ run, question: `${run} ${measured.has(run)}` }));
    const fresh = questions.filter(({ question }) => !this.asked.has(question));
    for (const { question } of fresh) this.asked.add(question);
    return [...new Set(fresh.map(({ run }) => run))];
  }

  add(evaluations: Readonly<Record<string, RunEvaluation | null>>): void {
    for (const [run, evaluation] of Object.entries(evaluations)) this.evaluations.set(run, evaluation);
  }
}

/** How an experiment stands, in one word that header and verdict share. */
export type Standing =
  'reading' | 'nothing' | 'running' | 'queued' | 'away' | 'done' | 'failed' | 'cancelled' | 'paused' | 'interrupted';

export function standing(state: PanelState): Standing {
  if (state.running) return state.report ? 'running' : 'reading';
  if (state.queued !== undefined) return 'queued';
  if (state.away !== undefined && state.report) return 'away';
  if (state.error !== null) return 'failed';
  if (!state.report) return 'nothing';
  // The report on disk says "running" but no job is: the machine or the window went away.
  return state.report.status === 'running' ? 'interrupted' : state.report.status;
}

/** The button that sets it going. */
export const runLabels: Readonly<Record<Exclude<Standing, 'running' | 'reading' | 'queued' | 'away'>, string>> = {
  nothing: 'Run',
  done: 'Run again',
  failed: 'Try again',
  cancelled: 'Continue',
  paused: 'Resume',
  interrupted: 'Resume',
};
