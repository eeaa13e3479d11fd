/** What the tree shows: experiments, under each its levels, under each the runs. Pure: reports in, items out. */
import {
  capitalised,
  formatCount,
  formatProgress,
  formatSeconds,
  formatShare,
  methodNames,
  ordinal,
  plural,
  studyName,
} from '../shared/format';
import { qualityOf } from '../shared/quality';
import type { Progress, Report, ReportPoint, ReportRun, RunStatus } from '../shared/report';
import { describeCluster, type ClusterStatus } from './clusterStatus';
import { refKey, type ExperimentRef } from './store';

/** An experiment as the store and the jobs know it. */
export interface ExperimentEntry {
  readonly ref: ExperimentRef;
  /** Name of the workspace folder, where there are several. */
  readonly folder?: string;
  readonly report: Report | null;
  /** Why the report on disk cannot be read. */
  readonly problem: string | null;
  /** Of the job in this window; undefined where none is at work. */
  readonly live?: { readonly progress: Progress | null };
  /** A job of another process works on it: of the command line, or of another window. */
  readonly elsewhere?: boolean;
  /** How far that job is, where it says so. */
  readonly progress?: Progress | null;
  /** Its place in the queue of its store, 1 for the next. */
  readonly queued?: number;
  /** It was handed to a cluster, at work there or not. */
  readonly submitted?: boolean;
  /** As far as it is on a cluster. */
  readonly cluster?: ClusterStatus;
  /** Why the last job in this window failed. */
  readonly failure: string | null;
  /** When the report was last written, ms since 1970. */
  readonly changed: number;
}

export type ExperimentState =
  | 'running'
  | 'cluster'
  | 'elsewhere'
  | 'queued'
  | 'interrupted'
  | 'paused'
  | 'done'
  | 'failed'
  | 'cancelled'
  | 'unreadable';

export interface TreeNode {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  /** Name of a codicon. */
  readonly icon: string;
  /** Name of a theme colour for the icon. */
  readonly color?: string;
  /** What menus ask for: `experiment.running`, `experiment.elsewhere`, `experiment.cluster`, `experiment.queued`, `experiment.paused` (and interrupted), `experiment.idle`, `experiment.unreadable`, each with `.submitted` where there is something of it on a cluster; `level`, `run`; `level.done` and `run.done` have weights. */
  readonly context: string;
  /** Markdown. */
  readonly tooltip: string;
  readonly ref: ExperimentRef;
  /** Key of the run whose weights stand for it, where they are there. */
  readonly run?: string;
  readonly expandable: boolean;
  /** Made when they are asked for: of thousands of runs, few are ever opened. */
  readonly children: () => readonly TreeNode[];
}

/** A report that says "running" without a job at work was cut off: what it has is kept. */
export function stateOf(entry: ExperimentEntry): ExperimentState {
  if (entry.live) return 'running';
  if (entry.queued !== undefined && !entry.elsewhere) return 'queued';
  if (entry.cluster && !entry.cluster.over) return 'cluster';
  if (entry.failure !== null) return 'failed';
  if (!entry.report) return 'unreadable';
  if (entry.report.status !== 'running') return entry.report.status;
  return entry.elsewhere ? 'elsewhere' : 'interrupted';
}

const stateIcons: Readonly<Record<ExperimentState, { readonly icon: string; readonly color?: string }>> = {
  running: { icon: 'sync~spin' },
  cluster: { icon: 'server-process' },
  elsewhere: { icon: 'sync' },
  queued: { icon: 'clock' },
  interrupted: { icon: 'debug-disconnect', color: 'problemsWarningIcon.foreground' },
  paused: { icon: 'debug-pause', color: 'disabledForeground' },
  done: { icon: 'check', color: 'testing.iconPassed' },
  failed: { icon: 'error', color: 'testing.iconFailed' },
  cancelled: { icon: 'circle-slash', color: 'disabledForeground' },
  unreadable: { icon: 'warning', color: 'problemsWarningIcon.foreground' },
};

