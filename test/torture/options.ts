/** Options of the torturer, all of which have defaults: `--name value`. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

export interface KillOptions {
  /** Of all that is drawn. */
  readonly seed: number;
  /** Kills of each kind of victim. */
  readonly cli: number;
  readonly job: number;
  readonly vscode: number;
  /** Of each run that is killed. */
  readonly steps: number;
  readonly parallel: number | null;
  readonly checkpointSeconds: number;
}

export interface MemoryOptions {
  readonly minutes: number;
  readonly everySeconds: number;
  readonly parallel: number | null;
}

export interface LargeStoreOptions {
  readonly experiments: number;
  readonly runs: number;
  /** Where the store is, or is made and stays; null: in a folder that goes. */
  readonly directory: string | null;
}

export function killOptions(args: readonly string[]): KillOptions {
  const given = read(args, ['seed', 'cli', 'job', 'vscode', 'steps', 'parallel', 'checkpoint-seconds']);
  return {
    seed: Number(given['seed'] ?? randomInt(2 ** 31)),
    cli: Number(given['cli'] ?? 60),
    job: Number(given['job'] ?? 40),
    vscode: Number(given['vscode'] ?? 5),
    steps: Number(given['steps'] ?? 3000),
    parallel: orNull(given['parallel']),
    checkpointSeconds: Number(given['checkpoint-seconds'] ?? 0.5),
  };
}

export function memoryOptions(args: readonly string[]): MemoryOptions {
  const given = read(args, ['minutes', 'every', 'parallel']);
  return {
    minutes: Number(given['minutes'] ?? 30),
    everySeconds: Number(given['every'] ?? 10),
    parallel: orNull(given['parallel']),
  };
}

export function largeStoreOptions(args: readonly string[]): LargeStoreOptions {
  const given = read(args, ['experiments', 'runs', 'directory']);
  return {
    experiments: Number(given['experiments'] ?? 50),
    runs: Number(given['runs'] ?? 10_000),
    directory: given['directory'] ?? null,
  };
}

function orNull(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

function read(args: readonly string[], names: readonly string[]): Readonly<Record<string, string | undefined>> {
  const options = Object.fromEntries(names.map(name => [name, { type: 'string' as const }]));
  return parseArgs({ args: [...args], options }).values;
}
