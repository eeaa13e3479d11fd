/** Reads a TensorFlow.js LayersModel: `model.json` and the weight shards beside it. */
import { open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { ExperimentError } from '../shared/experiment';
import { checkTopology, fault, type ModelFile } from './files/modelFile';
import type { NamedWeight } from './model';
import type { KerasTopology } from './topology';

const largestJson = 64 * 2 ** 20;
const largestWeights = 2 ** 30;
const bytesPerValue: Readonly<Record<string, number>> = { float32: 4, int32: 4, uint8: 1, bool: 1 };

const topologyJson = z.looseObject({ class_name: z.string(), config: z.unknown() });
const versionJson = z.looseObject({ keras_version: z.string().max(100).optional() });
const weightJson = z.looseObject({
  name: z.string().min(1),
  shape: z.array(z.int().min(0)).max(8),
  dtype: z.string(),
  quantization: z.unknown().optional(),
});
const manifestJson = z
  .array(z.looseObject({ paths: z.array(z.string().min(1)).min(1).max(10_000), weights: z.array(weightJson) }))
  .max(10_000);
type Group = z.infer<typeof manifestJson>[number];

/**
 * @param file path of `model.json`; a bare Keras topology (`model.to_json()`) will do, it just has no weights
 * @throws ExperimentError (field "model") naming the file and what to do
 */
export async function readLayersModel(file: string): Promise<ModelFile> {
  const json = parseJson(file, await readWhole(file, largestJson));
  if (json['format'] === 'graph-model') {
    throw fault(
      file,
      'is a TensorFlow.js graph model, in which the layers are dissolved into operations and cannot be trained; ' +
        'convert the original with --output_format=tfjs_layers_model',
    );
  }
  const described = json['modelTopology'] ?? json;
  const parsed = topologyJson.safeParse((described as { model_config?: unknown }).model_config ?? described);
  if (!parsed.success) throw fault(file, 'is not a TensorFlow.js LayersModel: it has no model topology with layers');
  const version = versionJson.safeParse(described).data?.keras_version;
  const topology: KerasTopology = {
    class_name: parsed.data.class_name,
    config: parsed.data.config,
    ...(version === undefined ? {} : { keras_version: version }),
  };
  checkTopology(file, topology);
  const manifest = json['weightsManifest'];
  return { topology, weights: manifest === undefined ? null : await readWeights(file, manifest) };
}

function parseJson(file: string, bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw fault(file, `is not JSON (${(error as Error).message})`);
  }
  if (typeof value !== 'object' || value === null) throw fault(file, 'is not a TensorFlow.js LayersModel');
  return value as Record<string, unknown>;
}

/** @throws ExperimentError where there is no such file, or it is larger than `largest` */
async function readWhole(file: string, largest: number): Promise<Uint8Array> {
  let handle;
  try {
    handle = await open(file);
    const { size } = await handle.stat();
    if (size > largest) throw fault(file, `has ${size} bytes, more than the ${largest} that can be used`);
    return await handle.readFile();
  } catch (error) {
    if (error instanceof ExperimentError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      throw fault(file, 'does not exist; correct the path, which is relative to the experiment file');
    if (code === 'EISDIR') throw fault(file, 'is a folder; name the model.json in it');
    throw fault(file, `cannot be read (${message})`);
  } finally {
    await handle?.close();
  }
}

async function readWeights(file: string, manifest: unknown): Promise<Map<string, NamedWeight>> {
  const groups = manifestJson.safeParse(manifest);
  if (!groups.success) {
    const { path: at, message } = groups.error.issues[0]!;
    throw fault(file, `has a weights manifest that cannot be read: weightsManifest.${at.join('.')}: ${message}`);
  }
  const total = groups.data.reduce((sum, group) => sum + groupBytes(file, group), 0);
  if (total > largestWeights) {
    throw fault(file, `announces ${total} bytes of weights, more than the ${largestWeights} that can be used`);
  }
  const weights = new Map<string, NamedWeight>();
  for (const group of groups.data) {
    const bytes = await readShards(file, group);
    let offset = 0;
    for (const { name, shape, dtype } of group.weights) {
      const count = product(shape);
      if (weights.has(name)) throw fault(file, `lists the weight "${name}" twice`);
      // integers are states of random generators and the like: nothing that is trained
      if (dtype === 'float32') weights.set(name, { shape, data: floats(bytes, offset, count) });
      offset += count * bytesPerValue[dtype]!;
    }
  }
  return weights;
}

function product(shape: readonly number[]): number {
  return shape.reduce((count, n) => count * n, 1);
}

function groupBytes(file: string, group: Group): number {
  let bytes = 0;
  for (const { name, shape, dtype, quantization } of group.weights) {
    if (quantization !== undefined) {
      throw fault(file, `holds quantised weights ("${name}"); convert the original without quantisation`);
    }
    const size = bytesPerValue[dtype];
    if (size === undefined)
      throw fault(file, `holds the weight "${name}" as ${dtype}, which cannot be read; use float32`);
    bytes += product(shape) * size;
  }
  return bytes;
}

/** The shards of a group joined, which is checked to be exactly as long as its weights. */
async function readShards(file: string, group: Group): Promise<Uint8Array> {
  const wanted = groupBytes(file, group);
  const shards = await Promise.all(group.paths.map(shard => confined(file, shard)));
  const sizes = await Promise.all(shards.map(async shard => (await stat(shard)).size));
  const found = sizes.reduce((sum, size) => sum + size, 0);
  if (found !== wanted) {
    throw fault(
      file,
      `announces ${wanted} bytes of weights in ${group.paths.join(', ')}, but there are ${found}; save the model again`,
    );
  }
  const joined = new Uint8Array(wanted);
  let offset = 0;
  for (const [index, shard] of shards.entries()) {
    joined.set((await readWhole(shard, sizes[index]!)).subarray(0, wanted - offset), offset);
    offset += sizes[index]!;
  }
  return joined;
}

/** The real path of a shard, which must lie in the folder of `model.json` and below. */
async function confined(file: string, shard: string): Promise<string> {
  const folder = await realpath(path.dirname(file));
  const outside = (target: string): boolean => {
    const relative = path.relative(folder, target);
    return relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative);
  };
  const target = path.resolve(folder, shard);
  if (path.isAbsolute(shard) || outside(target)) throw fault(file, `names a weights file outside its folder: ${shard}`);
  let real: string;
  try {
    real = await realpath(target);
  } catch {
    throw fault(file, `needs the weights file ${target}, which does not exist; put it beside model.json`);
  }
  if (outside(real)) throw fault(file, `names a weights file outside its folder: ${shard}`);
  return real;
}

/** Little-endian floats; a copy, since a shard need not be aligned. */
function floats(bytes: Uint8Array, offset: number, count: number): Float32Array {
  return new Float32Array(bytes.slice(offset, offset + 4 * count).buffer);
}
