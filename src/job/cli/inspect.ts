/** `winning-ticket inspect`: what is in checkpoints, and where their zeros are. */
import { CheckpointError } from '../../checkpoints/checkpointError';
import { openCheckpoint } from '../../checkpoints/open';
import { openFile } from '../../checkpoints/source';
import { StatisticsEngine } from '../../inspection/statisticsEngine';
import { formatCount, plural } from '../../shared/format';
import { tensorsAsCsv, tensorsAsMarkdown, type TensorTable } from '../../shared/tensorExport';
import { exitCodes, type ExitCode } from '../outcome';
import type { Command } from './arguments';
import { documentOf, type FileDocument } from './inspectDocument';
import { inspect, type Inspected } from './inspectRead';
import { describeInspected } from './inspectTable';
import { complain, print, toJson } from './output';
import { StatusLine, terminalOf } from './terminal';

/** @throws the signal's reason */
export async function runInspect(
  { files, form }: Extract<Command, { kind: 'inspect' }>,
  signal: AbortSignal,
): Promise<ExitCode> {
  const engine = new StatisticsEngine();
  const status = new StatusLine(process.stderr);
  const documents: FileDocument[] = [];
  const tables: TensorTable[] = [];
  let failed = false;
  try {
    for (const [place, file] of files.entries()) {
      try {
        const inspected = await inspectFile(file, engine, signal, status);
        status.clear();
        if (form === 'json') documents.push(documentOf(inspected));
        else if (form === 'table') {
          print(`${place > 0 ? '\n' : ''}${describeInspected(inspected, terminalOf(process.stdout))}`);
        } else tables.push({ file, format: inspected.summary.format, tensors: inspected.tensors });
        if (noneReadable(inspected)) {
          failed = true;
          complain(
            `${file}: none of its ${plural(inspected.tensors.length, 'tensor')} can be read: ${firstError(inspected)}`,
          );
        }
      } catch (error) {
        status.clear();
        // one file that cannot be read keeps no other from being shown
        if (!(error instanceof CheckpointError)) throw error;
        failed = true;
        complain(error.message);
      }
    }
  } finally {
    status.clear();
    await engine.close();
  }
  if (form === 'json') print(toJson(documents));
  if (form === 'csv') print(tensorsAsCsv(tables));
  if (form === 'markdown') print(tensorsAsMarkdown(tables));
  return failed ? exitCodes.failed : exitCodes.done;
}

async function inspectFile(
  file: string,
  engine: StatisticsEngine,
  signal: AbortSignal,
  status: StatusLine,
): Promise<Inspected> {
  status.show(`opening ${file}`);
  const checkpoint = await openCheckpoint(await openFile(file));
  try {
    return await inspect(file, checkpoint, engine, signal, (done, total) => {
      status.show(`${file}: tensor ${formatCount(done)} of ${formatCount(total)}`);
    });
  } finally {
    await checkpoint.close();
  }
}

function noneReadable({ tensors }: Inspected): boolean {
  return tensors.length > 0 && tensors.every(({ statistics }) => statistics === null);
}

function firstError({ tensors }: Inspected): string {
  const { info, error } = tensors[0]!;
  return `${info.name}: ${error ?? ''}`;
}
