/** What every kind of model file comes down to, and how weights are taken out of checkpoints. */
import type { Checkpoint } from '../../checkpoints/checkpoint';
import { CheckpointError } from '../../checkpoints/checkpointError';
import type { Task } from '../../data/dataset';
import { ExperimentError } from '../../shared/experiment';
import type { TensorInfo } from '../../shared/inspection';
import type { NamedWeight } from '../model';
import { readTopology, type KerasTopology } from '../topology';

export interface ModelFile {
  readonly topology: KerasTopology;
  /** By Keras' names; null where the file has none. */
  readonly weights: ReadonlyMap<string, NamedWeight> | null;
}

/** What a model file that leaves it open takes from the data. */
export interface ModelData {
  /** Shape of one example, channels last. */
  readonly inputShape: readonly number[];
  readonly classes: number;
  /** Left out: classification; with regression `classes` are targets. */
  readonly task?: Task;
}

/** 1 GiB of float32: what plans cover at most. */
export const mostWeights = 2 ** 28;
/** What a checkpoint gives at a time. */
const blockValues = 2 ** 22;

export function fault(file: string, message: string): ExperimentError {
  return new ExperimentError('model', `${file} ${message}`);
}

/** What a reader of checkpoints says of the file, as what it is to the experiment: its model cannot be used. */
export async function asModelError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CheckpointError) throw new ExperimentError('model', error.message);
    throw error;
  }
}

/** @throws ExperimentError that names the file where it is no model that can be read */
export function checkTopology(file: string, topology: KerasTopology): void {
  try {
    readTopology(topology);
  } catch (error) {
    throw error instanceof ExperimentError ? fault(file, error.reason) : error;
  }
}

/** Whether a tensor is part of the network: no state of an optimiser, no count of batches or seed. Quantised ones begin with Q. */
export function isPartOfNetwork({ role, dtype }: TensorInfo): boolean {
  return (role === 'weight' || role === 'buffer') && /^(F\d|BF\d|Q)/.test(dtype);
}

/** All weights of a checkpoint, by the names it gives them. @throws ExperimentError where one cannot be read */
export async function weightsOf(file: string, checkpoint: Checkpoint): Promise<ReadonlyMap<string, NamedWeight>> {
  const wanted = [...checkpoint.tensors.entries()].filter(([, tensor]) => isPartOfNetwork(tensor));
  checkCount(
    file,
    wanted.reduce((sum, [, { count }]) => sum + count, 0),
  );
  const weights = new Map<string, NamedWeight>();
  for (const [index, { name }] of wanted) weights.set(name, await readTensor(file, checkpoint, index));
  return weights;
}

/**
 * @param count of all values that are read of the file
 * @throws ExperimentError where these are more than can be trained
 */
export function checkCount(file: string, count: number): void {
  if (count <= mostWeights) return;
  throw fault(file, `holds ${count} weights, more than the ${mostWeights} that can be trained; use a smaller model`);
}

/** @throws ExperimentError where the tensor cannot be read */
export async function readTensor(file: string, checkpoint: Checkpoint, index: number): Promise<NamedWeight> {
  const { name, shape, count, error } = checkpoint.tensors[index]!;
  if (error !== null) throw fault(file, `holds the weight "${name}", which cannot be read: ${error}`);
  const data = await readValues(count, (begin, end) => checkpoint.values(index, begin, end));
  return { shape, data };
}

/** @param read gives values [begin, end) */
export async function readValues(
  count: number,
  read: (begin: number, end: number) => Promise<ArrayLike<number>>,
): Promise<Float32Array> {
  const data = new Float32Array(count);
  for (let at = 0; at < count; at += blockValues) {
    data.set(await read(at, Math.min(count, at + blockValues)), at);
  }
  return data;
}
