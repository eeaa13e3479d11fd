/** `submit`, `cluster status`, `cluster cancel`, and what a task of an array runs. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { capitalised, plural } from '../../shared/format';
import { computeRun } from '../cluster/computeRun';
import { cancelOnCluster, clusterStatus, type ClusterStatus } from '../cluster/status';
import { submitExperiment, type Submitted } from '../cluster/submit';
import { exitCodes, type ExitCode } from '../outcome';
import { RunStore } from '../store';
import { Stop } from '../stop';
import type { ClusterCommand, ClusterTaskCommand, SubmitCommand } from './clusterArguments';
import { complain, print, toJson } from './output';
import { printable } from './terminal';

export async function runSubmit(command: SubmitCommand, signal: AbortSignal): Promise<ExitCode> {
  const { experiment, store, executor, options, tasksAtOnce, dryRun, json } = command;
  const submitted = await submitExperiment({
    experimentPath: path.resolve(experiment),
    storeDirectory: path.resolve(store),
    ...(executor && { executor }),
    options,
    ...(tasksAtOnce !== undefined && { tasksAtOnce }),
    dryRun,
    // a link to it may be there on this machine only
    program: [process.execPath, await realpath(process.argv[1]!)],
    tell: complain,
    signal,
  });
  print(json ? toJson(submitted) : describeSubmitted(submitted, dryRun));
  return exitCodes.done;
}

function describeSubmitted({ experiment, executor, runs, missing, jobs }: Submitted, dryRun: boolean): string {
  if (jobs.length === 0) {
    return `Nothing is missing: all ${plural(runs, 'run')} of ${experiment} are in the store. "winning-ticket run" writes the report.\n`;
  }
  const lines = jobs.map(({ job, runs: own, command }) => {
    const what = own.length > 0 ? plural(own.length, 'run') : 'the report, and what is missing by then';
    return dryRun ? `${command}    # ${what}` : `job ${job ?? '?'}: ${what}`;
  });
  const head = `${missing} of ${plural(runs, 'run')} of ${experiment} ${dryRun ? 'would be' : 'are'} submitted, on ${executor}:`;
  const foot = dryRun ? [] : [`"winning-ticket cluster status ${experiment}" says how far they are.`];
  return `${[head, ...lines, ...foot].join('\n')}\n`;
}

export async function runCluster({ action, name, store, json }: ClusterCommand): Promise<ExitCode> {
  const opened = await RunStore.open(path.resolve(store));
  if (action === 'cancel') {
    const jobs = await cancelOnCluster(opened, name);
    const words = jobs === 0 ? 'nothing is left of it on the cluster' : `${plural(jobs, 'job')} cancelled`;
    print(json ? toJson({ experiment: name, cancelled: jobs }) : `${name}: ${words}. Finished runs are kept.\n`);
  } else {
    const status = await clusterStatus(opened, name);
    print(json ? toJson(status) : describeStatus(status));
  }
  return exitCodes.done;
}

function describeStatus({ experiment, scheduler, submittedAt, runs, last, over }: ClusterStatus): string {
  const widths = { job: Math.max(...runs.map(run => run.job.length), 3) };
  const lines = runs.map(({ job, state, name, reason }) => {
    const why = reason === undefined || reason === 'None' ? '' : ` (${reason})`;
    return printable(`  ${job.padEnd(widths.job)}  ${(state + why).padEnd(24)}  ${name}`.trimEnd());
  });
  const states = (['done', 'failed', 'running', 'waiting', 'lost'] as const).flatMap(state => {
    const count = runs.filter(run => run.state === state).length;
    return count > 0 ? [`${count} ${state}`] : [];
  });
  const end = over ? 'Nothing of it is on the cluster any more.' : `Last job ${last.job ?? '?'}: ${last.state}.`;
  return `${experiment}, on ${scheduler} since ${submittedAt}: ${states.join(', ')}\n${lines.join('\n')}\n${capitalised(end)}\n`;
}

/** SIGKILL follows after 30 s (KillWait) unless a site decides otherwise. */
const graceMilliseconds = 20_000;

/** Saves how far the run is when it is told to stop: SLURM begins the task anew where it should. */
export async function runClusterTask(command: ClusterTaskCommand): Promise<ExitCode> {
  const { experiment, store, executor, group, submission } = command;
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      controller.abort(new Stop('left'));
      setTimeout(() => process.exit(exitCodes.cancelled), graceMilliseconds).unref();
    });
  }
  const task = process.env['SLURM_ARRAY_TASK_ID'] ?? '';
  if (!/^\d{1,7}$/.test(task)) {
    complain('SLURM_ARRAY_TASK_ID is not there: "winning-ticket submit" starts this command, as a task of an array');
    return exitCodes.wrong;
  }
  try {
    const computed = await computeRun({
      experimentPath: path.resolve(experiment),
      storeDirectory: path.resolve(store),
      ...(executor && { executor }),
      submission,
      group,
      task: Number(task),
      tell: complain,
      signal: controller.signal,
    });
    complain(endWords[computed]);
    return exitCodes.done;
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    complain('stopped: what was trained is saved, and the next start goes on from there');
    return exitCodes.cancelled;
  }
}

/** A run that failed is a result like any other: nobody is to begin it anew. */
const endWords = {
  done: 'done',
  failed: 'the run failed, which is kept with its reason',
  there: 'the run is in the store already: nothing to do',
  skipped: 'a run that this one needs has failed: nothing to do',
} as const;
