/** TensorFlow.js models of others against what their numbers are by another way. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoints/checkpoint';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { openFile } from '../../../src/checkpoints/source';

const folder = path.resolve(import.meta.dirname, '../../../../shared/data/checkpoints');
const open = async (file: string): Promise<Checkpoint> => openCheckpoint(await openFile(path.join(folder, file)));

interface FaceWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly quantization: { readonly dtype: string; readonly scale: number; readonly min: number };
}

// the files are no part of the project: where they are absent these tests do not run
describe.skipIf(!existsSync(folder))('real models of TensorFlow.js (skipped where ../shared/data is absent)', () => {
  it('mnistweb has the weights of PyTorch’s file: kernels transposed, and there rounded to float16', async () => {
    const [tfjs, torch] = [await open('mnistweb/model.json'), await open('mnistweb/mnist.pt')];
    const pairs = [
      ['transpose', 'i.l.weight'],
      ['mul_1', 'i.l.bias'],
      ['transpose_1', 'h.l.weight'],
      ['mul_3', 'h.l.bias'],
      ['transpose_2', 'o.weight'],
      ['mul_5', 'o.bias'],
    ] as const;
    for (const [left, right] of pairs) {
      const mine = tfjs.tensors.findIndex(({ name }) => name === `PartitionedCall/${left}`);
      const other = torch.tensors.findIndex(({ name }) => name === right);
      const { shape, count, outputAxis, inputAxis, kind } = tfjs.tensors[mine]!;
      const kernel = shape.length === 2;
      expect(shape).toEqual([...torch.tensors[other]!.shape].reverse());
      expect([kind, outputAxis, inputAxis]).toEqual(kernel ? ['dense', 1, 0] : ['bias', null, null]);
      const [values, expected] = [await tfjs.values(mine, 0, count), await torch.values(other, 0, count)];
      const [inputs, outputs] = kernel ? (shape as [number, number]) : [1, count];
      for (let i = 0; i < inputs; i++) {
        for (let o = 0; o < outputs; o++) {
          const [value, rounded] = [values[i * outputs + o]!, expected[o * inputs + i]!];
          // half a unit in the last of 11 places, or of the smallest number
          if (Math.abs(value - rounded) > Math.max(Math.abs(value) * 2 ** -11, 2 ** -25)) {
            expect.fail(`${left}[${i}, ${o}] is ${value}, and ${rounded} in PyTorch’s file`);
          }
        }
      }
    }
    await tfjs.close();
    await torch.close();
  });

  it.each(['tiny_face_detector_model', 'face_landmark_68_tiny_model'])(
    '%s has the values that its manifest makes of its bytes',
    async model => {
      const bytes = readFileSync(path.join(folder, `face-api/${model}-shard1`));
      const manifest = JSON.parse(
        readFileSync(path.join(folder, `face-api/${model}-weights_manifest.json`), 'utf8'),
      ) as readonly { readonly weights: readonly FaceWeight[] }[];
      const checkpoint = await open(`face-api/${model}-weights_manifest.json`);
      let offset = 0;
      for (const [index, { name, shape, quantization }] of manifest[0]!.weights.entries()) {
        const count = shape.reduce((product, size) => product * size, 1);
        const stored = [...bytes.subarray(offset, offset + count)];
        const expected = stored.map(byte => Math.fround(byte * quantization.scale + quantization.min));
        const values = await checkpoint.values(index, 0, count);
        expect(checkpoint.tensors[index]).toMatchObject({ name, shape, count, error: null });
        expect([...values], name).toEqual(expected);
        // the range of the weights: what 0 and 255 stand for, about 0
        const [least, largest] = [quantization.min, quantization.min + 255 * quantization.scale];
        expect(values.every(value => value >= Math.fround(least) && value <= Math.fround(largest))).toBe(true);
        offset += count;
      }
      expect(offset).toBe(bytes.length);
      await checkpoint.close();
    },
  );
});
