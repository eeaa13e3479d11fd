import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeSafetensors } from '../../../src/checkpoints/safetensors';
import { MaskAnswers } from '../../../src/host/maskAnswers';
import { maskRefusal, readMask } from '../../../src/host/maskReader';
import { runDirectory } from '../../../src/host/store';
import { checkPanelMessage } from '../../../src/host/validate';
import type { KernelRegion, MaskPart, MaskRequest } from '../../../src/shared/mask';
import { report, runKey } from './reports';

let store: string;
const run = runKey(1);
/** As the report names it, and as the files do. */
const layer = 'block/conv';
const kernel = 'block/conv/kernel';

beforeEach(async () => {
  store = await mkdtemp(path.join(tmpdir(), 'masks-'));
  await mkdir(runDirectory(store, run), { recursive: true });
});
afterEach(async () => {
  await rm(store, { recursive: true });
});

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
/** Every third weight is pruned; weights count up, every other one below 0. */
const maskOf = (position: number): number => (position % 3 === 0 ? 0 : 1);
const weightOf = (position: number): number => Math.fround((position + 1) * (position % 2 === 0 ? 0.25 : -0.25));

async function put(shape: readonly number[]): Promise<void> {
  const positions = Array.from({ length: count(shape) }, (_, position) => position);
  const other = { name: 'bias', dtype: 'F32', shape: [3], data: new Float32Array(3) } as const;
  const weights = { name: kernel, dtype: 'F32', shape, data: Float32Array.from(positions, weightOf) } as const;
  const mask = { name: kernel, dtype: 'U8', shape, data: Uint8Array.from(positions, maskOf) } as const;
  const directory = runDirectory(store, run);
  await writeFile(path.join(directory, 'final.safetensors'), encodeSafetensors([other, weights]));
  await writeFile(path.join(directory, 'mask.safetensors'), encodeSafetensors([mask]));
}

function ask(region: KernelRegion, block: MaskRequest['block'] = null): MaskRequest {
  return { request: 1, run, layer, weights: 'final', region, block };
}

/** Weights of an answer by place, null where they are pruned. */
function unpack(part: MaskPart, all: number): (number | null)[] {
  if (part.kind !== 'weights') throw new Error('single weights were asked for');
  const kept = new Uint8Array(part.kept);
  const values = new Float32Array(part.values);
  let next = 0;
  return Array.from({ length: all }, (_, at) => ((kept[at >> 3]! >> (at & 7)) & 1 ? values[next++]! : null));
}

describe('single weights', () => {
  test('of a dense layer come by outputs, then inputs', async () => {
    await put([5, 4]);
    const part = await readMask(store, [5, 4], ask({ output: 1, outputs: 2, input: 2, inputs: 3 }));
    const expected = [1, 2].flatMap(output =>
      [2, 3, 4].map(input => (maskOf(input * 4 + output) === 0 ? null : weightOf(input * 4 + output))),
    );
    expect(unpack(part, 6)).toEqual(expected);
  });

  test('of a convolution come kernel by kernel, row by row', async () => {
    const shape = [2, 3, 4, 5];
    await put(shape);
    const part = await readMask(store, shape, ask({ output: 3, outputs: 2, input: 1, inputs: 2 }));
    const expected = [3, 4].flatMap(output =>
      [1, 2].flatMap(input =>
        [0, 1].flatMap(y =>
          [0, 1, 2].map(x => {
            const position = ((y * 3 + x) * 4 + input) * 5 + output;
            return maskOf(position) === 0 ? null : weightOf(position);
          }),
        ),
      ),
    );
    expect(unpack(part, 24)).toEqual(expected);
  });
});

test('blocks count what they keep, also at the edges', async () => {
  await put([5, 4]);
  const whole = { output: 0, outputs: 4, input: 0, inputs: 5 };
  const part = await readMask(store, [5, 4], ask(whole, { outputs: 3, inputs: 2 }));
  if (part.kind !== 'blocks') throw new Error('blocks were asked for');
  const blocks = [0, 1].flatMap(row =>
    [0, 1, 2].map(column => {
      const inside = [0, 1, 2, 3]
        .filter(output => Math.floor(output / 3) === row)
        .flatMap(output => [0, 1, 2, 3, 4].filter(i => Math.floor(i / 2) === column).map(i => i * 4 + output));
      return inside.filter(position => maskOf(position) === 1).map(weightOf);
    }),
  );
  expect([...new Uint32Array(part.kept)]).toEqual(blocks.map(kept => kept.length));
  expect([...new Uint32Array(part.positive)]).toEqual(blocks.map(kept => kept.filter(one => one > 0).length));
  expect([...new Float32Array(part.magnitude)]).toEqual(
    blocks.map(kept => kept.reduce((sum, one) => sum + Math.abs(one), 0)),
  );
  const keptOf = (positions: readonly number[]) => positions.filter(position => maskOf(position) === 1).length;
  const indices = (size: number) => Array.from({ length: size }, (_, index) => index);
  expect([...new Uint32Array(part.outputs)]).toEqual(
    indices(4).map(output => keptOf(indices(5).map(input => input * 4 + output))),
  );
  expect([...new Uint32Array(part.inputs)]).toEqual(
    indices(5).map(input => keptOf(indices(4).map(output => input * 4 + output))),
  );
  expect(part.largest).toBe(Math.max(...blocks.flat().map(Math.abs)));
});

