/** `winning-ticket diff`: what two checkpoints have in common. */
import { openCheckpoint } from '../../checkpoints/open';
import { openFile } from '../../checkpoints/source';
import { formatCount } from '../../shared/format';
import { exitCodes, type ExitCode } from '../outcome';
import type { Command } from './arguments';
import { diffDocumentOf } from './diffDocument';
import { compareCheckpoints } from './diffRead';
import { describeDiff } from './diffTable';
import { complain, print, toJson } from './output';
import { StatusLine, terminalOf } from './terminal';

/** @throws CheckpointError where one cannot be opened; the signal's reason */
export async function runDiff(
  { left, right, json }: Extract<Command, { kind: 'diff' }>,
  signal: AbortSignal,
): Promise<ExitCode> {
  const status = new StatusLine(process.stderr);
  const a = await openCheckpoint(await openFile(left));
  try {
    const b = await openCheckpoint(await openFile(right));
    try {
      const compared = await compareCheckpoints(a, b, signal, (done, total) => {
        status.show(`comparing tensor ${formatCount(done + 1)} of ${formatCount(total)}`);
      });
      const document = diffDocumentOf({ file: left, checkpoint: a }, { file: right, checkpoint: b }, compared);
      status.clear();
      print(json ? toJson(document) : describeDiff(document, terminalOf(process.stdout)));
      const unread = compared.pairs.filter(({ error }) => error !== null);
      if (unread.length === 0 || unread.length < compared.pairs.length) return exitCodes.done;
      complain(`no tensor could be compared: ${unread[0]!.error!}`);
      return exitCodes.failed;
    } finally {
      await b.close();
    }
  } finally {
    status.clear();
    await a.close();
  }
}
