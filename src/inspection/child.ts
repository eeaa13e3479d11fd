/**
 * The inspector as a child process of the extension host: opens checkpoints and answers requests over IPC. It lives as
 * long as its parent wants it to, and no longer than its parent.
 */
import type { InspectorToHost } from '../shared/inspectorMessages';
import { Inspector } from './inspector';
import { StatisticsEngine } from './statisticsEngine';

function send(message: InspectorToHost): void {
  // an error here means that the host is gone: 'disconnect' follows
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

/** Whatever state this left is not to be trusted; the host starts another. */
function crash(error: unknown): void {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (!process.connected) process.exit(1);
  const last: InspectorToHost = { type: 'log', level: 'error', message };
  process.send?.(last, undefined, undefined, () => {
    process.exit(1);
  });
}

const inspector = new Inspector(new StatisticsEngine(), send);

process.on('message', (message: unknown) => {
  inspector.receive(message);
});
process.on('disconnect', () => {
  process.exit(0);
});
process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);
// Ctrl+C in a terminal goes to the whole group: the host decides what it means
process.on('SIGINT', () => undefined);