describe('what cannot be read names the file and what to do', () => {
  const whole = ask({ output: 0, outputs: 4, input: 0, inputs: 5 });

  test('a run that was deleted', async () => {
    await expect(readMask(store, [5, 4], whole)).rejects.toThrow(/mask\.safetensors: there is no such file.*run again/);
  });

  test('a file that was cut short', async () => {
    await put([5, 4]);
    await truncate(path.join(runDirectory(store, run), 'final.safetensors'), 150);
    await expect(readMask(store, [5, 4], whole)).rejects.toThrow(/final\.safetensors.*cut short.*run again/);
  });

  test('tensors of another shape or type, or none', async () => {
    await put([4, 5]);
    await expect(readMask(store, [5, 4], whole)).rejects.toThrow(/damaged.*\[4, 5\], not \[5, 4\]/);
    await expect(readMask(store, [4, 5], { ...whole, layer: 'bias' })).rejects.toThrow(/damaged.*bias is missing/);
    const directory = runDirectory(store, run);
    const mask = { name: kernel, dtype: 'F32', shape: [4, 5], data: new Float32Array(20) } as const;
    await writeFile(path.join(directory, 'mask.safetensors'), encodeSafetensors([mask]));
    await expect(readMask(store, [4, 5], whole)).rejects.toThrow(/damaged.*is F32, not U8/);
  });
});

describe('a message that asks for a mask', () => {
  const message = { type: 'mask', ...ask({ output: 0, outputs: 4, input: 0, inputs: 5 }) };

  test('is taken as it is', () => {
    expect(checkPanelMessage(message)).toEqual({ ok: true, value: message });
  });

  test.each([
    { run: '../../../etc' },
    { run: run.slice(1) },
    { layer: 'x'.repeat(5000) },
    { weights: 'mask/../run.json' },
    { request: 0 },
    { request: 1.5 },
    { region: { output: -1, outputs: 4, input: 0, inputs: 5 } },
    { region: { output: 0, outputs: 0, input: 0, inputs: 5 } },
    { region: { output: 0, outputs: 2 ** 40, input: 0, inputs: 5 } },
    { region: { output: NaN, outputs: 1, input: 0, inputs: 1 } },
    { block: { outputs: 0, inputs: 1 } },
    { block: undefined },
  ])('is left out with %o', changes => {
    expect(checkPanelMessage({ ...message, ...changes }).ok).toBe(false);
  });
});

test('requests are answered in their order, also those that fail, and not without end', async () => {
  await put([5, 4]);
  const layers = [{ ...report.layers[0]!, name: layer, shape: [5, 4] }];
  const shown = { ...report, layers, runs: [{ ...report.runs[0]!, key: run, status: 'done' } as const] };
  const answers = new MaskAnswers(store, () => shown);
  const whole = { output: 0, outputs: 4, input: 0, inputs: 5 };
  const asked = Array.from({ length: 40 }, (_, at) => ({
    ...ask(at === 1 ? { ...whole, input: 9 } : whole),
    request: at,
  }));
  const order: number[] = [];
  const all = await Promise.all(
    asked.map(async request => {
      const answer = await answers.answer(request);
      if (answer.type === 'mask') order.push(answer.request);
      return answer;
    }),
  );
  expect(all[1]).toMatchObject({ type: 'maskFailed', message: expect.stringContaining('beyond') as string });
  expect(all.slice(32).map(({ type }) => type)).toEqual(new Array(8).fill('maskFailed'));
  expect(order).toEqual([0, ...Array.from({ length: 30 }, (_, at) => at + 2)]);
  expect((await answers.answer(asked[0]!)).type).toBe('mask');
});

describe('nothing is opened for', () => {
  const known = { ...report.layers[0]!, name: layer, shape: [3000, 2000] };
  const done = { ...report.runs[0]!, key: run, status: 'done' } as const;
  const shown = { ...report, layers: [known], runs: [done] };
  const some = { output: 0, outputs: 10, input: 0, inputs: 10 };

  test('what is not of the report, beyond the layer, or too much', () => {
    expect(maskRefusal(shown, ask(some))).toBeNull();
    expect(maskRefusal(null, ask(some))).toMatch(/no layer/);
    expect(maskRefusal(shown, { ...ask(some), layer: '../../secret' })).toMatch(/no layer/);
    expect(maskRefusal(shown, { ...ask(some), run: runKey(7) })).toMatch(/no finished run/);
    expect(maskRefusal({ ...shown, runs: [{ ...done, status: 'failed' }] }, ask(some))).toMatch(/no finished run/);
    expect(maskRefusal(shown, ask({ ...some, output: 1995 }))).toMatch(/beyond/);
    expect(maskRefusal(shown, ask({ ...some, outputs: 2000, inputs: 1000 }))).toMatch(/too many/);
    expect(maskRefusal(shown, ask({ ...some, outputs: 2000, inputs: 1000 }, { outputs: 2, inputs: 2 }))).toBeNull();
    expect(maskRefusal(shown, ask({ ...some, outputs: 2000, inputs: 1000 }, { outputs: 1, inputs: 1 }))).toMatch(
      /too many/,
    );
  });
});
