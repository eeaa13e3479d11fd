/** Random crops and mirroring of training images, read off the gradient of a model that shows its inputs. */
import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../../src/data/dataset';
import { Random } from '../../../src/shared/random';
import { noRegularization } from '../../../src/training/trainer';
import { createWasmExecutor } from '../../../src/training/wasm/executor';
import { TestGraph } from '../../support/testGraph';
import { planOfNetwork } from './agreement';
import { setupOf } from './support';

const height = 5;
const width = 4;
const channels = 2;
const features = height * width * channels;
/** More than a panel; each example is of a class of its own. */
const examples = 20;
const mean = [0.4, 0.1];
const std = [0.3, 0.7];

const random = new Random('augmentation');
const bytes = Uint8Array.from({ length: examples * features }, () => 1 + random.nextBelow(255));
const standardised = (value: number, channel: number): number => (value - mean[channel]!) / std[channel]!;

function dataSet(inputs: Uint8Array | Float32Array): DataSet {
  const split = { count: examples, inputs, labels: Uint8Array.from({ length: examples }, (_, n) => n) };
  return {
    name: 'pictures',
    inputShape: [height, width, channels],
    task: 'classification',
    classes: examples,
    training: split,
    validation: { ...split, count: 0 },
    test: split,
    mean,
    std,
    fingerprint: '',
  };
}

const graph = new TestGraph([height, width, channels]);
const output = graph.dense(graph.flatten(graph.input), examples, 'linear', false);
const plan = planOfNetwork({ graph, output }, examples, 'mean-squared-error');
const zeros = plan.parameters.map(({ size }) => new Float32Array(size));

interface Options {
  readonly crop: number;
  readonly flip: boolean;
  readonly orderSeed?: number | null;
  readonly threads?: number;
  readonly data?: DataSet;
}

/**
 * What the model saw of each example at each step. Weights 0 give outputs 0, so the gradient of the kernel's column for
 * a class is −2 / (classes · batch) · Σ examples of the class: here, each example itself.
 */
async function seen(steps: readonly number[], options: Options): Promise<Float32Array[][]> {
  const { crop, flip, orderSeed = 1, threads = 2, data = dataSet(bytes) } = options;
  const executor = await createWasmExecutor(data, { threads });
  try {
    const images: Float32Array[][] = [];
    for (const fromStep of steps) {
      const session = await executor.open(
        setupOf(plan, zeros, {
          batchSize: examples,
          orderSeed,
          fromStep,
          regularization: { ...noRegularization, augmentation: { crop, flip } },
        }),
      );
      await session.train(fromStep + 1);
      const kernel = (await session.weights())[0]!;
      images.push(
        Array.from({ length: examples }, (_, n) =>
          Float32Array.from({ length: features }, (__, i) => (kernel[i * examples + n]! * examples * examples) / 2),
        ),
      );
      await session.close();
    }
    return images;
  } finally {
    await executor.close();
  }
}

/** The example moved by whole pixels, what comes in is byte 0, then perhaps mirrored. */
function moved(example: number, down: number, right: number, mirrored: boolean): Float32Array {
  return Float32Array.from({ length: features }, (_, i) => {
    const channel = i % channels;
    const column = Math.floor(i / channels) % width;
    const y = Math.floor(i / channels / width) + down;
    const x = (mirrored ? width - 1 - column : column) + right;
    const inside = y >= 0 && y < height && x >= 0 && x < width;
    const byte = inside ? bytes[example * features + (y * width + x) * channels + channel]! : 0;
    return standardised(byte / 255, channel);
  });
}

/** How the example was changed; null: in none of the ways there are. */
function changeOf(image: Float32Array, example: number, crop: number) {
  for (const mirrored of [false, true]) {
    for (let down = -crop; down <= crop; down++) {
      for (let right = -crop; right <= crop; right++) {
        const wanted = moved(example, down, right, mirrored);
        if (image.every((value, i) => Math.abs(value - wanted[i]!) < 1e-4)) return { mirrored, down, right };
      }
    }
  }
  return null;
}