const runIcons: Readonly<Record<RunStatus, string>> = {
  waiting: 'circle-outline',
  running: 'sync~spin',
  done: 'pass',
  failed: 'error',
  cancelled: 'circle-slash',
};

/** Running first, then what waits, in the order of its turns, then the newest. */
export function sortEntries(entries: readonly ExperimentEntry[]): ExperimentEntry[] {
  return [...entries].sort(
    (a, b) =>
      Number(b.live !== undefined) - Number(a.live !== undefined) ||
      turnOf(a) - turnOf(b) ||
      b.changed - a.changed ||
      a.ref.name.localeCompare(b.ref.name),
  );
}

/** Place in the queue; 0 where it is at work, beyond every place where it does not wait. */
function turnOf(entry: ExperimentEntry): number {
  const state = stateOf(entry);
  if (state === 'running' || state === 'elsewhere') return 0;
  return state === 'queued' ? (entry.queued ?? 1) : Number.MAX_SAFE_INTEGER;
}

export function experimentNodes(entries: readonly ExperimentEntry[]): TreeNode[] {
  return sortEntries(entries).map(experimentNode);
}

function experimentNode(entry: ExperimentEntry): TreeNode {
  const state = stateOf(entry);
  const { ref, report } = entry;
  return {
    id: refKey(ref),
    label: ref.name,
    description: [describe(entry, state), entry.folder].filter(Boolean).join(' · '),
    ...stateIcons[state],
    context: `${contextOf(state, report !== null)}${entry.submitted ? '.submitted' : ''}`,
    tooltip: tooltip(entry, state),
    ref,
    expandable: report !== null && report.runs.length > 0,
    children: () => (report ? childrenOf(ref, report) : []),
  };
}

/** What the items below an experiment are made from. */
interface Source {
  readonly ref: ExperimentRef;
  readonly report: Report;
  readonly values: RunValues;
}

function childrenOf(ref: ExperimentRef, report: Report): TreeNode[] {
  const source = { ref, report, values: new RunValues(report) };
  return [...levelNodes(source), ...sparsityNodes(source), ...studyNodes(source)];
}

/** The quality of each run of the series; they are looked through once, when the first is asked for. */
class RunValues {
  private values: ReadonlyMap<string, number> | undefined;

  constructor(private readonly report: Report) {}

  of({ key, study }: ReportRun): number | undefined {
    this.values ??= this.read();
    return study ? undefined : this.values.get(key);
  }

  private read(): ReadonlyMap<string, number> {
    const { of: qualities } = qualityOf(this.report);
    const points = this.report.series.flatMap(series => series.points);
    return new Map(
      points.flatMap(point => {
        const { values } = qualities(point);
        // one that is being written may have fewer
        return point.runs.slice(0, values.length).map((run, i) => [run, values[i]!] as const);
      }),
    );
  }
}

function contextOf(state: ExperimentState, readable: boolean): string {
  if (state === 'running' || state === 'elsewhere' || state === 'cluster') return `experiment.${state}`;
  if (state === 'queued') return 'experiment.queued';
  if (state === 'paused' || state === 'interrupted') return 'experiment.paused';
  return readable ? 'experiment.idle' : 'experiment.unreadable';
}

function describe(entry: ExperimentEntry, state: ExperimentState): string {
  const { report } = entry;
  const newest = report && iterativePoints(report).at(-1);
  switch (state) {
    case 'running': {
      const parts = [formatProgress(entry.live?.progress ?? null)];
      if (newest) parts.splice(1, 0, meanQuality(report, newest));
      return parts.join(' · ');
    }
    case 'done':
      if (!report) return 'done';
      return report.verdict.found ? `ticket at ${formatShare(1 - report.verdict.sparsity)}` : 'no ticket found';
    case 'cluster':
      return entry.cluster ? describeCluster(entry.cluster) : 'on a cluster';
    case 'elsewhere':
      return [
        'runs in another process',
        newest && meanQuality(report, newest),
        entry.progress && formatProgress(entry.progress),
      ]
        .filter(Boolean)
        .join(' · ');
    case 'queued':
      return `queued, ${ordinal(entry.queued ?? 1)}`;
    case 'interrupted':
    case 'paused':
      return report ? `${state} at ${runsDone(report)}` : state;
    case 'failed':
      return 'failed';
    case 'cancelled':
      return 'cancelled';
    case 'unreadable':
      return 'report cannot be read';
  }
}

