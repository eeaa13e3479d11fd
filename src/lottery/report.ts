/** The report of an experiment, from its plan and whatever the run store holds by now. Pure: the same store, the same report. */
import { comparisonConfig, methodOf, sparsitiesOf } from '../shared/compareConfig';
import type { ExecutorChoice } from '../shared/executorChoice';
import type { Experiment } from '../shared/experiment';
import { studyName } from '../shared/format';
import {
  methods,
  type ExperimentStatus,
  type Method,
  type Report,
  type ReportLayer,
  type ReportRun,
  type ReportSeries,
  type Task,
} from '../shared/report';
import { qualityOf } from '../shared/quality';
import type { RunNode, RunRecord } from '../shared/run';
import { keptOf, pointsOf } from './points';
import { rankings } from './ranking';
import { studiesOf, type StudyResults } from './studies/report';
import { verdict } from './verdict';

const mostLabelNames = 1000;
const longestLabelName = 80;

export interface ReportInput extends StudyResults {
  readonly experiment: Experiment;
  readonly nodes: readonly RunNode[];
  /** Those that are there, by key; others are ignored. */
  readonly records: ReadonlyMap<string, RunRecord>;
  /** Keys of the runs at work. */
  readonly running?: ReadonlySet<string>;
  readonly status: ExperimentStatus;
  readonly error?: string;
  readonly errorField?: string;
  /** Left out: classification. */
  readonly task?: Task;
  /** Of the classes or targets; more than people read are left out. */
  readonly labelNames?: readonly string[];
  /** Of one example; the panel shows by it which pixels a first layer still looks at. */
  readonly inputShape?: readonly number[];
  readonly executor: string;
  readonly device: string;
  readonly executorChoice: ExecutorChoice;
  readonly dataDescription: string;
  readonly modelDescription: string;
  /** As far as it was measured. */
  readonly worth?: Report['worth'];
}

export function buildReport(input: ReportInput): Report {
  const { experiment, nodes, records, status, executor, device, dataDescription, modelDescription } = input;
  const quality = qualityOf(input);
  const points = nodes.filter(({ study }) => !study);
  const series = methods
    .filter(method => points.some(node => node.method === method))
    .map(method => seriesOf(method, points, records, experiment));
  return {
    experiment,
    status,
    ...(input.error === undefined ? {} : { error: input.error }),
    ...(input.errorField === undefined ? {} : { errorField: input.errorField }),
    ...(input.task === undefined ? {} : { task: input.task }),
    ...labelNamesOf(input.labelNames),
    ...(input.inputShape && { inputShape: input.inputShape }),
    executor,
    device,
    executorChoice: input.executorChoice,
    dataDescription,
    modelDescription,
    seconds: secondsOf(nodes, records),
    ...memoryOf(nodes, records),
    series,
    layers: layersOf(nodes, records),
    verdict: {
      ...verdict({
        quality,
        series,
        compare: experiment.compare.map(methodOf),
        levels: experiment.pruning.levels,
        // a cancelled experiment is continued by running it again: what it has is not the last word
        running: status !== 'done' && status !== 'failed',
      }),
      best: rankings(series, quality, replicatesOf(points)),
    },
    ...studiesOf(experiment, nodes, records, input, quality),
    ...(input.worth && { worth: input.worth }),
    runs: runsOf(input),
  };
}

/** A report is small whatever the data calls its classes. */
function labelNamesOf(names: readonly string[] | undefined): Pick<Report, 'labelNames'> {
  if (!names || names.length > mostLabelNames) return {};
  return {
    labelNames: names.map(name => (name.length <= longestLabelName ? name : `${name.slice(0, longestLabelName - 1)}…`)),
  };
}

function replicatesOf(nodes: readonly RunNode[]): (run: string) => number {
  const replicates = new Map(nodes.map(({ key, replicate }) => [key, replicate]));
  return run => replicates.get(run) ?? 0;
}

/** One point for each level of which at least one replicate is done, levels rising. */
function seriesOf(
  method: Method,
  nodes: readonly RunNode[],
  records: ReadonlyMap<string, RunRecord>,
  { compare }: Experiment,
): ReportSeries {
  const points = pointsOf(
    nodes.filter(node => node.method === method),
    records,
  );
  const given = compare.find(one => methodOf(one) === method);
  const sparsities = given && sparsitiesOf(comparisonConfig(given));
  return { method, points, ...(sparsities && { sparsities }) };
}

