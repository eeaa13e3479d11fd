/** One submission: what each of its jobs is asked to do, and handing them to SLURM one after the other. */
import type { Prepared } from '../prepare';
import { writeDefinition } from '../modelDefinition';
import type { RunStore } from '../store';
import { logName, type ClusterFile, type ClusterGroup, type ClusterRecord } from './clusterFile';
import { jobScript, quoted, sbatchArguments, type JobRequest } from './script';
import { cancelJobs, submitJob } from './slurm';
import type { SubmitOptions } from './submit';

export interface SubmittedJob {
  /** null with a dry run. */
  readonly job: string | null;
  /** Names of the runs; the last job has none of its own. */
  readonly runs: readonly string[];
  /** As a shell would take it. */
  readonly command: string;
}

type OwnArguments = Pick<JobRequest, 'tasks' | 'tasksAtOnce' | 'after'> & { readonly log: string };

export class Submission {
  private readonly environment: Readonly<Record<string, string>>;

  constructor(
    private readonly options: SubmitOptions,
    private readonly prepared: Prepared,
    private readonly file: ClusterFile,
    private readonly record: ClusterRecord,
  ) {
    // Electron must be told to be Node
    this.environment = process.env['ELECTRON_RUN_AS_NODE'] ? { ELECTRON_RUN_AS_NODE: '1' } : {};
  }

  /** What would be submitted, with words where the numbers of jobs will stand. */
  foresee(): SubmittedJob[] {
    const { groups } = this.record;
    const arrays = groups.map(group => this.described(this.arrayArguments(group), group.runs));
    return [...arrays, this.described(this.lastArguments(), [])];
  }

  async submit(store: RunStore): Promise<SubmittedJob[]> {
    const { record, file, prepared, options } = this;
    await store.writeExperiment({ ...prepared.experiment, executor: record.executor });
    await writeDefinition(store.directory, prepared.experiment.name, prepared.definition);
    await file.write(record);
    const submitted: SubmittedJob[] = [];
    const submitOne = async (argv: readonly string[], script: string, runs: readonly { name: string }[]) => {
      options.signal.throwIfAborted();
      const { job, cluster } = await submitJob(argv, script);
      if (cluster !== undefined) record.cluster = cluster;
      submitted.push({ ...this.described(argv, runs), job });
      return job;
    };
    try {
      for (const [i, group] of record.groups.entries()) {
        group.job = await submitOne(this.arrayArguments(group), this.arrayScript(i), group.runs);
        await file.write(record);
      }
      record.lastJob = await submitOne(this.lastArguments(), this.script('run', []), []);
      await file.write(record);
      return submitted;
    } catch (error) {
      // half an experiment on the cluster helps nobody
      await cancelJobs(record).catch(() => undefined);
      await file.remove();
      throw error;
    }
  }

  private arrayArguments({ depth, runs }: ClusterGroup): string[] {
    const { tasksAtOnce } = this.options;
    const after = jobsAt(depth - 1, this.record.groups);
    return this.arguments({ log: logName('%A', '%a'), tasks: runs.length, tasksAtOnce, after });
  }

  private lastArguments(): string[] {
    const { groups } = this.record;
    return this.arguments({ log: logName('%j'), after: jobsAt(groups.at(-1)!.depth, groups) });
  }

  private arguments({ log, ...own }: OwnArguments): string[] {
    const { storeDirectory, options } = this.options;
    return sbatchArguments({
      ...own,
      name: `winning-ticket ${this.prepared.experiment.name}`,
      directory: storeDirectory,
      log: { directory: this.file.logs, name: log },
      options,
    });
  }

  private arrayScript(group: number): string {
    const { submission } = this.record;
    return this.script('cluster-task', ['--group', String(group), '--submission', submission]);
  }

  private script(command: string, more: readonly string[]): string {
    const { program, experimentPath, storeDirectory, executor } = this.options;
    const named = executor ? ['--executor', executor] : [];
    const argv = [...program, command, experimentPath, '--store', storeDirectory, ...named, ...more];
    return jobScript(argv, this.environment);
  }

  private described(argv: readonly string[], runs: readonly { readonly name: string }[]): SubmittedJob {
    return { job: null, runs: runs.map(({ name }) => name), command: ['sbatch', ...argv].map(word).join(' ') };
  }
}

/** Jobs of the groups of a depth, which have waited for those before. */
function jobsAt(depth: number, groups: ClusterRecord['groups']): string[] {
  return groups.flatMap((group, i) => (group.depth === depth ? [group.job ?? `JOB${i + 1}`] : []));
}

const word = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : quoted(text));
