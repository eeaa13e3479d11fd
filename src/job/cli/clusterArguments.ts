/** Options of `submit`, `cluster` and `cluster-task`. */
import { executors, experimentSchema, type Experiment } from '../../shared/experiment';
import { submissionPattern } from '../cluster/clusterFile';
import { UsageError } from './usageError';
import { safeParse } from '../../shared/check';

export interface SubmitCommand {
  readonly kind: 'submit';
  readonly experiment: string;
  readonly store: string;
  readonly executor?: Experiment['executor'];
  /** For `sbatch`, as they are. */
  readonly options: readonly string[];
  readonly tasksAtOnce?: number;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export interface ClusterCommand {
  readonly kind: 'cluster';
  readonly action: 'status' | 'cancel';
  /** Of the experiment. */
  readonly name: string;
  readonly store: string;
  readonly json: boolean;
}

/** What a task of an array runs; no person types it. */
export interface ClusterTaskCommand {
  readonly kind: 'cluster-task';
  readonly experiment: string;
  readonly store: string;
  readonly executor?: Experiment['executor'];
  readonly group: number;
  readonly submission: string;
}

export const clusterFlags = {
  cluster: { type: 'string' },
  partition: { type: 'string' },
  time: { type: 'string' },
  'cpus-per-task': { type: 'string' },
  mem: { type: 'string' },
  'sbatch-option': { type: 'string', multiple: true },
  'max-tasks': { type: 'string' },
  'dry-run': { type: 'boolean' },
  group: { type: 'string' },
  submission: { type: 'string' },
} as const;

type Flags = typeof clusterFlags;
export type ClusterValues = {
  readonly [flag in keyof Flags]?: Flags[flag] extends { readonly multiple: true }
    ? string[] | undefined
    : Flags[flag]['type'] extends 'boolean'
      ? boolean | undefined
      : string | undefined;
} & {
  readonly store?: string | undefined;
  readonly executor?: string | undefined;
  readonly json?: boolean | undefined;
};

/** Options of `sbatch` that hold the work together: `submit` sets them itself. */
const ownOptions = [
  'array',
  'chdir',
  'dependency',
  'open-mode',
  'output',
  'parsable',
  'requeue',
  'no-requeue',
  'signal',
];
/** And those with which it would submit something else, or nothing. */
const foreignOptions = ['wrap', 'test-only', 'wait', 'help', 'usage', 'version'];

/** @throws UsageError */
export function readSubmit([experiment, extra]: readonly string[], values: ClusterValues): SubmitCommand {
  if (!experiment) throw new UsageError('"submit" needs the path of an experiment file');
  if (extra !== undefined) throw new UsageError(`"submit" takes one experiment file, but "${extra}" is there too`);
  const { cluster } = values;
  if (cluster !== 'slurm') {
    throw new UsageError(
      cluster === undefined ? '"submit" needs --cluster slurm' : `--cluster is slurm, not "${cluster}"`,
    );
  }
  const shorthands = (['partition', 'time', 'cpus-per-task', 'mem'] as const).flatMap(flag => {
    const value = values[flag];
    if (value === '') throw new UsageError(`--${flag} needs a value`);
    return value === undefined ? [] : [`--${flag}=${value}`];
  });
  const tasksAtOnce = values['max-tasks'] === undefined ? undefined : wholeNumber('max-tasks', values['max-tasks'], 1);
  return {
    kind: 'submit',
    experiment,
    ...common(values),
    options: [...shorthands, ...(values['sbatch-option'] ?? []).map(sbatchOption)],
    ...(tasksAtOnce !== undefined && { tasksAtOnce }),
    dryRun: values['dry-run'] ?? false,
    json: values.json ?? false,
  };
}

/** An option by its long name in one word: a word without a dash would be taken for a script. */
function sbatchOption(option: string): string {
  const name = /^--([a-z][a-z-]*)(?:=[^\0]*)?$/s.exec(option)?.[1];
  if (name === undefined) {
    throw new UsageError(
      `--sbatch-option takes one option of sbatch with its value, as in --sbatch-option=--account=physics, not "${option}"`,
    );
  }
  // sbatch takes abbreviations, too
  const meant = [...ownOptions, ...foreignOptions].find(one => one.startsWith(name));
  if (meant !== undefined)
    throw new UsageError(`--sbatch-option cannot be --${name}: "submit" decides --${meant} itself`);
  return option;
}

/** @throws UsageError */
export function readCluster([action, name, extra]: readonly string[], values: ClusterValues): ClusterCommand {
  if (action !== 'status' && action !== 'cancel') {
    throw new UsageError(`"cluster" is followed by status or cancel${action === undefined ? '' : `, not "${action}"`}`);
  }
  if (name === undefined) throw new UsageError(`"cluster ${action}" needs the name of an experiment`);
  if (extra !== undefined) throw new UsageError(`"cluster ${action}" takes one name, but "${extra}" is there too`);
  if (!safeParse(experimentSchema.shape.name, name).success) {
    throw new UsageError(`"${name}" is not the name of an experiment`);
  }
  return { kind: 'cluster', action, name, store: storeOf(values), json: values.json ?? false };
}

/** @throws UsageError */
export function readClusterTask([experiment]: readonly string[], values: ClusterValues): ClusterTaskCommand {
  const { group, submission } = values;
  if (!experiment || group === undefined || submission === undefined || !submissionPattern.test(submission)) {
    throw new UsageError('"cluster-task" is for the tasks of a cluster: "winning-ticket submit" starts them');
  }
  return {
    kind: 'cluster-task',
    experiment,
    ...common(values),
    group: wholeNumber('group', group, 0),
    submission,
  };
}

function common(values: ClusterValues): Pick<SubmitCommand, 'store' | 'executor'> {
  const { executor: named } = values;
  const executor = executors.find(one => one === named);
  if (named !== undefined && !executor) {
    throw new UsageError(`--executor is one of ${executors.join(', ')}, not "${named}"`);
  }
  return { store: storeOf(values), ...(executor && { executor }) };
}

function storeOf({ store = '.winning-ticket' }: ClusterValues): string {
  if (store === '') throw new UsageError('--store needs the path of a folder');
  return store;
}

function wholeNumber(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d{1,6}$/.test(text) && value >= least) return value;
  throw new UsageError(`--${flag} needs a whole number from ${least}, not "${text}"`);
}
