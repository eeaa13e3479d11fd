/** Stands in for SLURM's programs: small scripts on the PATH that write down what they were given and answer as told. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface FakeAnswer {
  readonly output?: string;
  readonly complaint?: string;
  readonly code?: number;
}

export interface FakeCluster {
  /** Folder to put first on the PATH. */
  readonly folder: string;
  answer(program: string, answer: FakeAnswer): void;
  /** Arguments of each call so far. */
  calls(program: string): string[][];
  /** What the last call was given on its standard input. */
  input(program: string): string;
}

/** None of the programs is there before it is told what to answer. */
export function fakeCluster(directory: string): FakeCluster {
  const folder = path.join(directory, 'bin');
  mkdirSync(folder);
  const file = (program: string, what: string): string => path.join(folder, `${program}.${what}`);
  return {
    folder,
    answer: (program, { output = '', complaint = '', code = 0 }) => {
      writeFileSync(file(program, 'out'), output);
      writeFileSync(file(program, 'err'), complaint);
      const lines = [
        '#!/bin/sh',
        `for argument; do printf '%s\\0' "$argument"; done >> "$0.calls"; printf '\\n\\0' >> "$0.calls"`,
        '/bin/cat > "$0.in"; /bin/cat "$0.out"; /bin/cat "$0.err" >&2',
        `exit ${code}`,
      ];
      writeFileSync(path.join(folder, program), `${lines.join('\n')}\n`);
      chmodSync(path.join(folder, program), 0o755);
    },
    calls: program => {
      const calls = file(program, 'calls');
      if (!existsSync(calls)) return [];
      const words = readFileSync(calls, 'utf8').split('\0').slice(0, -1);
      const found: string[][] = [[]];
      for (const word of words) {
        if (word === '\n') found.push([]);
        else found.at(-1)!.push(word);
      }
      return found.slice(0, -1);
    },
    input: program => readFileSync(file(program, 'in'), 'utf8'),
  };
}
