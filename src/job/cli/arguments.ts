/** What was asked for on the command line. */
import { parseArgs } from 'node:util';
import { executors, type Experiment } from '../../shared/experiment';
import {
  clusterFlags,
  readCluster,
  readClusterTask,
  readSubmit,
  type ClusterCommand,
  type ClusterTaskCommand,
  type SubmitCommand,
} from './clusterArguments';
import { exportFlags, readExport, type ExportCommand } from './exportArguments';
import { pruneFlags, readPrune, type PruneCommand } from './pruneArguments';
import {
  queueFlags,
  readQueueCommand,
  readResume,
  readStop,
  type QueueCommand,
  type ResumeCommand,
  type StopCommand,
} from './queueArguments';
import { readShrink, type ShrinkCommand } from './shrinkArguments';
import { readStore, type StoreCommand } from './storeArguments';
import { UsageError } from './usageError';

export type InspectForm = 'table' | 'json' | 'markdown' | 'csv';

export type Command =
  | {
      readonly kind: 'run';
      readonly experiment: string;
      readonly store: string;
      /** Instead of the one that the experiment names. */
      readonly executor?: Experiment['executor'];
      /** Where the panel goes as one file. */
      readonly html?: string;
      /** Most runs side by side. */
      readonly parallel?: number;
      /** How often runs save how far they are; 0: only when they are told to stop. */
      readonly checkpointSeconds?: number;
      /** GiB; 0: none. */
      readonly storeLimit?: number;
      readonly json: boolean;
    }
  | { readonly kind: 'inspect'; readonly files: readonly string[]; readonly form: InspectForm }
  | { readonly kind: 'diff'; readonly left: string; readonly right: string; readonly json: boolean }
  | PruneCommand
  | ExportCommand
  | ShrinkCommand
  | SubmitCommand
  | ClusterCommand
  | ClusterTaskCommand
  | StoreCommand
  | QueueCommand
  | StopCommand
  | ResumeCommand
  | { readonly kind: 'doctor'; readonly store?: string; readonly json: boolean }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

const flags = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
  json: { type: 'boolean' },
  markdown: { type: 'boolean' },
  csv: { type: 'boolean' },
  store: { type: 'string' },
  executor: { type: 'string' },
  html: { type: 'string' },
  parallel: { type: 'string' },
  'checkpoint-seconds': { type: 'string' },
  'store-limit': { type: 'string' },
  ...exportFlags,
  ...pruneFlags,
  ...clusterFlags,
  ...queueFlags,
} as const;

type Values = ReturnType<typeof parse>['values'];

interface CommandSyntax {
  readonly flags: readonly (keyof Values)[];
  readonly read: (operands: readonly string[], values: Values) => Command;
}

const commands: Readonly<Record<string, CommandSyntax>> = {
  run: { flags: ['json', 'store', 'executor', 'html', 'parallel', 'checkpoint-seconds', 'store-limit'], read: readRun },
  inspect: { flags: ['json', 'markdown', 'csv'], read: readInspect },
  diff: { flags: ['json'], read: readDiff },
  prune: { flags: ['json', ...(Object.keys(pruneFlags) as (keyof typeof pruneFlags)[])], read: readPrune },
  export: {
    flags: [
      'json',
      'store',
      'method',
      'out',
      'overwrite',
      ...(Object.keys(exportFlags) as (keyof typeof exportFlags)[]),
    ],
    read: readExport,
  },
  shrink: {
    flags: ['json', 'store', 'method', 'level', 'replicate', 'format', 'what', 'out', 'overwrite'],
    read: readShrink,
  },
  submit: {
    flags: [
      ...(['json', 'store', 'executor', 'cluster', 'partition', 'time', 'cpus-per-task', 'mem'] as const),
      ...(['sbatch-option', 'max-tasks', 'dry-run'] as const),
    ],
    read: readSubmit,
  },
  cluster: { flags: ['json', 'store'], read: readCluster },
  'cluster-task': { flags: ['store', 'executor', 'group', 'submission'], read: readClusterTask },
  store: { flags: ['json', 'store', 'dry-run'], read: readStore },
  queue: { flags: ['json', 'store'], read: readQueueCommand },
  pause: { flags: ['store'], read: (operands, values) => readStop('pause', operands, values) },
  cancel: { flags: ['store'], read: (operands, values) => readStop('cancel', operands, values) },
  resume: { flags: ['store', 'experiment'], read: readResume },
  doctor: { flags: ['json', 'store'], read: readDoctor },
};

