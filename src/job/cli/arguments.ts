/** What was asked for on the command line. */
import { parseArgs } from 'node:util';

export type Command =
  | { readonly kind: 'run'; readonly experiment: string; readonly store: string; readonly json: boolean }
  | { readonly kind: 'doctor'; readonly json: boolean }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

/** Wrong arguments: the message names the one. Exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(`${message} (winning-ticket --help shows what there is)`);
    this.name = 'UsageError';
  }
}

export const help = `Finds lottery tickets: small sub-networks that, rewound to their starting weights, train as well as the whole.

Usage:
  winning-ticket run EXPERIMENT.json [--store DIR] [--json]
      Runs an experiment and prints what it found. What the store holds already is not computed again.
      --store DIR   where runs and reports are kept; default: .winning-ticket in the current folder
      --json        print the report as one JSON document
  winning-ticket doctor [--json]
      Says which executors can be used on this machine, and how fast they are.
  winning-ticket --help | --version

Progress goes to standard error, results to standard output.
Exit codes: 0 done; 1 the work failed; 2 the arguments or the experiment are wrong; 130 cancelled.
`;

const flags = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
  json: { type: 'boolean' },
  store: { type: 'string' },
} as const;

const flagsOf: Readonly<Record<string, readonly string[]>> = { run: ['json', 'store'], doctor: ['json'] };

/** @throws UsageError */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  const [name, ...operands] = positionals;
  if (name === undefined) throw new UsageError('a command is missing: run or doctor');
  const allowed = Object.hasOwn(flagsOf, name) ? flagsOf[name] : undefined;
  if (!allowed) throw new UsageError(`unknown command "${name}": run and doctor are there`);
  for (const flag of Object.keys(values)) {
    if (!allowed.includes(flag)) throw new UsageError(`--${flag} has no meaning for "${name}"`);
  }
  const json = values.json ?? false;
  if (name === 'doctor') {
    if (operands[0] !== undefined) throw new UsageError(`"doctor" takes no "${operands[0]}"`);
    return { kind: 'doctor', json };
  }
  const [experiment, extra] = operands;
  if (!experiment) throw new UsageError('"run" needs the path of an experiment file');
  if (extra !== undefined) throw new UsageError(`"run" takes one experiment file, but "${extra}" is there too`);
  if (values.store === '') throw new UsageError('--store needs the path of a folder');
  return { kind: 'run', experiment, store: values.store ?? '.winning-ticket', json };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: true, strict: true });
  } catch (error) {
    // Node's message names the flag, then explains how to write operands that begin with a dash
    throw new UsageError(error instanceof Error ? error.message.split('. ')[0]! : String(error));
  }
}
