/**
 * The machine that a pickle drives: a stack, marks, a memo. All sizes are checked here, so that no opcode can ask for
 * more than the bytes that are there, or build more than `memoryLimit` out of them.
 * Source of the format: CPython Lib/pickletools.py (opcode table) and PEP 3154, PEP 574.
 */
import { CheckpointError } from '../checkpointError';
import { Constructed, Global, Opaque, type PickleHost, type PickleValue } from './pickleValue';

/** Estimated bytes that the objects of one pickle may take: a pickle byte can stand for a whole dict. */
const memoryLimit = 400e6;
/** Estimates of V8's sizes, in bytes. */
const cost = { opcode: 8, slot: 8, array: 48, map: 240, entry: 48, object: 96 } as const;
/** No Python program writes longer lines in the textual opcodes but for strings. */
const lineLimit = 16 * 2 ** 20;
/** Characters of a module or a class; a longer one, recalled again and again, would be compared at length each time. */
const nameLimit = 1_000;
/** Values above one mark; Python's pickler sets a new one after a thousand. A stack that grows is copied, twice in memory. */
const stackLimit = 2 ** 22;
/** How deep makers look into their arguments: into a list, and into one in it that they pass on. */
const copiedDepth = 2;

/** The pickle goes on beyond the bytes at hand. */
export class PickleTruncated extends CheckpointError {
  constructor(
    file: string,
    /** Bytes, from the start of those given, that are needed at least. */
    readonly needed: number,
  ) {
    super(
      file,
      `the pickle is cut off: it goes on to byte ${needed} at least. The file is incomplete: copy or download it again`,
    );
  }
}

export class PickleMachine {
  stack: PickleValue[] = [];
  readonly marks: PickleValue[][] = [];
  finished = false;
  /** Nearly all picklers number from 0 without gaps: those lie in the array, others in the map. */
  private readonly memo: PickleValue[] = [];
  private readonly farMemo = new Map<number, PickleValue>();
  private readonly view: DataView;
  private readonly text: Buffer;
  private spent = 0;
  private opcodeAt = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly file: string,
    readonly host: PickleHost,
    public position: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  fail(reason: string): never {
    throw new CheckpointError(
      this.file,
      `damaged or hostile pickle at byte ${this.opcodeAt}: ${reason}. Save the checkpoint anew, or copy it again`,
    );
  }

  opcode(): number {
    this.opcodeAt = this.position;
    this.spend(cost.opcode);
    return this.uint8();
  }

  /** @param bytes estimated memory of what is about to be made */
  private spend(bytes: number): void {
    this.spent += bytes;
    if (this.spent > memoryLimit) {
      this.fail(`its objects take more than ${memoryLimit / 1e6} MB; no checkpoint's structure is that large`);
    }
  }

  /** @returns where the next `length` bytes begin; they are there */
  take(length: number): number {
    const start = this.position;
    if (start + length > this.bytes.length) throw new PickleTruncated(this.file, start + length);
    this.position = start + length;
    return start;
  }

  uint8(): number {
    return this.bytes[this.take(1)]!;
  }
  uint16(): number {
    return this.view.getUint16(this.take(2), true);
  }
  uint32(): number {
    return this.view.getUint32(this.take(4), true);
  }
  int32(): number {
    return this.view.getInt32(this.take(4), true);
  }
  /** Beyond 2⁵³ rounded, which is beyond any file too. */
  uint64(): number {
    return Number(this.view.getBigUint64(this.take(8), true));
  }
  /** Big-endian, as the opcode BINFLOAT has it. */
  float64(): number {
    return this.view.getFloat64(this.take(8), false);
  }

