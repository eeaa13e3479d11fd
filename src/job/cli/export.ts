/** `winning-ticket export`: a ticket of the store as a file of another format. */
import { exportTicket, type ExportPhase } from '../../export/exportTicket';
import { formatBytes, plural } from '../../shared/format';
import { exitCodes, type ExitCode } from '../outcome';
import { loadTicket, placeOf, withHashes } from '../ticketSource';
import type { ExportCommand } from './exportArguments';
import { print, toJson } from './output';
import { printable, StatusLine } from './terminal';

const phases: Readonly<Record<ExportPhase, string>> = {
  writing: 'writing the ticket',
  checking: 'reading it back',
};

/** @throws StoreError, ExperimentError, CheckpointError; the signal's reason */
export async function runExport(command: ExportCommand, signal: AbortSignal): Promise<ExitCode> {
  const { operand, store, method, level, replicate, format, part, pairs, out, overwrite, json } = command;
  const status = new StatusLine(process.stderr);
  try {
    status.show('reading the store');
    const place = await placeOf(operand, store);
    const ticket = withHashes(await loadTicket(place, { method, level, replicate }), part);
    const { files, tensors, bytes, notes } = await exportTicket({
      ticket,
      part,
      format,
      pairs,
      out,
      overwrite,
      signal,
      onPhase: phase => {
        status.show(phases[phase]);
      },
    });
    status.clear();
    const { sha256, ...provenance } = ticket.provenance;
    const document = {
      files,
      format,
      what: part,
      tensors,
      bytes,
      notes,
      provenance,
      sha256: JSON.parse(sha256 ?? '{}') as unknown,
    };
    print(json ? toJson(document) : describe(document));
    return exitCodes.done;
  } finally {
    status.clear();
  }
}

function describe({
  files,
  tensors,
  bytes,
  notes,
  provenance,
}: {
  readonly files: readonly string[];
  readonly tensors: number;
  readonly bytes: number;
  readonly notes: readonly string[];
  readonly provenance: Readonly<Record<string, string>>;
}): string {
  const width = Math.max(...Object.keys(provenance).map(({ length }) => length));
  return [
    ...Object.entries(provenance).map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}`),
    '',
    ...notes.map(note => `note: ${printable(note)}`),
    `Written, read back and compared: ${files.map(printable).join(', ')} (${plural(tensors, 'tensor')}, ${formatBytes(bytes)})`,
    '',
  ].join('\n');
}
