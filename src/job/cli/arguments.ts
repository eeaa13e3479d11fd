/** What was asked for on the command line. */
import { parseArgs } from 'node:util';
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
import { jobFlagNames, jobFlags, readJobChoices, type JobChoices } from './jobArguments';
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
      /** Where the panel goes as one file. */
      readonly html?: string;
      readonly choices: JobChoices;
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
  html: { type: 'string' },
  ...jobFlags,
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
  run: { flags: ['json', 'store', 'html', ...jobFlagNames], read: readRun },
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
  queue: { flags: ['json', 'store', ...jobFlagNames], read: readQueueCommand },
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

function readRun([experiment, extra]: readonly string[], values: Values): Command {
  const { store = '.winning-ticket', html, json = false } = values;
  if (!experiment) throw new UsageError('"run" needs the path of an experiment file');
  if (extra !== undefined) throw new UsageError(`"run" takes one experiment file, but "${extra}" is there too`);
  if (store === '') throw new UsageError('--store needs the path of a folder');
  if (html === '') throw new UsageError('--html needs the path of a file');
  return { kind: 'run', experiment, store, ...(html !== undefined && { html }), choices: readJobChoices(values), json };
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
