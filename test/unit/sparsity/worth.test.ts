import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sizesOf, worthStatement } from '../../../src/sparsity/worth';
import { conv2d, dense, sequential, torchUniform } from '../../../src/models/builtins/json';
import { lowerModel } from '../../../src/training/plan/lower';
import { kernelUses } from '../../../src/training/plan/kernelUses';

/** [inputs 3 × outputs 2], three weights kept. */
const kernel = {
  name: 'dense/kernel',
  shape: [3, 2],
  weights: Float32Array.of(0.5, 0, 0, -2, 0, 7),
  kept: 3,
  uses: 1,
};

const gzipped = (values: Float32Array): number => gzipSync(new Uint8Array(values.buffer), { level: 6 }).length;

describe('the bytes of a pruned kernel', () => {
  it('count values and 32-bit indices of [outputs × inputs]', async () => {
    const { layers } = await sizesOf([kernel], []);
    expect(layers[0]!.bytes).toEqual({
      dense: 24,
      gzip: gzipped(kernel.weights),
      // value, row and column of three weights
      coo: 3 * 12,
      // value and column of three weights, and where each of two rows begins and the last one ends
      csr: 3 * 8 + 3 * 4,
      // three values and six bits
      bitmask: 3 * 4 + 1,
    });
  });

  it('are stored densely for what is never pruned', async () => {
    const bias = Float32Array.of(0.25, -1);
    const { bytes, layers } = await sizesOf([kernel], [bias]);
    const own = layers[0]!.bytes;
    expect(bytes).toEqual({
      dense: own.dense + 8,
      gzip: own.gzip + gzipped(bias),
      coo: own.coo + 8,
      csr: own.csr + 8,
      bitmask: own.bitmask + 8,
    });
  });
});

describe('the multiply-adds of an example', () => {
  it('count each kept weight as often as it is used', async () => {
    const { multiplyAdds, layers } = await sizesOf([kernel, { ...kernel, name: 'conv/kernel', uses: 49 }], []);
    expect(layers[1]!.multiplyAdds).toEqual({ dense: 6 * 49, effective: 3 * 49 });
    expect(multiplyAdds).toEqual({ dense: 6 * 50, effective: 3 * 50 });
  });

  it('are not told where one layer is not covered by a plan', async () => {
    const { multiplyAdds, layers } = await sizesOf([kernel, { ...kernel, uses: null }], []);
    expect(multiplyAdds).toBeNull();
    expect(layers[0]!.multiplyAdds).toEqual({ dense: 6, effective: 3 });
  });

  it('count the pixels that a convolution gives', () => {
    const initial = { kernel: torchUniform(9), bias: null };
    const topology = () =>
      sequential(
        'net',
        [8, 6, 1],
        [
          conv2d('conv', 4, { size: 3, stride: 2, padding: 'valid', ...initial }),
          { class_name: 'Flatten', config: { name: 'flatten' } },
          dense('fc', 3, 'softmax', initial),
        ],
      );
    const plan = lowerModel({ topology }, { inputShape: [8, 6, 1], classes: 3, loss: 'cross-entropy' });
    // a 3×3 kernel has 3 × 2 places at stride 2 in 8 × 6 pixels
    expect([...kernelUses(plan)]).toEqual([
      ['conv/kernel', 6],
      ['fc/kernel', 1],
    ]);
  });
});

it('is said plainly that zeros make no dense kernel faster, and whose times are told', () => {
  expect(worthStatement('wasm')).toMatch(/Unstructured zeros make no dense kernel faster.*wasm kernels, which skip/);
  expect(worthStatement('webgpu')).toMatch(/"webgpu", which multiplies by the zeros as well/);
});
