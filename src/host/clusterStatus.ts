/** What `winning-ticket cluster status --json` says, checked, and in words. No vscode. */
import path from 'node:path';
import * as z from 'zod';
import { plural } from '../shared/format';
import { key } from '../shared/storedProgress';
import { experimentName } from './reportSchema';
import { experimentDirectory, type ExperimentRef } from './store';

/** As squeue has it: the number of a job, or of an array and its task. */
const job = z.string().regex(/^[1-9]\d{0,11}(?:_\d{1,7})?$/);

const clusterStatus = z.looseObject({
  experiment: experimentName,
  scheduler: z.literal('slurm'),
  runs: z
    .array(
      z.looseObject({
        key,
        name: z.string().max(200),
        state: z.enum(['waiting', 'running', 'done', 'failed', 'lost']),
        job: job.catch(''),
        log: z.string().optional(),
      }),
    )
    .max(100_000),
  last: z.looseObject({
    job: job.nullable(),
    state: z.enum(['waiting', 'running', 'over']),
    log: z.string().optional(),
  }),
  over: z.boolean(),
});

export type ClusterStatus = z.infer<typeof clusterStatus>;

/** @throws Error where it is none */
export function parseClusterStatus(text: string): ClusterStatus {
  return clusterStatus.parse(JSON.parse(text));
}

/** @param complaint of the command line: it has found no program to ask the cluster with */
export function lacksSlurm(complaint: string): boolean {
  return /^\w+ is not on the PATH: SLURM/.test(complaint);
}

/** "on slurm: 5 of 12 runs, 2 running, 3 pending" */
export function describeCluster({ scheduler, runs, last }: ClusterStatus): string {
  const count = (state: ClusterStatus['runs'][number]['state']): number =>
    runs.filter(run => run.state === state).length;
  const finished = count('done') + count('failed');
  const parts = [`${finished} of ${plural(runs.length, 'run')}`];
  if (count('failed') > 0) parts.push(`${count('failed')} failed`);
  if (count('running') > 0) parts.push(`${count('running')} running`);
  if (count('waiting') > 0) parts.push(`${count('waiting')} pending`);
  if (last.state === 'running') parts.push('report at work');
  return `on ${scheduler}: ${parts.join(', ')}`;
}

export interface ClusterLog {
  readonly label: string;
  readonly description: string;
  readonly file: string;
}

/** Those that are there. Paths follow from numbers of jobs, whatever the answer says. */
export function clusterLogs(ref: ExperimentRef, { runs, last }: ClusterStatus): ClusterLog[] {
  const logOf = (number: string): string => path.join(experimentDirectory(ref), 'logs', `slurm-${number}.log`);
  const logs = runs.flatMap(({ name, state, job: number, log }) =>
    number !== '' && log !== undefined ? [{ label: name, description: state, file: logOf(number) }] : [],
  );
  if (last.job === null || last.log === undefined) return logs;
  return [...logs, { label: 'the last job', description: last.state, file: logOf(last.job) }];
}
