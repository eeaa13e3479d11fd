/** Options of `queue`, `pause`, `cancel` and `resume`. */
import { experimentSchema } from '../../shared/experiment';
import { jobFlagNames, readJobChoices, type JobChoices, type JobValues } from './jobArguments';
import { UsageError } from './usageError';
import { safeParse } from '../../shared/check';

const actions = ['list', 'add', 'remove', 'first', 'run'] as const;

export interface QueueCommand {
  readonly kind: 'queue';
  readonly action: (typeof actions)[number];
  /** Experiment files to add, or the name of the experiment to remove or to put first. */
  readonly operands: readonly string[];
  readonly store: string;
  /** Of `run`, for each of the experiments. */
  readonly choices: JobChoices;
  readonly json: boolean;
}

export interface StopCommand {
  readonly kind: 'pause' | 'cancel';
  /** Of the experiment. */
  readonly name: string;
  readonly store: string;
}

export interface ResumeCommand {
  readonly kind: 'resume';
  readonly name: string;
  /** Its file, where the queue does not know it. */
  readonly experiment?: string;
  readonly store: string;
}

export const queueFlags = { experiment: { type: 'string' } } as const;

interface QueueValues extends JobValues {
  readonly store?: string;
  readonly experiment?: string;
  readonly json?: boolean;
}

/** @throws UsageError */
export function readQueueCommand([given = 'list', ...operands]: readonly string[], values: QueueValues): QueueCommand {
  const action = actions.find(one => one === given);
  if (!action) throw new UsageError(`"queue" is followed by ${actions.join(', ')} or nothing, not "${given}"`);
  if (action === 'add') {
    if (operands.length === 0 || operands.includes(''))
      throw new UsageError('"queue add" needs paths of experiment files');
  } else if (action === 'remove' || action === 'first') {
    nameFor(`queue ${action}`, operands);
  } else if (operands[0] !== undefined) {
    throw new UsageError(`"queue ${action}" takes no "${operands[0]}"`);
  }
  const idle = action === 'run' ? undefined : jobFlagNames.find(name => values[name] !== undefined);
  if (idle !== undefined) throw new UsageError(`--${idle} has no meaning for "queue ${action}"`);
  const choices = readJobChoices(values);
  return { kind: 'queue', action, operands, store: storeOf(values), choices, json: values.json ?? false };
}

/** @throws UsageError */
export function readStop(kind: StopCommand['kind'], operands: readonly string[], values: QueueValues): StopCommand {
  return { kind, name: nameFor(kind, operands), store: storeOf(values) };
}

/** @throws UsageError */
export function readResume(operands: readonly string[], values: QueueValues): ResumeCommand {
  const { experiment } = values;
  if (experiment === '') throw new UsageError('--experiment needs the path of an experiment file');
  return {
    kind: 'resume',
    name: nameFor('resume', operands),
    ...(experiment !== undefined && { experiment }),
    store: storeOf(values),
  };
}

function nameFor(command: string, [name, extra]: readonly string[]): string {
  if (name === undefined) throw new UsageError(`"${command}" needs the name of an experiment`);
  if (extra !== undefined) throw new UsageError(`"${command}" takes one name, but "${extra}" is there too`);
  // paths are made of it
  if (!safeParse(experimentSchema.shape.name, name).success) {
    throw new UsageError(`"${name}" is not the name of an experiment: it is the "name" in its file`);
  }
  return name;
}

function storeOf({ store = '.winning-ticket' }: QueueValues): string {
  if (store === '') throw new UsageError('--store needs the path of a folder');
  return store;
}
