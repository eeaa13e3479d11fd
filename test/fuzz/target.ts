/** What is fuzzed: a reader, valid inputs for it, and how they are damaged. */
import type { Random } from '../../src/shared/random';

/** An input: files by their name, "/" between folders. */
export type Files = Readonly<Record<string, Uint8Array>>;

export type Outcome = 'valid' | 'refused';

export interface Target {
  readonly name: string;
  /** A valid input; the reader takes it. */
  readonly sound: (random: Random) => Files;
  /** One like it that is damaged; the same for the same random numbers. */
  readonly damaged: (random: Random) => Files;
  /**
   * Has the input read.
   * @param directory an empty folder, for readers that take paths
   * @throws where the reader breaks its promise: anything but a sound value or its own error that names the file
   */
  readonly read: (files: Files, directory: string) => Promise<Outcome>;
}

type ErrorClass = abstract new (...parameters: never[]) => Error;

/** Takes the reader's own errors, where they name what they are about, as an answer; passes on every other. */
export async function reading(errors: readonly ErrorClass[], named: string, read: () => unknown): Promise<Outcome> {
  try {
    await read();
    return 'valid';
  } catch (error) {
    if (!errors.some(own => error instanceof own)) throw error;
    const { message } = error as Error;
    if (!message.includes(named)) throw new Error(`the message does not name ${named}: ${message}`, { cause: error });
    return 'refused';
  }
}

export function demand(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new Error(`broken promise: ${promise}`);
}

export function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random.nextBelow(choices.length)]!;
}
