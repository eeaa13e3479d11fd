/** GGUF files as bytes, sound or forged, for tests of their reader. */
import { concat } from './checkpoints';

export type GgufValue =
  | { readonly type: 'u8' | 'u16' | 'u32' | 'i32' | 'f32' | 'bool'; readonly value: number }
  | { readonly type: 'u64'; readonly value: bigint }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'list'; readonly of: GgufValue['type']; readonly value: readonly GgufValue[] };

export interface GgufTensor {
  readonly name: string;
  /** As in the file: what runs fastest first. */
  readonly ne: readonly (number | bigint)[];
  /** `ggml_type` */
  readonly type: number;
  readonly data: Uint8Array;
  /** Behind where the data begin; at the next multiple of the alignment where it is left out. */
  readonly offset?: number | bigint;
}

export interface GgufOptions {
  readonly version?: number;
  readonly bigEndian?: boolean;
  readonly alignment?: number;
  /** What the header claims instead of the truth. */
  readonly counts?: { readonly tensors?: bigint; readonly keys?: bigint };
}

const typeIds = { u8: 0, u16: 2, u32: 4, i32: 5, f32: 6, bool: 7, text: 8, list: 9, u64: 10 } as const;

export const u32 = (value: number): GgufValue => ({ type: 'u32', value });
export const name = (value: string): GgufValue => ({ type: 'text', value });
export const texts = (...values: readonly string[]): GgufValue => {
  return { type: 'list', of: 'text', value: values.map(name) };
};

/** The alignment is not in the metadata unless it is given there. */
export function ggufBytes(
  tensors: readonly GgufTensor[],
  metadata: readonly (readonly [string, GgufValue])[] = [],
  { version = 3, bigEndian = false, alignment = 32, counts = {} }: GgufOptions = {},
): Uint8Array {
  const writer = new Writer(bigEndian, version > 1);
  writer.parts.push(new TextEncoder().encode('GGUF'));
  writer.u32(version);
  writer.size(counts.tensors ?? tensors.length);
  writer.size(counts.keys ?? metadata.length);
  for (const [key, value] of metadata) {
    writer.text(key);
    writer.u32(typeIds[value.type]);
    writer.value(value);
  }
  let end = 0;
  const data: Uint8Array[] = [];
  for (const tensor of tensors) {
    writer.text(tensor.name);
    writer.u32(tensor.ne.length);
    for (const size of tensor.ne) writer.size(size);
    writer.u32(tensor.type);
    writer.u64(tensor.offset ?? end);
    const padded = new Uint8Array(Math.ceil(tensor.data.length / alignment) * alignment);
    padded.set(tensor.data);
    data.push(padded);
    end += padded.length;
  }
  const header = Uint8Array.from(Buffer.concat(writer.parts));
  return concat(header, new Uint8Array((alignment - (header.length % alignment)) % alignment), ...data);
}

class Writer {
  readonly parts: Uint8Array[] = [];

  constructor(
    private readonly bigEndian: boolean,
    private readonly wide: boolean,
  ) {}

  u32(value: number): void {
    this.number(4, view => {
      view.setUint32(0, value, !this.bigEndian);
    });
  }

  u64(value: number | bigint): void {
    this.number(8, view => {
      view.setBigUint64(0, BigInt(value), !this.bigEndian);
    });
  }

  size(value: number | bigint): void {
    if (this.wide) this.u64(value);
    else this.u32(Number(value));
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.size(bytes.length);
    this.parts.push(bytes);
  }

  value(value: GgufValue): void {
    const little = !this.bigEndian;
    switch (value.type) {
      case 'u8':
      case 'bool':
        this.parts.push(Uint8Array.of(value.value));
        break;
      case 'u16':
        this.number(2, view => {
          view.setUint16(0, value.value, little);
        });
        break;
      case 'u32':
      case 'i32':
        this.u32(value.value >>> 0);
        break;
      case 'f32':
        this.number(4, view => {
          view.setFloat32(0, value.value, little);
        });
        break;
      case 'u64':
        this.u64(value.value);
        break;
      case 'text':
        this.text(value.value);
        break;
      case 'list':
        this.u32(typeIds[value.of]);
        this.size(value.value.length);
        for (const item of value.value) this.value(item);
    }
  }

  private number(bytes: number, write: (view: DataView) => void): void {
    const part = new Uint8Array(bytes);
    write(new DataView(part.buffer));
    this.parts.push(part);
  }
}
