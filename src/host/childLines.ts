/** The lines that a child process prints. No vscode. */
import type { Readable } from 'node:stream';
import { BoundedLines } from '../shared/boundedOutput';
import { plural } from '../shared/format';

/** In one window of time so many lines and characters are passed on as they come, far more than anyone reads. */
export const rateLimits = { milliseconds: 5000, lines: 1000, characters: 2 ** 20 } as const;
/** Of those beyond, the last are kept: a child that fails says why at the end. */
export const keptAtEnd = 20;

/**
 * @param hear takes each line; one without an end is cut and takes no more memory than others (node:readline keeps it
 *   whole), and of very many a word says how many were left out
 */
export function hearLines(stream: Readable | null, hear: (line: string) => void): void {
  const rate = new BoundedRate(hear);
  const lines = new BoundedLines(line => {
    rate.push(line);
  });
  stream
    ?.setEncoding('utf8')
    .on('data', (text: string) => {
      lines.push(text);
    })
    .on('end', () => {
      lines.end();
      rate.end();
    });
}

/** Passes lines on, in order, as fast as a log can take them. */
export class BoundedRate {
  private timer: NodeJS.Timeout | undefined;
  private heard = 0;
  private characters = 0;
  private leftOut = 0;
  private last: string[] = [];

  constructor(private readonly hear: (line: string) => void) {}

  push(line: string): void {
    this.timer ??= setTimeout(() => {
      this.end();
    }, rateLimits.milliseconds).unref();
    if (this.heard < rateLimits.lines && this.characters < rateLimits.characters) {
      this.heard++;
      this.characters += line.length;
      this.hear(line);
      return;
    }
    this.last.push(line);
    if (this.last.length <= keptAtEnd) return;
    this.last.shift();
    this.leftOut++;
  }

  /** Says what was left out since the window began, and passes on what came last; the next line begins another window. */
  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { last, leftOut } = this;
    this.heard = this.characters = this.leftOut = 0;
    this.last = [];
    if (leftOut > 0) this.hear(`… ${plural(leftOut, 'line')} left out`);
    for (const line of last) this.hear(line);
  }
}
