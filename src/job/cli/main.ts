/** Carries out a command: results to standard output, everything else to standard error, exit codes as documented. */
import path from 'node:path';
import { version } from '../../../package.json';
import { ExperimentError } from '../../shared/experiment';
import type { ExperimentStatus, Report } from '../../shared/report';
import { errorCode } from '../files';
import { keepAlive } from '../keepAlive';
import { exitCodeOf, exitCodes, outcomeOf, outcomeOfError, type ExitCode } from '../outcome';
import { Stop, type StopKind } from '../stop';
import { parseCommand, type Command } from './arguments';
import { help } from './help';
import { jobOptions } from './jobArguments';
import { complain, print, toJson } from './output';
import { ProgressLine } from './progressLine';
import { UsageError } from './usageError';

/** Whatever is not finished by then is dropped: every file in the store is whole at any moment. */
const graceMilliseconds = 800;

/** By the status of a report that was not finished. */
const stopWords: Readonly<Partial<Record<ExperimentStatus, string>>> = {
  cancelled: 'cancelled',
  paused: 'paused',
  running: 'interrupted',
};

/** What they do is for who reads it, and for nothing else. */
const printingOnly: ReadonlySet<Command['kind']> = new Set(['help', 'version', 'doctor', 'inspect', 'diff']);

export async function runCli(args: readonly string[]): Promise<void> {
  // work of hours goes on without a word, and its exit code tells how it ended
  whenNobodyReads(() => undefined);
  process.on('uncaughtException', error => {
    complain(error.message);
    process.exit(exitCodes.failed);
  });
  const done = keepAlive();
  process.exitCode = await carryOut(args);
  done();
}

/** Whoever reads may stop reading, as `head` does, and a terminal may be closed: not a failure of the work. */
function whenNobodyReads(act: () => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', error => {
      const code = errorCode(error);
      if (code !== 'EPIPE' && code !== 'EIO') throw error;
      act();
    });
  }
}

async function carryOut(args: readonly string[]): Promise<ExitCode> {
  try {
    const command = parseCommand(args);
    if (printingOnly.has(command.kind)) whenNobodyReads(() => process.exit(exitCodes.done));
    switch (command.kind) {
      case 'help':
        print(help);
        return exitCodes.done;
      case 'version':
        print(`${version}\n`);
        return exitCodes.done;
      case 'doctor':
        return await cancellable(signal => doctor(command, signal));
      case 'run':
        return await run(command);
      case 'inspect':
        return await cancellable(async signal => (await import('./inspect')).runInspect(command, signal));
      case 'diff':
        return await cancellable(async signal => (await import('./diff')).runDiff(command, signal));
      case 'prune':
        return await cancellable(async signal => (await import('./prune')).runPrune(command, signal));
      case 'export':
        return await cancellable(async signal => (await import('./export')).runExport(command, signal));
      case 'shrink':
        return await cancellable(async signal => (await import('./shrink')).runShrink(command, signal));
      case 'store':
        return await cancellable(async signal => (await import('./store')).runStore(command, signal));
      case 'submit':
        return await cancellable(async signal => (await import('./cluster')).runSubmit(command, signal));
      case 'cluster':
        return await (await import('./cluster')).runCluster(command);
      case 'cluster-task':
        return await (await import('./cluster')).runClusterTask(command);
      case 'queue':
        return await cancellable(async signal => (await import('./queue')).runQueue(command, signal), 'paused');
      case 'pause':
      case 'cancel':
        return await (await import('./queue')).runStop(command);
      case 'resume':
        return await (await import('./queue')).runResume(command);
    }
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    const isWrong = error instanceof UsageError || error instanceof ExperimentError;
    return isWrong ? exitCodes.wrong : exitCodes.failed;
  }
}

async function doctor(command: Extract<Command, { kind: 'doctor' }>, signal: AbortSignal): Promise<ExitCode> {
  const { examine, describeExamination } = await import('../doctor');
  const { examineStore, describeStore } = await import('../care/examineStore');
  const onExecutor = (name: string): void => {
    process.stderr.write(`measuring ${name}\n`);
  };
  const examination = await examine({ onExecutor, signal });
  const store = command.store === undefined ? null : await examineStore(path.resolve(command.store));
  if (command.json) print(toJson({ ...examination, ...(store && { store }) }));
  else print(`${describeExamination(examination)}${store ? describeStore(store) : ''}`);
  const isWell = examination.executors.some(executor => executor.usable) && (store?.problems.length ?? 0) === 0;
  return isWell ? exitCodes.done : exitCodes.failed;
}

async function run(command: Extract<Command, { kind: 'run' }>): Promise<ExitCode> {
  const { runExperiment } = await import('../experiment');
  const { readExperiment } = await import('../prepare');
  const { dropPaused } = await import('../queueFile');
  const controller = new AbortController();
  stopOnSignals(controller, 'cancelled');
  const progress = new ProgressLine(process.stderr);
  const storeDirectory = path.resolve(command.store);
  try {
    const experimentPath = path.resolve(command.experiment);
    const parsed = await readExperiment(experimentPath);
    await dropPaused(storeDirectory, parsed.name);
    const report = await runExperiment({
      experimentPath,
      ...jobOptions(command.choices, parsed),
      storeDirectory,
      emit: event => {
        progress.show(event);
      },
      signal: controller.signal,
    });
    progress.end();
    const { describeReport } = await import('./table');
    const reportPath = path.join(storeDirectory, 'experiments', report.experiment.name, 'report.json');
    print(command.json ? toJson(report) : describeReport(report, reportPath));
    if (command.html !== undefined) await savePage(report, storeDirectory, path.resolve(command.html));
    const finished = outcomeOf(report);
    const stopped = stopWords[finished.status];
    if (finished.error) complain(finished.error.message);
    else if (stopped !== undefined) complain(`${stopped}: run again to go on from there`);
    return exitCodeOf(finished);
  } catch (error) {
    progress.end();
    const finished = outcomeOfError(error, controller.signal);
    complain(finished.error?.message ?? stopWords[finished.status] ?? finished.status);
    return exitCodeOf(finished, error);
  }
}

async function savePage(report: Report, storeDirectory: string, file: string): Promise<void> {
  const { writePage } = await import('../pageFile');
  await writePage(report, storeDirectory, file);
  complain(`the panel is in ${file}`);
}

/** @param interrupt what the first Ctrl+C means */
async function cancellable(
  work: (signal: AbortSignal) => Promise<ExitCode>,
  interrupt: StopKind = 'cancelled',
): Promise<ExitCode> {
  const controller = new AbortController();
  stopOnSignals(controller, interrupt);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    complain('cancelled');
    return exitCodes.cancelled;
  }
}

function stopOnSignals(controller: AbortController, interrupt: StopKind): void {
  const stop = (kind: StopKind): void => {
    // the second time a person means it
    if (controller.signal.aborted) process.exit(exitCodes.cancelled);
    controller.abort(new Stop(kind));
    setTimeout(() => process.exit(exitCodes.cancelled), graceMilliseconds).unref();
  };
  process.on('SIGINT', () => {
    stop(interrupt);
  });
  // nobody decided that the work shall end: the machine shuts down, the terminal is closed
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stop('left');
    });
  }
}
