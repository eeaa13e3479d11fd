/** What a model from a file makes of images, in double precision, and the images and logits that it is held to. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readIdx } from '../../src/data/idx';
import { loadModel } from '../../src/models/load';
import { fileWeights } from '../../src/models/weights';
import { lowerModel, type LoweringTarget } from '../../src/training/plan/lower';
import { forward64 } from './float64Reference';

const shared = path.join(import.meta.dirname, '../../../shared/data');
/** Models that frameworks have written; null where the data is not there. */
export const realModels = existsSync(path.join(shared, 'models/net.json')) ? path.join(shared, 'models') : null;
export const realCheckpoints = existsSync(path.join(shared, 'checkpoints')) ? path.join(shared, 'checkpoints') : null;
export const mnistTarget = { inputShape: [28, 28, 1], classes: 10, loss: 'cross-entropy' } as const;

/** Of the plan's output: before a softmax at the end. */
export async function logitsOf(
  folder: string,
  name: string,
  inputs: Float32Array,
  target: LoweringTarget,
): Promise<number[]> {
  const model = await loadModel(name, folder, { inputShape: target.inputShape, classes: target.classes ?? 1 });
  const plan = lowerModel(model, target);
  return Array.from(forward64(plan, fileWeights(plan, model), inputs));
}

/** @returns the logits of the network of net.json for the first test image, as PyTorch computed them */
export function expectedLogits(): number[] {
  const json = JSON.parse(readFileSync(path.join(realModels!, 'net.json'), 'utf8')) as {
    logitsOfFirstTestImage: number[];
  };
  return json.logitsOfFirstTestImage;
}

/** Standardised as net.json says. */
export async function firstTestImage(): Promise<Float32Array> {
  const { data } = await readIdx(path.join(shared, 'mnist/t10k-images-idx3-ubyte.gz'), 3);
  return Float32Array.from(data.subarray(0, 28 * 28), pixel => (pixel / 255 - 0.1307) / 0.3081);
}

export function largestDifference(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Infinity;
  return Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)));
}
