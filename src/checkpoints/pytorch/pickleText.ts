/** Numbers and strings as pickles write them in text (protocol 0) and in bytes (LONG1, LONG4). */
import type { PickleMachine } from './pickleMachine';

/** Python's own limit for conversions from text; ids and random states stay far below. */
const longDigits = 4_300;
const longBytes = 4_096;

const small = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;

/** Two's complement, little-endian. */
export function longFromBytes(machine: PickleMachine, length: number): number | bigint {
  if (length > longBytes) machine.fail(`an integer of ${length} bytes`);
  const bytes = machine.blob(length);
  if (length === 0) return 0;
  const negative = bytes[length - 1]! >= 0x80;
  if (length <= 6) {
    let value = 0;
    for (let i = length - 1; i >= 0; i--) value = value * 256 + bytes[i]!;
    return negative ? value - 256 ** length : value;
  }
  let hex = '';
  for (let i = length - 1; i >= 0; i--) hex += bytes[i]!.toString(16).padStart(2, '0');
  const value = BigInt(`0x${hex}`);
  return small(negative ? value - (1n << BigInt(8 * length)) : value);
}

export function integerFromText(machine: PickleMachine, line: string): number | bigint {
  const digits = line.endsWith('L') ? line.slice(0, -1) : line;
  if (digits.length > longDigits || !/^-?\d+$/.test(digits)) machine.fail('an integer that is none');
  return small(BigInt(digits));
}

export function floatFromText(machine: PickleMachine, line: string): number {
  const text = line.trim().toLowerCase();
  const infinite = /^([+-]?)inf(inity)?$/.exec(text);
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
  if (/^[+-]?nan$/.test(text)) return NaN;
  const value = Number(text);
  if (text === '' || Number.isNaN(value)) machine.fail('a number that is none');
  return value;
}

const escapes = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['v', '\v'],
]);

/** A quoted Python 2 string, as `repr` writes it; one character a byte. */
export function quotedString(machine: PickleMachine, line: string): string {
  const text = line.trim();
  const quote = text[0];
  if (text.length < 2 || (quote !== "'" && quote !== '"') || !text.endsWith(quote))
    machine.fail('a string without quotes');
  return text
    .slice(1, -1)
    .replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)/gs, (_, code: string) =>
      code.length > 1 && code.startsWith('x')
        ? String.fromCharCode(parseInt(code.slice(1), 16))
        : /^[0-7]/.test(code)
          ? String.fromCharCode(parseInt(code, 8) & 255)
          : (escapes.get(code) ?? code),
    );
}

/** Python's raw-unicode-escape. */
export const rawUnicode = (line: string): string =>
  line.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (whole, short?: string, long?: string) => {
    const point = parseInt(short ?? long ?? '', 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });

/** A Python 2 `str`, which may be text or bytes: text where it is ASCII. */
export function text2(bytes: Uint8Array): string | Uint8Array {
  for (const byte of bytes) if (byte >= 0x80) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