describe('augmentation', { timeout: 60_000 }, () => {
  const steps = [0, 1, 5, 17, 100];

  it('shifts by whole pixels up to the crop, fills with standardised black, and mirrors half of the images', async () => {
    const crop = 2;
    const changes = (await seen(steps, { crop, flip: true })).flatMap(images =>
      images.map((image, n) => changeOf(image, n, crop)),
    );
    expect(changes).not.toContain(null);
    const kinds = changes.map(change => change!);
    const count = (test: (change: (typeof kinds)[number]) => boolean): number => kinds.filter(test).length;
    // 100 draws: each side of a coin between 30 and 70 times but once in 25,000; each of 5 shifts at least 5 times
    expect(count(({ mirrored }) => mirrored)).toBeGreaterThan(29);
    expect(count(({ mirrored }) => mirrored)).toBeLessThan(71);
    for (let shift = -crop; shift <= crop; shift++) {
      expect(count(({ down }) => down === shift)).toBeGreaterThan(4);
      expect(count(({ right }) => right === shift)).toBeGreaterThan(4);
    }
  });

  it('keeps some images as they are, shifts some, mirrors some and does both to others', async () => {
    const kinds = (await seen(steps, { crop: 1, flip: true })).flatMap(images =>
      images.map((image, n) => {
        const { mirrored, down, right } = changeOf(image, n, 1)!;
        return `${mirrored ? 'mirrored' : 'as is'}, ${down === 0 && right === 0 ? 'in place' : 'shifted'}`;
      }),
    );
    expect(new Set(kinds)).toEqual(
      new Set(['as is, in place', 'as is, shifted', 'mirrored, in place', 'mirrored, shifted']),
    );
  });

  it('only mirrors, or only shifts, where that is what is asked for', async () => {
    const mirrored = (await seen(steps, { crop: 0, flip: true })).flat();
    expect(new Set(mirrored.map((image, n) => changeOf(image, n % examples, 0)?.mirrored))).toEqual(
      new Set([true, false]),
    );
    const shifted = (await seen(steps, { crop: 1, flip: false })).flat();
    expect(new Set(shifted.map((image, n) => changeOf(image, n % examples, 1)?.mirrored))).toEqual(new Set([false]));
  });

  it('changes floats as it changes bytes', async () => {
    const floats = dataSet(Float32Array.from(bytes, byte => byte / 255));
    const options = { crop: 1, flip: true };
    const [fromBytes, fromFloats] = [await seen([3], options), await seen([3], { ...options, data: floats })];
    fromFloats[0]!.forEach((image, n) => {
      expect(changeOf(image, n, 1)).toEqual(changeOf(fromBytes[0]![n]!, n, 1));
      expect(changeOf(image, n, 1)).not.toBeNull();
    });
  });

  it('draws the same from the same seed and step on any number of threads, other changes at other steps or seeds', async () => {
    const options = { crop: 2, flip: true };
    const images = await seen([4, 5], options);
    expect(await seen([4, 5], { ...options, threads: 3 })).toEqual(images);
    expect(await seen([4, 5], { ...options, threads: 1 })).toEqual(images);
    expect(images[0]).not.toEqual(images[1]);
    expect(await seen([4, 5], { ...options, orderSeed: 2 })).not.toEqual(images);
  });

  it('leaves evaluation alone', async () => {
    const executor = await createWasmExecutor(dataSet(bytes), { threads: 1 });
    const weights = zeros.map(values => values.map(() => random.nextGaussian()));
    const losses: number[] = [];
    for (const augmentation of [
      { crop: 2, flip: true },
      { crop: 0, flip: false },
    ]) {
      const session = await executor.open(
        setupOf(plan, weights, { regularization: { ...noRegularization, augmentation } }),
      );
      losses.push((await session.evaluate('test'))!.loss);
      await session.close();
    }
    await executor.close();
    expect(losses[0]).toBe(losses[1]);
  });
});
