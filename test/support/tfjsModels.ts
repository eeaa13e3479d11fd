/** Models of TensorFlow.js as files, sound or forged, for tests of their readers. */
import { concat, text } from './checkpoints';

export interface WeightFixture {
  readonly name: string;
  readonly shape: readonly number[];
  /** float32 where left out. */
  readonly dtype?: string;
  readonly quantization?: unknown;
  readonly group?: string;
  readonly data: Uint8Array;
}

export type WeightEntry = Omit<WeightFixture, 'data'>;

/** @param values of a weight of float32 */
export function weight(name: string, shape: readonly number[], values: readonly number[]): WeightFixture {
  return { name, shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

/** What the manifest says of weights. */
export function entriesOf(weights: readonly WeightFixture[]): WeightEntry[] {
  return weights.map(weight => {
    const entry: Partial<WeightFixture> & WeightEntry = { dtype: 'float32', ...weight };
    Reflect.deleteProperty(entry, 'data');
    return entry;
  });
}

/**
 * One group, its bytes cut into shards of a size.
 * @returns the manifest, and the shards by their names
 */
export function manifestOf(
  weights: readonly WeightFixture[],
  shardBytes = 4 * 2 ** 20,
): { groups: { paths: string[]; weights: WeightEntry[] }[]; shards: Record<string, Uint8Array> } {
  const bytes = concat(...weights.map(({ data }) => data));
  const count = Math.max(1, Math.ceil(bytes.length / shardBytes));
  const shards = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `group1-shard${i + 1}of${count}.bin`,
      bytes.slice(i * shardBytes, (i + 1) * shardBytes),
    ]),
  );
  return { groups: [{ paths: Object.keys(shards), weights: entriesOf(weights) }], shards };
}

/** A layers model of one Keras layer for each name. */
export function layersModel(classes: Readonly<Record<string, string>>, groups: unknown): Uint8Array {
  const layers = Object.entries(classes).map(([name, class_name]) => ({ class_name, config: { name } }));
  const modelTopology = { keras_version: '2.11.0', model_config: { class_name: 'Sequential', config: { layers } } };
  return text(JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest: groups }));
}

export interface NodeFixture {
  readonly op: string;
  readonly input: readonly string[];
  readonly attr?: object;
}

/** A graph model; nodes are named by their place. */
export function graphModel(nodes: readonly NodeFixture[], groups: unknown): Uint8Array {
  const node = nodes.map((one, i) => ({ name: `node${i}`, ...one }));
  return text(JSON.stringify({ format: 'graph-model', modelTopology: { node }, weightsManifest: groups }));
}
