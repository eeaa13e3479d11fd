/**
 * The job as a child process of the extension host: takes one experiment over IPC, sends events, ends with `finished`.
 * It outlives neither a cancel by more than a second nor its parent.
 */
import { constants, setPriority } from 'node:os';
import * as z from 'zod';
import { executors } from '../shared/experiment';
import type { JobToHost } from '../shared/messages';
import { runExperiment } from './experiment';
import { exitCodeOf, exitCodes, outcomeOf, outcomeOfError, type Finished } from './outcome';

const hostMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('start'),
    experimentPath: z.string().min(1).max(32_768),
    storeDirectory: z.string().min(1).max(32_768),
    executor: z.enum(executors).exclude(['auto']).optional(),
  }),
  z.strictObject({ type: z.literal('cancel') }),
]);

type Start = Extract<z.output<typeof hostMessage>, { type: 'start' }>;

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

function cancel(): void {
  if (controller.signal.aborted) return;
  controller.abort();
  setTimeout(() => {
    finish({ type: 'finished', status: 'cancelled' }, exitCodes.cancelled);
  }, graceMilliseconds).unref();
  if (!started) finish({ type: 'finished', status: 'cancelled' }, exitCodes.cancelled);
}

async function start({ experimentPath, storeDirectory, executor: preferred }: Start): Promise<void> {
  try {
    const { signal } = controller;
    const report = await runExperiment({
      experimentPath,
      storeDirectory,
      emit: send,
      signal,
      ...(preferred && { preferred }),
    });
    const finished = outcomeOf(report);
    finish(finished, exitCodeOf(finished));
  } catch (error) {
    const finished = outcomeOfError(error, controller.signal.aborted);
    finish(finished, exitCodeOf(finished, error));
  }
}

function crash(error: unknown): void {
  finish(outcomeOfError(error, controller.signal.aborted), exitCodes.failed);
}

stepAside();

process.on('message', (message: unknown) => {
  const parsed = hostMessage.safeParse(message);
  if (!parsed.success) {
    send({ type: 'log', level: 'warn', message: 'the job got a message that it does not know, and ignores it' });
  } else if (parsed.data.type === 'cancel') {
    cancel();
  } else if (!started) {
    started = true;
    void start(parsed.data);
  }
});
process.on('disconnect', () => {
  // nobody listens any more, but the lock is worth giving back
  if (started) cancel();
  else process.exit(exitCodes.cancelled);
});
process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);
// Ctrl+C in a terminal goes to the whole group: the host decides what it means
process.on('SIGINT', () => undefined);
process.on('SIGTERM', cancel);
