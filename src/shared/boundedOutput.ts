/** What a child process prints, in memory that does not grow with it: anything may come, a line without an end too. */

/** Characters of a line that are kept. */
export const mostOfLine = 2 ** 16;

/** Cuts text that comes piece by piece into lines, ended as by Unix, Windows or a progress bar (`\n`, `\r\n`, `\r`). */
export class BoundedLines {
  private line = '';
  /** The rest of the line at hand is left out. */
  private cut = false;
  private afterReturn = false;

  /** @param hear takes each line without its end; one that was cut says so, and comes as soon as it is too long */
  constructor(private readonly hear: (line: string) => void) {}

  push(text: string): void {
    // an end of a line may come in two pieces
    const skipped = this.afterReturn && text.startsWith('\n') ? 1 : 0;
    if (text !== '') this.afterReturn = text.endsWith('\r');
    const [first = '', ...rest] = text.slice(skipped).split(/\r\n|\n|\r/);
    this.take(first);
    for (const part of rest) {
      this.finish();
      this.take(part);
    }
  }

  /** What came last needs no end. */
  end(): void {
    if (this.line !== '') this.finish();
  }

  private take(part: string): void {
    if (this.cut) return;
    this.line += part.slice(0, mostOfLine + 1 - this.line.length);
    if (this.line.length <= mostOfLine) return;
    this.hear(`${this.line.slice(0, mostOfLine)}… (the rest of this line is left out)`);
    this.line = '';
    this.cut = true;
  }

  private finish(): void {
    if (!this.cut) this.hear(this.line);
    this.line = '';
    this.cut = false;
  }
}

/** The beginning of a text that comes piece by piece. */
export class BoundedText {
  text = '';
  /** There was more: what is in `text` is no whole answer. */
  isCut = false;

  constructor(private readonly most: number) {}

  push(text: string): void {
    const room = this.most - this.text.length;
    if (text.length > room) this.isCut = true;
    this.text += text.slice(0, room);
  }
}
