/**
 * Rows of large tables. Where a table holds no quote at all, its bytes are scanned without making a text of each field,
 * which takes a twentieth of the time; else csv-parse reads it. Both give the same rows.
 */
import { eachRecord, longestRecord, type RecordContext } from './csvTable';
import { DataError } from './dataset';

export interface Row {
  /** Fields in it. */
  readonly length: number;
  /** A field without the blanks around it. */
  text(column: number): string;
  /** A field's value where it is a plain decimal of up to 15 digits, exactly as `Number` reads it; else NaN. */
  plainNumber(column: number): number;
}

const quote = 0x22;
const newline = 0x0a;
const carriageReturn = 0x0d;
const blank = 0x20;
const [plus, minus, point, zero, nine] = [0x2b, 0x2d, 0x2e, 0x30, 0x39];
const mostDigits = 15;
/** Exact as floats, and so is a quotient by one of them rounded once. */
const powers = Array.from({ length: mostDigits + 1 }, (_, exponent) => 10 ** exponent);

/**
 * Hands the rows over one by one; a row is valid during the call only. Empty lines are passed over.
 * @throws DataError naming the line; whatever `take` throws
 */
export function eachRow(
  file: string,
  bytes: Uint8Array,
  delimiter: string,
  take: (row: Row, context: RecordContext) => void,
): void {
  const code = delimiter.charCodeAt(0);
  const isPlain = code < 0x80 && code !== newline && code !== carriageReturn;
  // lines that end with a carriage return alone are csv-parse's too
  if (isPlain && !bytes.includes(quote) && (bytes.includes(newline) || !bytes.includes(carriageReturn))) {
    new Scanner(file, bytes, code).scan(take);
    return;
  }
  eachRecord(file, bytes, delimiter, (fields, context) => {
    take({ length: fields.length, text: column => fields[column]!, plainNumber: () => Number.NaN }, context);
  });
}

class Scanner implements Row {
  length = 0;
  /** Where each field of the row begins and ends. */
  private begins = new Int32Array(64);
  private ends = new Int32Array(64);
  private readonly decoder = new TextDecoder();

  constructor(
    private readonly file: string,
    private readonly bytes: Uint8Array,
    private readonly delimiter: number,
  ) {}

  scan(take: (row: Row, context: RecordContext) => void): void {
    const { bytes } = this;
    const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    for (let at = hasMark ? 3 : 0, line = 1; at < bytes.length; line++) {
      const found = bytes.indexOf(newline, at);
      const end = found < 0 ? bytes.length : found;
      if (end - at > longestRecord) {
        throw new DataError(
          this.file,
          `is no table of separated values: line ${line} has over ${longestRecord} characters; mend that line`,
        );
      }
      this.divide(at, end);
      if (this.length > 1 || this.begins[0] !== this.ends[0]) take(this, { line });
      at = end + 1;
    }
  }

  text(column: number): string {
    return this.decoder.decode(this.bytes.subarray(this.begins[column], this.ends[column]));
  }

  plainNumber(column: number): number {
    const { bytes } = this;
    const end = this.ends[column]!;
    let at = this.begins[column]!;
    const isNegative = bytes[at] === minus;
    if (at < end && (isNegative || bytes[at] === plus)) at++;
    let value = 0;
    let digits = 0;
    let pointAt = -1;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte >= zero && byte <= nine) {
        value = value * 10 + (byte - zero);
        digits++;
      } else if (byte === point && pointAt < 0) pointAt = digits;
      else return Number.NaN;
    }
    if (digits === 0 || digits > mostDigits) return Number.NaN;
    const magnitude = pointAt < 0 ? value : value / powers[digits - pointAt]!;
    return isNegative ? -magnitude : magnitude;
  }

  /** Finds the fields between two places. */
  private divide(from: number, to: number): void {
    const { bytes, delimiter } = this;
    let column = 0;
    let begin = from;
    for (let at = from; at <= to; at++) {
      if (at < to && bytes[at] !== delimiter) continue;
      if (column === this.begins.length) this.grow();
      let [first, last] = [begin, at];
      while (first < last && bytes[first]! <= blank) first++;
      while (last > first && bytes[last - 1]! <= blank) last--;
      this.begins[column] = first;
      this.ends[column] = last;
      column++;
      begin = at + 1;
    }
    this.length = column;
  }

  private grow(): void {
    const [begins, ends] = [this.begins, this.ends];
    this.begins = new Int32Array(2 * begins.length);
    this.ends = new Int32Array(2 * ends.length);
    this.begins.set(begins);
    this.ends.set(ends);
  }
}