  /** Not copied. */
  blob(length: number): Uint8Array {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  utf8(length: number): string {
    const start = this.take(length);
    this.spend(length);
    return this.text.toString('utf8', start, start + length);
  }

  /** Up to a line feed, which is skipped. */
  line(): string {
    const end = this.bytes.indexOf(10, this.position);
    if (end < 0) throw new PickleTruncated(this.file, this.bytes.length + 1);
    if (end - this.position > lineLimit) this.fail(`a line of ${end - this.position} bytes`);
    const start = this.take(end - this.position + 1);
    this.spend(end - start);
    return this.text.toString('latin1', start, end);
  }

  push(value: PickleValue): void {
    if (this.stack.length >= stackLimit) this.fail(`more than ${stackLimit} values on its stack`);
    this.stack.push(value);
  }

  pop(): PickleValue {
    const value = this.stack.pop();
    if (value === undefined) this.fail('it takes from an empty stack');
    return value;
  }

  top(): PickleValue {
    const value = this.stack[this.stack.length - 1];
    if (value === undefined) this.fail('it looks at an empty stack');
    return value;
  }

  mark(): void {
    this.spend(cost.array);
    this.marks.push(this.stack);
    this.stack = [];
  }

  /** All above the last mark; the mark goes too. */
  popMark(): PickleValue[] {
    const below = this.marks.pop();
    if (!below) this.fail('it takes up to a mark that was never set');
    const items = this.stack;
    this.stack = below;
    return items;
  }

  array(items: PickleValue[]): PickleValue[] {
    this.spend(cost.array + cost.slot * items.length);
    return items;
  }

  map(): Map<PickleValue, PickleValue> {
    this.spend(cost.map);
    return new Map();
  }

  set(): Set<PickleValue> {
    this.spend(cost.map);
    return new Set();
  }

  /** @param index where the top of the stack is kept; null: the next free one */
  remember(index: number | null): void {
    this.spend(cost.entry);
    const value = this.top();
    const at = index ?? this.memo.length + this.farMemo.size;
    if (at >= 0 && at <= this.memo.length) this.memo[at] = value;
    else this.farMemo.set(at, value);
  }

  recall(index: number): void {
    const value = index < this.memo.length ? this.memo[index] : this.farMemo.get(index);
    if (value === undefined) this.fail(`it recalls object ${index}, which was never made`);
    this.push(value);
  }

  append(target: PickleValue, items: readonly PickleValue[]): void {
    this.spend(cost.slot * items.length);
    const list = target instanceof Opaque ? target.items : target;
    if (!Array.isArray(list)) this.fail('it appends to what is no list');
    for (const item of items) list.push(item);
  }

  addToSet(target: PickleValue, items: readonly PickleValue[]): void {
    this.spend(cost.entry * items.length);
    if (target instanceof Set) for (const item of items) target.add(item);
    else if (target instanceof Opaque) for (const item of items) target.items.push(item);
    else this.fail('it adds to what is no set');
  }

  /** @param items key, value, key, value … */
  setItems(target: PickleValue, items: readonly PickleValue[]): void {
    if (items.length % 2 !== 0) this.fail('a dict gets a key without a value');
    this.spend((cost.entry * items.length) / 2);
    const map = target instanceof Opaque ? target.entries : target;
    if (!(map instanceof Map)) this.fail('it sets items of what is no dict');
    for (let i = 0; i < items.length; i += 2) map.set(items[i]!, items[i + 1]!);
  }

  construct(callable: PickleValue, args: PickleValue): void {
    if (!Array.isArray(args)) this.fail('it calls with what is no tuple');
    this.spend(cost.object + cost.map);
    if (callable instanceof Global) this.spend(callable.module.length + callable.name.length);
    this.spendOnCopy(args, copiedDepth);
    this.push(this.host.construct(callable, args));
  }

  name(module: string, name: string): void {
    if (Math.max(module.length, name.length) > nameLimit) this.fail(`a name of more than ${nameLimit} characters`);
    this.push(new Global(module, name));
  }

  /** What a maker may copy of its arguments: one long list, recalled for a thousand calls, is a thousand lists. */
  private spendOnCopy(value: PickleValue, depth: number): void {
    if (typeof value === 'string') this.spend(value.length);
    else if (value instanceof Map || value instanceof Set) this.spend(cost.entry * value.size);
    else if (Array.isArray(value)) {
      this.spend((depth === copiedDepth ? cost.slot : cost.entry) * value.length);
      if (depth > 0) for (const item of value) this.spendOnCopy(item, depth - 1);
    }
  }

  /** What `__setstate__` or an update of `__dict__` would have been. Attributes of dicts and lists are left out. */
  build(): void {
    const state = this.pop();
    const target = this.top();
    // an opaque object keeps the state itself; others take copies of what is in it
    if (!(target instanceof Opaque)) this.spendOnCopy(state, 1);
    if (target instanceof Constructed) target.setState?.(state);
  }
}
