/** Decompresses a page to exactly the size that its header gives. */
import * as zlib from 'node:zlib';
import { unsnap } from './snappy';

/** `CompressionCodec`. */
const codecs = ['none', 'Snappy', 'GZIP', 'LZO', 'Brotli', 'LZ4', 'Zstandard', 'LZ4_RAW'] as const;

type Decompress = (bytes: Uint8Array, size: number) => Uint8Array;

/** Of zlib, what versions of Node before 22.15 lack. */
const zstandard = (zlib as { readonly zstdDecompressSync?: typeof zlib.brotliDecompressSync }).zstdDecompressSync;

const decompressors: Readonly<Partial<Record<string, Decompress>>> = {
  none: bytes => bytes,
  Snappy: unsnap,
  GZIP: (bytes, size) => zlib.gunzipSync(bytes, { maxOutputLength: Math.max(1, size) }),
  Brotli: (bytes, size) => zlib.brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, size) }),
  ...(zstandard && { Zstandard: (bytes, size) => zstandard(bytes, { maxOutputLength: Math.max(1, size) }) }),
};

/** @returns null where it can be decompressed, else why not and what to do */
export function whyNotDecompressed(codec: number): string | null {
  const name = codecs[codec];
  if (name === undefined) return `is compressed by an unknown method (${codec}); write it again with Snappy`;
  if (decompressors[name]) return null;
  return name === 'Zstandard'
    ? `is compressed with Zstandard, which Node ${process.versions.node} lacks: use Node 22.15 or later, or write it again with Snappy`
    : `is compressed with ${name}, which is not read; write it again with Snappy`;
}

/**
 * @param codec one that `whyNotDecompressed` takes
 * @throws Error where it does not give `size` bytes
 */
export function decompress(codec: number, bytes: Uint8Array, size: number): Uint8Array {
  const page = decompressors[codecs[codec]!]!(bytes, size);
  if (page.length !== size) throw new Error(`a page decompresses to ${page.length} bytes, not ${size}`);
  return page;
}
