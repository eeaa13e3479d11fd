/** The lines that a child process prints. No vscode. */
import type { Readable } from 'node:stream';
import { BoundedLines } from '../shared/boundedOutput';

/** @param hear takes each line; one without an end is cut and takes no more memory than others (node:readline keeps it whole) */
export function hearLines(stream: Readable | null, hear: (line: string) => void): void {
  const lines = new BoundedLines(hear);
  stream
    ?.setEncoding('utf8')
    .on('data', (text: string) => {
      lines.push(text);
    })
    .on('end', () => {
      lines.end();
    });
}