const names = Object.keys(commands)
  .filter(name => name !== 'cluster-task')
  .join(', ')
  .replace(/, (\w+)$/, ' and $1');

/** @throws UsageError */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  const [name, ...operands] = positionals;
  if (name === undefined) throw new UsageError(`a command is missing: ${names} are there`);
  const syntax = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!syntax) throw new UsageError(`unknown command "${name}": ${names} are there`);
  for (const flag of Object.keys(values)) {
    if (!syntax.flags.some(allowed => allowed === flag)) throw new UsageError(`--${flag} has no meaning for "${name}"`);
  }
  return syntax.read(operands, values);
}

function readRun(
  [experiment, extra]: readonly string[],
  {
    store,
    executor: named,
    html,
    parallel,
    'checkpoint-seconds': checkpoint,
    'store-limit': limit,
    json = false,
  }: Values,
): Command {
  if (!experiment) throw new UsageError('"run" needs the path of an experiment file');
  if (extra !== undefined) throw new UsageError(`"run" takes one experiment file, but "${extra}" is there too`);
  if (store === '') throw new UsageError('--store needs the path of a folder');
  if (html === '') throw new UsageError('--html needs the path of a file');
  const executor = executors.find(one => one === named);
  if (named !== undefined && !executor) {
    throw new UsageError(`--executor is one of ${executors.join(', ')}, not "${named}"`);
  }
  return {
    kind: 'run',
    experiment,
    store: store ?? '.winning-ticket',
    ...(executor && { executor }),
    ...(html !== undefined && { html }),
    ...(parallel !== undefined && { parallel: runsSideBySide(parallel) }),
    ...(checkpoint !== undefined && { checkpointSeconds: secondsOf(checkpoint) }),
    ...(limit !== undefined && { storeLimit: gibOf(limit) }),
    json,
  };
}

function runsSideBySide(text: string): number {
  const runs = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (runs === 0) throw new UsageError(`--parallel is a number of runs from 1 on, not "${text}"`);
  return runs;
}

function secondsOf(text: string): number {
  const seconds = text.trim() === '' ? NaN : Number(text);
  if (!(seconds >= 0 && seconds <= 86_400)) {
    throw new UsageError(`--checkpoint-seconds is a number of seconds from 0 to 86,400, not "${text}"`);
  }
  return seconds;
}

function gibOf(text: string): number {
  const gib = Number(text);
  if (text.trim() === '' || !Number.isFinite(gib) || gib < 0) {
    throw new UsageError(`--store-limit is a number of GiB, 0 for none, not "${text}"`);
  }
  return gib;
}

function readInspect(files: readonly string[], values: Values): Command {
  if (files.length === 0) throw new UsageError('"inspect" needs the path of a checkpoint');
  if (files.includes('')) throw new UsageError('"inspect" was given an empty path');
  const forms = (['json', 'markdown', 'csv'] as const).filter(form => values[form]);
  if (forms.length > 1) throw new UsageError(`${forms.map(form => `--${form}`).join(' and ')} cannot go together`);
  return { kind: 'inspect', files, form: forms[0] ?? 'table' };
}

function readDiff([left, right, extra]: readonly string[], { json = false }: Values): Command {
  if (!left || !right) throw new UsageError('"diff" needs the paths of two checkpoints');
  if (extra !== undefined) throw new UsageError(`"diff" takes two checkpoints, but "${extra}" is there too`);
  return { kind: 'diff', left, right, json };
}

function readDoctor([extra]: readonly string[], { store, json = false }: Values): Command {
  if (extra !== undefined) throw new UsageError(`"doctor" takes no "${extra}"`);
  if (store === '') throw new UsageError('--store needs the path of a folder');
  return { kind: 'doctor', ...(store !== undefined && { store }), json };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: true, strict: true });
  } catch (error) {
    // Node's message names the flag, then explains how to write operands that begin with a dash
    throw new UsageError(error instanceof Error ? error.message.split('. ')[0]! : String(error));
  }
}