/** Of the iterative series of the first replicate, levels as far as they follow on each other. */
function layersOf(nodes: readonly RunNode[], records: ReadonlyMap<string, RunRecord>): ReportLayer[] {
  const levels = nodes
    .filter(node => node.method === 'iterative' && node.replicate === 0 && !node.study)
    .sort((a, b) => a.level - b.level)
    .map(node => records.get(node.key));
  const gap = levels.findIndex(record => record?.status !== 'done');
  const done = levels.slice(0, gap < 0 ? levels.length : gap).filter(record => record !== undefined);
  const layers = done[0]?.layers ?? [];
  const owners = layers.map(({ name }) => name.replace(/\/[^/]*$/, ''));
  return layers.map(({ name, shape, total }, i) => ({
    // of a layer with several kernels (a separable convolution, an LSTM) each is named
    name: owners.filter(owner => owner === owners[i]).length > 1 ? name : owners[i]!,
    shape,
    total,
    kept: done.map(record => record.layers[i]!.kept),
  }));
}

/** Of every run of the experiment, those to the rewind step too; a run that stands for two methods counts once. */
function secondsOf(nodes: readonly RunNode[], records: ReadonlyMap<string, RunRecord>): Report['seconds'] {
  const keys = new Set(nodes.map(({ key }) => key));
  const seconds = [...keys].flatMap(key => records.get(key)?.seconds ?? []);
  const sum = (field: keyof Report['seconds']) => seconds.reduce((total, one) => total + one[field], 0);
  return { train: sum('train'), evaluate: sum('evaluate'), total: sum('total') };
}

/** Of the run that takes the most: what a machine must have. */
function memoryOf(nodes: readonly RunNode[], records: ReadonlyMap<string, RunRecord>): Pick<Report, 'memory'> {
  const used = nodes.flatMap(({ key }) => records.get(key)?.memory ?? []);
  if (used.length === 0) return {};
  return { memory: used.reduce((most, one) => (one.total > most.total ? one : most)) };
}

function runsOf({ nodes, records, running, status }: ReportInput): ReportRun[] {
  /** Why a run cannot be done, for failed runs and those that need one. */
  const failures = new Map<string, string>();
  const runs: ReportRun[] = [];
  for (const node of nodes) {
    const record = records.get(node.key);
    const failure = record ? ownFailure(record) : inheritedFailure(node, nodes, failures);
    if (failure !== undefined) failures.set(node.key, failure);
    if (node.method === 'prefix') continue;
    runs.push({
      key: node.key,
      method: node.method,
      level: node.level,
      replicate: node.replicate,
      ...(node.study && { study: node.study }),
      ...(node.sparsity !== undefined && { sparsity: node.sparsity }),
      status: statusOf(record, failure !== undefined, running?.has(node.key) === true, status),
      ...(record && { seconds: record.seconds.total }),
      // a run that failed before its masks were made has no layers
      ...(record && record.layers.length > 0 && { kept: keptOf(record) }),
      ...(failure !== undefined && { error: failure }),
    });
  }
  return runs;
}

function ownFailure(record: RunRecord): string | undefined {
  return record.status === 'failed' ? (record.error ?? 'failed') : undefined;
}

function inheritedFailure(
  node: RunNode,
  nodes: readonly RunNode[],
  failures: ReadonlyMap<string, string>,
): string | undefined {
  const needed = node.needs.find(key => failures.has(key));
  if (needed === undefined) return undefined;
  const culprit = nodes.find(({ key }) => key === needed);
  const what = culprit!.method === 'prefix' ? 'the run to the rewind step' : nameOf(culprit!);
  const reason = failures.get(needed)!;
  // the first cause, not a chain of them
  return reason.startsWith(notRun) ? reason : `${notRun}${what}: ${reason}`;
}

function nameOf({ study, method, level }: RunNode): string {
  return study && method !== 'prefix' ? studyName(study, { method, level }) : `${method}, level ${level}`;
}

const notRun = 'not run, because another run failed: ';

function statusOf(
  record: RunRecord | undefined,
  failed: boolean,
  running: boolean,
  experiment: ExperimentStatus,
): ReportRun['status'] {
  if (failed) return 'failed';
  if (record) return 'done';
  if (running) return 'running';
  return experiment === 'cancelled' ? 'cancelled' : 'waiting';
}
