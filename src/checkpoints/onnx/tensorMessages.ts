/** TensorProto and SparseTensorProto: shape and type, and where the values lie. */
import { limits } from '../checkpoint';
import { dataFields } from './elementTypes';
import type { SparseRecord, TensorRecord } from './records';
import type { MessageHandler, Span } from './wire';

/** Ten bytes of a varint for each axis. */
const longestDims = 10 * limits.rank;
const valueFields: ReadonlySet<number> = new Set(Object.values(dataFields));
/** data_location: EXTERNAL */
const external = 1;
/** location, offset, length, checksum and what others add. */
const mostExternalEntries = 100;

export class TensorMessage implements MessageHandler {
  constructor(private readonly record: TensorRecord) {}

  varint(field: number, value: number): void {
    const { record } = this;
    if (field === 1) addDims(record, [value]);
    else if (field === 2) record.type = value;
    else if (field === 14) record.isExternal = value === external;
    else if (field === dataFields.int32 || field === dataFields.int64 || field === dataFields.uint64) {
      this.loose(field, value);
    }
  }

  fixed(field: number, value: number): void {
    if (field === dataFields.float || field === dataFields.double) this.loose(field, value);
  }

  delimited(field: number, span: Span): MessageHandler | 'text' | 'varints' | undefined {
    const { record } = this;
    if (field === 8) return 'text';
    if (field === 1) return dimsWanted(record, span);
    if (field === 3) record.isSegment = true;
    if (field === 13 && (record.external?.size ?? 0) < mostExternalEntries) return new ExternalEntry(record);
    if (valueFields.has(field) && span.length > 0) this.piecesOf(field).push(span);
    return undefined;
  }

  text(_field: number, text: string): void {
    this.record.name = text;
  }

  varints(_field: number, values: readonly number[]): void {
    addDims(this.record, values);
  }

  damaged(reason: string): void {
    this.record.damage = reason;
  }

  end(cut: boolean): void {
    if (cut) this.record.damage ??= 'the file is cut short: it ends within this tensor';
  }

  private piecesOf(field: number): (Span | number[])[] {
    const known = this.record.pieces.get(field);
    if (known) return known;
    const pieces: (Span | number[])[] = [];
    this.record.pieces.set(field, pieces);
    return pieces;
  }

  private loose(field: number, value: number): void {
    const pieces = this.piecesOf(field);
    const last = pieces.at(-1);
    if (Array.isArray(last)) last.push(value);
    else pieces.push([value]);
  }
}

/** StringStringEntryProto of external_data. */
class ExternalEntry implements MessageHandler {
  private key = '';
  private value = '';

  constructor(private readonly record: TensorRecord) {}

  delimited(field: number): 'text' | undefined {
    return field === 1 || field === 2 ? 'text' : undefined;
  }

  text(field: number, text: string): void {
    if (field === 1) this.key = text;
    else this.value = text;
  }

  end(): void {
    (this.record.external ??= new Map<string, string>()).set(this.key, this.value);
  }
}

export class SparseMessage implements MessageHandler {
  constructor(private readonly record: SparseRecord) {}

  varint(field: number, value: number): void {
    if (field === 3) addDims(this.record, [value]);
  }

  delimited(field: number, span: Span): MessageHandler | 'varints' | undefined {
    if (field === 1) return new TensorMessage(this.record.values);
    if (field === 2) return new TensorMessage(this.record.indices);
    return field === 3 ? dimsWanted(this.record, span) : undefined;
  }

  varints(_field: number, values: readonly number[]): void {
    addDims(this.record, values);
  }

  damaged(reason: string): void {
    this.record.damage = reason;
  }
}

function dimsWanted(record: TensorRecord | SparseRecord, { length }: Span): 'varints' | undefined {
  if (length <= longestDims) return 'varints';
  tooManyAxes(record);
  return undefined;
}

function addDims(record: TensorRecord | SparseRecord, values: readonly number[]): void {
  if (record.dims.length + values.length > limits.rank) tooManyAxes(record);
  else record.dims.push(...values);
}

function tooManyAxes(record: TensorRecord | SparseRecord): void {
  record.damage ??= `more than ${limits.rank} axes`;
}
