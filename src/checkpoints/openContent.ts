/** What a file is that is no checkpoint, for the message that says so. */
import { describeTensorFlow } from './tensorflowFiles';

/** Signatures at offset 0: https://en.wikipedia.org/wiki/List_of_file_signatures */
const signatures: readonly (readonly [readonly number[], string])[] = [
  [[0x1f, 0x8b], 'gzip: unpack it first (`gunzip`, or `tar xzf` for .tar.gz)'],
  [[0x42, 0x5a, 0x68], 'bzip2: unpack it first (`bunzip2`)'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'xz: unpack it first (`unxz`)'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'Zstandard: unpack it first (`unzstd`)'],
  [[0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], 'a 7z archive: unpack it first'],
  [[0x52, 0x61, 0x72, 0x21, 0x1a, 0x07], 'a RAR archive: unpack it first'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive, but of no checkpoint format: if checkpoints are in it, unpack it first'],
  [[0x50, 0x4b, 0x05, 0x06], 'an empty zip archive'],
  [[0x89, 0x50, 0x4e, 0x47], 'a PNG image'],
  [[0xff, 0xd8, 0xff], 'a JPEG image'],
  [[0x47, 0x49, 0x46, 0x38], 'a GIF image'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF document'],
  [[0x7f, 0x45, 0x4c, 0x46], 'a program (ELF)'],
  [[0x4d, 0x5a], 'a program (Windows)'],
  [[0x50, 0x41, 0x52, 0x31], 'Parquet: a data set, not a checkpoint'],
  [[0x00, 0x61, 0x73, 0x6d], 'a WebAssembly module'],
  [[0x53, 0x51, 0x4c, 0x69, 0x74, 0x65], 'an SQLite database'],
];

const formats = 'safetensors, PyTorch, Keras, ONNX, TensorFlow.js, NumPy, GGUF';

/**
 * @param head the file's first bytes, at least one
 * @param name of the file: parts of some formats are mere values
 */
export function describeContent(head: Uint8Array, name: string): string {
  return `no checkpoint format that is known (${formats}): it looks like ${describeTensorFlow(head, name) ?? guess(head)}`;
}

function guess(head: Uint8Array): string {
  const known = signatures.find(([bytes]) => bytes.every((byte, i) => head[i] === byte));
  if (known) return known[1];
  // a tar file has its signature at 257: POSIX.1-1988 ustar
  if (new TextDecoder('latin1').decode(head.subarray(257, 262)) === 'ustar') return 'a tar archive: unpack it first';
  if (head.every(byte => byte === 0)) return 'nothing but zero bytes: perhaps a download that was broken off';
  const text = asText(head);
  if (text !== null) {
    if (/^\s*<(!doctype|html|\?xml)/i.test(text)) return 'a web page: perhaps a download that asked for a login';
    if (/^\s*[[{]/.test(text)) return 'JSON without a weight manifest or index';
    return 'text';
  }
  const shown = Array.from(head.subarray(0, 8), byte => byte.toString(16).padStart(2, '0')).join(' ');
  return `binary data that begins with ${shown}`;
}

/** Null where it is not UTF-8 without control characters; a character cut off at the end counts as whole. */
function asText(head: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}