/** "3 of 12 runs" */
export function runsDone({ runs }: Report): string {
  return `${runs.filter(({ status }) => status === 'done').length} of ${plural(runs.length, 'run')}`;
}

function tooltip(entry: ExperimentEntry, state: ExperimentState): string {
  const { ref, report, problem, failure } = entry;
  const lines = [`**${escapeMarkdown(ref.name)}** — ${escapeMarkdown(describe(entry, state))}`];
  if (failure !== null) lines.push(escapeMarkdown(failure));
  if (problem !== null) {
    lines.push(
      `\`report.json\` cannot be read: ${escapeMarkdown(problem)}. Run the experiment again to write it anew.`,
    );
  }
  if (report) {
    if (failure === null && report.error !== undefined) lines.push(escapeMarkdown(report.error));
    lines.push(escapeMarkdown(report.verdict.summary));
    lines.push(`${escapeMarkdown(report.modelDescription)} → ${escapeMarkdown(report.dataDescription)}`);
    // one that was paused before its first run ended has no time to tell
    const took = report.seconds.total > 0 ? formatSeconds(report.seconds.total) : '';
    const how = [report.executor, report.device, took].filter(part => part !== '');
    lines.push(how.map(escapeMarkdown).join(', '));
  }
  return lines.filter(line => line !== '').join('\n\n');
}

function meanQuality(report: Report, point: ReportPoint): string {
  const quality = qualityOf(report);
  return quality.format(quality.of(point).mean);
}

function iterativePoints(report: Report): readonly ReportPoint[] {
  return report.series.find(series => series.method === 'iterative')?.points ?? [];
}

function levelNodes(source: Source): TreeNode[] {
  const points = new Map(iterativePoints(source.report).map(point => [point.level, point]));
  const levels = grouped(source.report.runs, ({ study, sparsity, level }) =>
    study || sparsity !== undefined ? null : level,
  );
  return levels.map(([level, runs]) => levelNode(source, level, runs, points.get(level)));
}

/** Of comparisons with sparsities of their own, an item for each. */
function sparsityNodes(source: Source): TreeNode[] {
  return grouped(source.report.runs, ({ sparsity }) => sparsity ?? null).map(([sparsity, runs]) =>
    groupNode(source, {
      id: `sparsity ${sparsity}`,
      label: `${formatShare(sparsity)} sparsity`,
      tooltip: 'Runs of comparisons with sparsities of their own',
      runs,
    }),
  );
}

/** Runs by a number, the lowest first; those without one are left out. */
function grouped(
  runs: readonly ReportRun[],
  numberOf: (run: ReportRun) => number | null,
): [number: number, runs: ReportRun[]][] {
  const groups = new Map<number, ReportRun[]>();
  for (const run of runs) {
    const number = numberOf(run);
    if (number === null) continue;
    const group = groups.get(number);
    if (group) group.push(run);
    else groups.set(number, [run]);
  }
  return [...groups].sort(([a], [b]) => a - b);
}

interface Group {
  readonly id: string;
  readonly label: string;
  readonly tooltip: string;
  readonly runs: readonly ReportRun[];
}

