/**
 * The job as a child process of the extension host: takes one experiment over IPC, sends events, ends with `finished`.
 * It outlives neither a cancel by more than a second nor its parent.
 */
import { constants, setPriority } from 'node:os';
import type { JobToHost } from '../shared/messages';
import { runExperiment } from './experiment';
import { keepAlive } from './keepAlive';
import { exitCodeOf, exitCodes, outcomeOf, outcomeOfError, type Finished } from './outcome';
import { checkRequest, type Start } from './requests';
import { Stop, type StopKind } from './stop';

const stopKinds = { cancel: 'cancelled', pause: 'paused', leave: 'left' } as const;

/** Whatever is not finished by then is dropped: every file in the store is whole at any moment. */
const graceMilliseconds = 800;

/** The editor comes first: training threads, which inherit this, take every core there is. */
function stepAside(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // not allowed here: the job works all the same
  }
}

const controller = new AbortController();
let started = false;
let ended = false;

function send(message: JobToHost): void {
  // an error here means that the host is gone: 'disconnect' follows
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function finish(finished: Finished, code: number): void {
  if (ended) return;
  ended = true;
  if (!process.connected) process.exit(code);
  process.send?.(finished, undefined, undefined, () => {
    process.exit(code);
  });
}

function stop(kind: StopKind): void {
  if (controller.signal.aborted) return;
  controller.abort(new Stop(kind));
  const end = (): void => {
    finish(outcomeOfError(controller.signal.reason, controller.signal), exitCodes.cancelled);
  };
  setTimeout(end, graceMilliseconds).unref();
  if (!started) end();
}

async function start(message: Start): Promise<void> {
  // without a parent there is no channel that does
  keepAlive();
  try {
    const { signal } = controller;
    const { experimentPath, storeDirectory, executor: preferred, checkpointSeconds, parallel } = message;
    const report = await runExperiment({
      experimentPath,
      storeDirectory,
      emit: send,
      signal,
      ...(preferred && { preferred }),
      ...(checkpointSeconds !== undefined && { checkpointSeconds }),
      ...(parallel !== undefined && { parallel }),
    });
    const finished = outcomeOf(report);
    finish(finished, exitCodeOf(finished));
  } catch (error) {
    const finished = outcomeOfError(error, controller.signal);
    finish(finished, exitCodeOf(finished, error));
  }
}

function crash(error: unknown): void {
  // while it stops, or where the host is gone and 'disconnect' has yet to come, the limit of time is enough: what was
  // trained is saved and the lock given back, whatever else breaks
  if (started && !process.connected) stop('left');
  if (!controller.signal.aborted) finish(outcomeOfError(error, controller.signal), exitCodes.failed);
}

stepAside();

process.on('message', (message: unknown) => {
  const checked = checkRequest(message);
  if ('problem' in checked) {
    send({ type: 'log', level: 'warn', message: 'the job got a message that it does not know, and ignores it' });
  } else if (checked.type !== 'start') {
    stop(stopKinds[checked.type]);
  } else if (!started) {
    started = true;
    void start(checked);
  }
});
process.on('disconnect', () => {
  // nobody listens any more, but what was trained is worth saving and the lock worth giving back
  if (started) stop('left');
  else process.exit(exitCodes.cancelled);
});
process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);
// Ctrl+C in a terminal goes to the whole group: the host decides what it means
process.on('SIGINT', () => undefined);
// so do machines that are shut down
process.on('SIGTERM', () => {
  stop('left');
});
