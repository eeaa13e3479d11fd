/** Any checkpoint: the first reader that recognises a file opens it. */
import type { ByteSource, Checkpoint, FormatReader } from './checkpoint';
import { CheckpointError } from './checkpointError';
import { ggufReader } from './gguf/ggufReader';
import { hdf5Reader } from './keras/hdf5Reader';
import { kerasReader } from './keras/kerasReader';
import { npyReader, npzReader } from './numpy';
import { onnxReader } from './onnx/onnx';
import { describeContent } from './openContent';
import { pytorchLegacy } from './pytorch/legacyFormat';
import { pytorchZip } from './pytorch/zipFormat';
import { safetensorsReader } from './safetensorsReader';
import { shardedIndexReader } from './shardedIndex';
import { readHead } from './source';
import { tfjsReader } from './tfjs/tfjsReader';

/** One file each. Strict signatures first, guesses last: where two could take a file, the one that asks more is first. */
const fileReaders: readonly FormatReader[] = [
  npyReader,
  ggufReader,
  safetensorsReader,
  pytorchZip,
  kerasReader,
  npzReader,
  hdf5Reader,
  pytorchLegacy,
  onnxReader,
];

export const readers: readonly FormatReader[] = [
  shardedIndexReader(source => openWith(fileReaders, source)),
  tfjsReader,
  ...fileReaders,
];

/**
 * @param source stays open: the checkpoint closes it; closed where this throws
 * @throws CheckpointError where no reader recognises it, saying what it is instead; whatever its reader throws
 */
export async function openCheckpoint(source: ByteSource): Promise<Checkpoint> {
  try {
    return await openWith(readers, source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function openWith(candidates: readonly FormatReader[], source: ByteSource): Promise<Checkpoint> {
  const head = await readHead(source);
  for (const reader of candidates) {
    if (await reader.recognises(head, source)) return reader.open(source);
  }
  throw new CheckpointError(source.name, describeContent(head, source.name));
}
