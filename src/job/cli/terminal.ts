/** What the reader of the output is: a terminal of some width with colours, or a file that must hold neither cuts nor colours. */

export interface Terminal {
  /** Characters in a line; null: no bound. */
  readonly columns: number | null;
  readonly colours: boolean;
}

/** Colours only where a person looks: https://no-color.org */
export function terminalOf(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  environment: NodeJS.ProcessEnv = process.env,
): Terminal {
  if (!stream.isTTY) return { columns: null, colours: false };
  return {
    // some terminals say 0 where they do not know
    columns: stream.columns ? stream.columns : 80,
    colours: !environment.NO_COLOR && environment.TERM !== 'dumb',
  };
}

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'cyan';

/** Select Graphic Rendition, ECMA-48 8.3.117: on and off. */
const codes: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

export function styled(text: string, style: Style | undefined, { colours }: Terminal): string {
  if (!style || !colours) return text;
  const [on, off] = codes[style];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

/**
 * Text out of a file as it may be shown: what would move the cursor, colour the screen, break the line or turn the
 * reading direction is written out.
 */
export function printable(text: string): string {
  return text.replace(
    /[\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Cuts the middle out of what is too long: begin and end of a name tell most. */
export function shortened(text: string, width: number): string {
  const characters = Array.from(text);
  if (characters.length <= width) return text;
  if (width <= 1) return '…'.slice(0, width);
  const end = Math.ceil((width - 1) * 0.6);
  return `${characters.slice(0, width - 1 - end).join('')}…${characters.slice(characters.length - end).join('')}`;
}

export interface StatusOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** One line in a terminal that is drawn over and goes in the end; nothing elsewhere. */
export class StatusLine {
  private drawn = false;
  private last = -Infinity;

  constructor(
    private readonly output: StatusOutput,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Draws ten times a second at most. */
  show(text: string): void {
    if (!this.output.isTTY || this.now() - this.last < 100) return;
    this.last = this.now();
    const width = Math.max(20, (this.output.columns ?? 80) - 1);
    this.output.write(`\r\u001b[K${shortened(printable(text), width)}`);
    this.drawn = true;
  }

  clear(): void {
    if (this.drawn) this.output.write('\r\u001b[K');
    this.drawn = false;
  }
}
