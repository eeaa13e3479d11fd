/** Results to standard output, messages to standard error. */
import { printable } from './terminal';

export function print(text: string): void {
  process.stdout.write(text);
}

/** Messages may quote what a file holds: nothing in them steers a terminal. */
export function complain(message: string): void {
  process.stderr.write(`winning-ticket: ${message.split('\n').map(printable).join('\n')}\n`);
}

export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
