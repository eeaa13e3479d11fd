/** TensorFlow.js: `model.json` of layers models and graph models, and weight manifests by themselves. */
import type { TensorInfo } from '../../shared/inspection';
import type { ByteSource, Checkpoint, FormatReader, RawRange } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { bytesPerElement, decode, isDtype } from '../dtypes';
import { describeTensor } from '../roles';
import { isRecord } from '../safetensorsHeader';
import { graphUses, type Use } from './graphUses';
import { layerClasses } from './layerClasses';
import { readManifest } from './manifest';
import { readModelJson } from './modelJson';
import { dequantise, storedBytes } from './quantization';
import { placeWeights, type PlacedWeight, type PlacedWeights } from './weights';

const longestValue = 1000;

export const tfjsReader: FormatReader = {
  name: 'TensorFlow.js',
  recognises(head) {
    const text = new TextDecoder().decode(head);
    // the manifest may stand behind a topology of megabytes; what stands before it is the model's own
    if (/^\s*\{/.test(text)) {
      return /"(modelTopology|weightsManifest)"\s*:|"format"\s*:\s*"(layers|graph)-model"/.test(text);
    }
    return /^\s*\[\s*\{\s*"(weights|paths)"\s*:\s*\[/.test(text);
  },
  async open(source) {
    const json = await readModelJson(source);
    const model = isRecord(json) ? json : {};
    const manifest = Array.isArray(json) ? json : model['weightsManifest'];
    if (manifest === undefined) {
      throw new CheckpointError(
        source.name,
        'a TensorFlow.js model without weights: it has no weightsManifest. Save it anew with its weights',
      );
    }
    const placed = await placeWeights(source, readManifest(manifest, source.name));
    return new TfjsCheckpoint(source, model, placed);
  },
};

class TfjsCheckpoint implements Checkpoint {
  readonly format: string;
  readonly tensors: readonly TensorInfo[];
  readonly metadata: Checkpoint['metadata'];
  readonly notes: readonly string[];
  readonly bytes: number;
  private readonly weights: readonly PlacedWeight[];

  constructor(
    private readonly source: ByteSource,
    model: Readonly<Record<string, unknown>>,
    private readonly placed: PlacedWeights,
  ) {
    this.weights = placed.weights;
    const topology = model['modelTopology'];
    const graph = model['format'] === 'graph-model' || (isRecord(topology) && Array.isArray(topology['node']));
    const useOf = graph ? graphUses(topology) : layersUses(topology);
    this.format = `TensorFlow.js ${graph ? 'graph model' : topology === undefined ? 'weights' : 'layers model'}`;
    this.tensors = placed.weights.map(weight => describe(weight, useOf(weight.name)));
    this.metadata = metadataOf(model);
    const quantised = placed.weights.some(({ quantization }) => quantization !== null);
    this.notes = [
      ...placed.notes,
      ...(quantised ? ['Quantised weights are shown as the numbers they stand for: stored × scale + min'] : []),
    ];
    this.bytes = placed.sources.reduce((sum, { size }) => sum + size, source.size);
  }

  raw(index: number): RawRange | null {
    const { error, quantization, group, begin, bytes, dtype } = this.weights[index]!;
    return error === null && quantization === null && isDtype(dtype) ? group.range(begin, bytes) : null;
  }

  parts(index: number): readonly RawRange[] | null {
    const { error, quantization, group, begin, bytes, dtype } = this.weights[index]!;
    if (error !== null || quantization !== null || !isDtype(dtype) || this.raw(index)) return null;
    const parts = group.parts(begin, bytes);
    // shards are cut at bytes, which may be in the middle of a value
    return parts.every(({ length }) => length % bytesPerElement[dtype] === 0) ? parts : null;
  }

  async values(index: number, begin: number, end: number, signal?: AbortSignal): Promise<Float32Array | Float64Array> {
    const { group, begin: start, quantization, dtype } = this.weights[index]!;
    const { name, error } = this.tensors[index]!;
    const type = quantization?.dtype ?? dtype;
    if (error !== null || !isDtype(type)) {
      throw new CheckpointError(this.source.name, `tensor ${JSON.stringify(name)}: ${error ?? type}`);
    }
    const size = quantization ? storedBytes(quantization) : bytesPerElement[type];
    const bytes = await group.read(start + begin * size, (end - begin) * size, signal);
    return quantization ? dequantise(quantization, bytes) : decode(type, bytes);
  }

  async close(): Promise<void> {
    for (const shard of this.placed.sources) await shard.close();
    await this.source.close();
  }
}

function layersUses(topology: unknown): (weight: string) => Use | undefined {
  const classOf = layerClasses(topology);
  return weight => {
    const layer = classOf(weight);
    return layer === undefined ? undefined : { layer };
  };
}

function describe(
  { name, dtype, shape, bytes, error, optimizer, quantization }: PlacedWeight,
  use: Use | undefined,
): TensorInfo {
  const { axes, ...known } = use ?? {};
  return describeTensor({
    name,
    dtype,
    shape,
    bytes,
    convention: 'keras',
    ...known,
    // those of products of many matrices at once are the last two
    ...(axes && shape.length === 2 && { axes }),
    ...(optimizer ? { role: 'optimizer' as const } : {}),
    ...(dtype === 'string' ? { role: 'other' as const } : {}),
    ...(quantization?.rounded ? { role: 'buffer' as const } : {}),
    error,
  });
}

function metadataOf(model: Readonly<Record<string, unknown>>): [string, string][] {
  const topology = model['modelTopology'];
  const inner = isRecord(topology) ? [['keras_version', topology['keras_version']] as const] : [];
  const keys = ['generatedBy', 'convertedBy', 'signature', 'userDefinedMetadata'];
  return [...keys.map(key => [key, model[key]] as const), ...inner].flatMap(([key, value]) => {
    if (value === undefined || value === null) return [];
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return [[key, text.length > longestValue ? `${text.slice(0, longestValue)}…` : text] as [string, string]];
  });
}
