/** What a format makes of a ticket: the bytes of its files, and what has to be found in them again. */

/** A file in pieces, which are written one after another. */
export interface ExportFile {
  /** Within the folder that the files go to. */
  readonly name: string;
  readonly pieces: readonly Uint8Array[];
}

/** As the project's own reader of the format lists it. */
export interface ExpectedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** F32 bit by bit, bytes by their values. */
  readonly data: Float32Array | Uint8Array;
}

export interface Artefact {
  /** The one that was asked for is the last: who finds it finds the others. */
  readonly files: readonly ExportFile[];
  /** By the name of the file that lists them. */
  readonly expected: ReadonlyMap<string, readonly ExpectedTensor[]>;
  /** What a person should know who uses it. */
  readonly notes: readonly string[];
}

export function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
