/**
 * `experiments/<name>/cluster.json`: what of an experiment was submitted to a cluster, which task of which job computes
 * which run. Written before the first job is submitted and after each, so that whatever was submitted can be cancelled.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { executors } from '../../shared/experiment';
import { flushDirectory, isMissing, makeDirectory, readBounded, StoreError, writeWhole } from '../files';
import { keyPattern } from '../runRecord';

const maximumBytes = 16 * 1024 * 1024;

/** SLURM's own limit (MaxArraySize) is 1001 unless a site has raised it. */
export const mostTasks = 1000;
const mostGroups = 1000;

export const submissionPattern = /^[0-9a-f]{16}$/;
const job = z.string().regex(/^[1-9]\d{0,11}$/, 'must be the number of a job');

const clusterSchema = z.strictObject({
  version: z.literal(1),
  scheduler: z.literal('slurm'),
  /** Tasks of an earlier submission know that they are not meant any more. */
  submission: z.string().regex(submissionPattern, 'must be 16 hexadecimal digits'),
  submittedAt: z.iso.datetime(),
  executor: z.enum(executors).exclude(['auto']),
  /** Where there are several under one roof: asked for by its name. */
  cluster: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .optional(),
  /** An array of tasks each, in the order of their dependencies; task i computes run i. */
  groups: z
    .array(
      z.strictObject({
        /** How many runs deep its runs stand: groups of one depth are at work side by side. */
        depth: z.int().min(0).max(100_000),
        /** null: not submitted yet. */
        job: job.nullable(),
        runs: z
          .array(z.strictObject({ key: z.string().regex(keyPattern), name: z.string().max(200) }))
          .min(1)
          .max(mostTasks),
      }),
    )
    .max(mostGroups),
  /** Writes the report, and computes whatever is missing by then. */
  lastJob: job.nullable(),
});

export type ClusterRecord = z.infer<typeof clusterSchema>;
export type ClusterGroup = ClusterRecord['groups'][number];

export class ClusterFile {
  private readonly directory: string;
  readonly path: string;

  constructor(storeDirectory: string, experiment: string) {
    this.directory = path.join(storeDirectory, 'experiments', experiment);
    this.path = path.join(this.directory, 'cluster.json');
  }

  /** Where the jobs write what they say. */
  get logs(): string {
    return path.join(this.directory, 'logs');
  }

  /**
   * @returns null where it is not there
   * @throws StoreError where it is not what it should be: anyone may have written it
   */
  async read(): Promise<ClusterRecord | null> {
    try {
      return clusterSchema.parse(JSON.parse((await readBounded(this.path, maximumBytes)).toString('utf8')));
    } catch (error) {
      if (isMissing(error)) return null;
      const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
      throw new StoreError(this.path, `${this.path} cannot be read: ${why}. Delete it: runs that are finished stay`);
    }
  }

  /** @throws StoreError */
  async write(record: ClusterRecord): Promise<void> {
    await makeDirectory(this.logs);
    await writeWhole(this.path, `${JSON.stringify(record, null, 2)}\n`);
    await flushDirectory(this.directory);
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

/** All jobs that were submitted, in their order. */
export function jobsOf({ groups, lastJob }: ClusterRecord): string[] {
  return [...groups.map(group => group.job), lastJob].filter(one => one !== null);
}

/** The name of a log in the folder of logs. @param task of an array; both may be the patterns that SLURM fills in */
export function logName(jobNumber: string, task?: number | string): string {
  return `slurm-${jobNumber}${task === undefined ? '' : `_${task}`}.log`;
}
