/** The describing child: looks at models and data for the host, one request after the other, and ends with it. */
import type { DescriberToHost } from '../shared/describeMessages';
import { answer } from './answer';
import { checkRequest } from './requests';

function send(message: DescriberToHost): void {
  // an error here means that the host is gone: 'disconnect' follows
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

/** One at a time: each may take as much memory as a model. */
let last: Promise<void> = Promise.resolve();

process.on('message', (message: unknown) => {
  const checked = checkRequest(message);
  if ('problem' in checked) {
    console.error(`A message was left out: ${checked.problem}`);
    return;
  }
  last = last.then(async () => {
    send(await answer(checked));
  });
});
process.on('disconnect', () => {
  process.exit(0);
});
// Ctrl+C in a terminal goes to the whole group: the host decides what it means
process.on('SIGINT', () => undefined);
