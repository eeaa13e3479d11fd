/** Runs a program of the cluster: found on the PATH, arguments as they are, no shell, bounded in time and output. */
import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { BoundedText } from '../../shared/boundedOutput';
import { errorCode } from '../files';
import { ClusterError } from './clusterError';

export type ClusterProgram = 'sbatch' | 'squeue' | 'scancel';

export interface Answer {
  readonly code: number;
  readonly output: string;
  /** What it said on standard error. */
  readonly complaint: string;
}

/** A queue of some ten thousand tasks. */
const mostOutput = 2 ** 23;
const mostComplaint = 10_000;
/** Controllers that are busy answer late. */
const patienceMilliseconds = 120_000;

/** Before anything is written for it. @throws ClusterError where the program is in no folder of the PATH */
export async function mustBeThere(program: ClusterProgram): Promise<void> {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const isThere = access(path.join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (await isThere) return;
  }
  throw new ClusterError(notThere(program));
}

/**
 * @param input goes to its standard input
 * @throws ClusterError where it is not there, or does not answer
 */
export function runProgram(program: ClusterProgram, argv: readonly string[], input = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, { stdio: ['pipe', 'pipe', 'pipe'], timeout: patienceMilliseconds });
    const output = new BoundedText(mostOutput);
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.push(text);
      if (output.isCut) child.kill();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-mostComplaint);
    });
    // it may end before it has read all: its exit code tells
    child.stdin.on('error', () => undefined);
    child.on('error', error => {
      reject(new ClusterError(whyNot(program, error), { cause: error }));
    });
    child.on('close', (code, killed) => {
      if (output.isCut)
        reject(
          new ClusterError(`${program} printed more than ${mostOutput} characters: no answer of SLURM's is as long`),
        );
      else if (code !== null) resolve({ code, output: output.text, complaint: complaint.trim() });
      else reject(new ClusterError(`${program} gave no answer (${killed ?? 'ended'}): is the controller of SLURM up?`));
    });
    child.stdin.end(input);
  });
}

function whyNot(program: ClusterProgram, error: Error): string {
  const code = errorCode(error);
  return code === 'ENOENT' ? notThere(program) : `${program} cannot be started (${code ?? error.message})`;
}

function notThere(program: ClusterProgram): string {
  return `${program} is not on the PATH: SLURM's programs are there on the login nodes of a cluster; run this command on one`;
}
