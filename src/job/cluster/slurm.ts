/** SLURM's own programs: what they are asked and what they answer. */
import { ClusterError } from './clusterError';
import { jobsOf, type ClusterRecord } from './clusterFile';
import { runProgram, type Answer, type ClusterProgram } from './program';

export interface SubmittedNumber {
  readonly job: string;
  /** Where there are several under one roof. */
  readonly cluster?: string;
}

/** A job, or a task of an array, that the controller knows and that is not over. */
export interface QueuedTask {
  readonly job: string;
  /** Of an array. */
  readonly task?: number;
  /** In SLURM's words, e.g. PENDING, RUNNING, COMPLETING. */
  readonly state: string;
  /** Why it waits, in SLURM's words, e.g. Dependency, Resources. */
  readonly reason: string;
}

/** What sbatch says with --parsable: its number, and the cluster where there are several. */
const submitted = /^([1-9]\d{0,11})(?:;([\w.-]{1,64}))?$/m;
const queued = /^([1-9]\d{0,11})(?:_(\d{1,7}))?\|([A-Z_]{1,40})\|(.{0,1000})$/;

/** @throws ClusterError where sbatch refuses, or says what nobody understands */
export async function submitJob(argv: readonly string[], script: string): Promise<SubmittedNumber> {
  const answer = await runProgram('sbatch', argv, script);
  if (answer.code !== 0) throw refused('sbatch', answer);
  const found = submitted.exec(answer.output.trim());
  if (!found) {
    throw new ClusterError(
      `sbatch said ${JSON.stringify(answer.output.slice(0, 200))} where the number of a job was expected: see with "squeue --me" whether it has taken one, and cancel it`,
    );
  }
  return { job: found[1]!, ...(found[2] !== undefined && { cluster: found[2] }) };
}

/**
 * What is not over of a submission, each task of an array by itself.
 * @throws ClusterError
 */
export async function queuedTasks(record: ClusterRecord): Promise<QueuedTask[]> {
  const jobs = jobsOf(record);
  if (jobs.length === 0) return [];
  const argv = ['--noheader', '--array', '--format=%i|%T|%r', `--jobs=${jobs.join(',')}`, ...clusterOf(record)];
  const answer = await runProgram('squeue', argv);
  // it forgets jobs some minutes after they are over
  if (answer.code !== 0 && /invalid job id/i.test(answer.complaint)) return [];
  if (answer.code !== 0) throw refused('squeue', answer);
  const asked = new Set(jobs);
  return answer.output.split('\n').flatMap(line => {
    const [, job, task, state, reason] = queued.exec(line.trim()) ?? [];
    if (job === undefined || !asked.has(job)) return [];
    return [{ job, ...(task !== undefined && { task: Number(task) }), state: state!, reason: reason! }];
  });
}

/** All that is not over of a submission. @throws ClusterError */
export async function cancelJobs(record: ClusterRecord): Promise<void> {
  const jobs = jobsOf(record);
  if (jobs.length === 0) return;
  const answer = await runProgram('scancel', [...clusterOf(record), ...jobs]);
  if (answer.code !== 0 && !/invalid job id/i.test(answer.complaint)) throw refused('scancel', answer);
}

function clusterOf({ cluster }: ClusterRecord): string[] {
  return cluster === undefined ? [] : [`--clusters=${cluster}`];
}

function refused(program: ClusterProgram, { code, complaint }: Answer): ClusterError {
  return new ClusterError(`${program} refused (exit code ${code}): ${complaint || 'it does not say why'}`);
}