function groupNode(source: Source, { id, label, tooltip: about, runs }: Group): TreeNode {
  const { ref } = source;
  const done = runs.filter(({ status }) => status === 'done').length;
  return {
    id: `${refKey(ref)}#${id}`,
    label,
    description: done === runs.length ? plural(done, 'run') : `${done} of ${plural(runs.length, 'run')}`,
    icon: 'beaker',
    context: 'level',
    tooltip: about,
    ref,
    expandable: true,
    children: () => runs.map((run, i) => ({ ...runNode(source, run), id: `${refKey(ref)}#${id}#${i}` })),
  };
}

function levelNode(
  source: Source,
  level: number,
  runs: readonly ReportRun[],
  point: ReportPoint | undefined,
): TreeNode {
  const { ref, report } = source;
  const quality = qualityOf(report);
  const status = runs[0]?.status ?? 'waiting';
  const statuses = new Set(runs.map(run => run.status));
  const overall = (['running', 'failed', 'cancelled', 'waiting'] as const).find(each => statuses.has(each)) ?? 'done';
  const kept = point ? `${formatShare(point.kept / point.total)} kept` : null;
  const winning = report.verdict.found && report.verdict.level === level;
  const trained = runs.find(run => run.method === 'iterative' && run.status === 'done');
  return {
    id: `${refKey(ref)}#${level}`,
    label: level === 0 ? 'level 0, dense' : `level ${level}`,
    description: point
      ? [level === 0 ? null : kept, quality.formatStatistic(quality.of(point))].filter(Boolean).join(' · ')
      : runStatusWords[status],
    icon: winning ? 'star-full' : runIcons[overall],
    ...(winning ? { color: 'charts.yellow' } : {}),
    context: trained ? 'level.done' : 'level',
    tooltip: point
      ? `${winning ? '**Winning ticket.** ' : ''}${formatCount(point.kept)} of ${formatCount(point.total)} weights kept (sparsity ${formatShare(point.sparsity)}). ${capitalised(quality.name)} ${quality.formatStatistic(quality.of(point))}.`
      : runStatusWords[status],
    ref,
    ...(trained && { run: trained.key }),
    expandable: true,
    children: () => runs.map(run => runNode(source, run)),
  };
}

/** Runs of a sweep, of stability and of transfer, all under one item. */
function studyNodes(source: Source): TreeNode[] {
  const runs = source.report.runs.filter(({ study }) => study);
  const tooltip = 'Runs of the rewind sweep, of stability and of transfer';
  return runs.length === 0 ? [] : [groupNode(source, { id: 'studies', label: 'studies', tooltip, runs })];
}

const runStatusWords: Readonly<Record<RunStatus, string>> = {
  waiting: 'waiting',
  running: 'training',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

function runNode({ ref, report, values }: Source, run: ReportRun): TreeNode {
  const value = values.of(run);
  const replicate = report.experiment.replicates > 1 ? `, replicate ${run.replicate + 1}` : '';
  const seconds = run.seconds === undefined ? null : formatSeconds(run.seconds);
  const ownName = run.level === 0 && run.method === 'iterative' ? 'dense' : methodNames[run.method];
  const name = run.study ? studyName(run.study, run) : ownName;
  return {
    id: `${refKey(ref)}#${run.level}#${run.method}#${run.replicate}`,
    label: `${name}${replicate}`,
    description:
      value === undefined
        ? runStatusWords[run.status]
        : [qualityOf(report).format(value), seconds].filter(Boolean).join(' · '),
    icon: runIcons[run.status],
    ...(run.status === 'failed' ? { color: 'testing.iconFailed' } : {}),
    context: run.status === 'done' ? 'run.done' : 'run',
    ...(run.status === 'done' && { run: run.key }),
    tooltip:
      run.error === undefined ? `Run \`${run.key}\`` : `Failed: ${escapeMarkdown(run.error)}\n\nRun \`${run.key}\``,
    ref,
    expandable: false,
    children: () => [],
  };
}

/** Text of a workspace as plain text inside Markdown. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!<>|~$&]/g, '\\$&').replace(/\s*\n\s*/g, ' ');
}
