/** ONNX models on the disk: pruned copies, and one network as two frameworks wrote it. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoints/checkpoint';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { openFile } from '../../../src/checkpoints/source';
import { pruneCopy, type PruneResult } from '../../../src/checkpoints/write/pruneCopy';
import { valuesOf } from '../../support/openBytes';
import {
  doubleData,
  field,
  float32,
  floatData,
  int32Data,
  model,
  node,
  tensor,
  type TensorFixture,
  types,
  unpackedFloats,
} from '../../support/onnx';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-onnx-'));
});
afterEach(() => rmSync(directory, { recursive: true }));
const at = (name: string): string => path.join(directory, name);

async function countZeros(checkpoint: Checkpoint, index: number): Promise<number> {
  const values = await checkpoint.values(index, 0, checkpoint.tensors[index]!.count);
  return Array.from(values).filter(value => value === 0).length;
}

/** Half of the weights go, smallest first. */
function prune(file: string, out: string): Promise<PruneResult> {
  return pruneCopy({
    file: at(file),
    out: at(out),
    overwrite: false,
    rule: { method: 'magnitude', scope: 'global', target: { sparsity: 0.5 }, policy: new Map() },
    exclude: [],
    countZeros,
    onPhase: () => undefined,
    signal: new AbortController().signal,
  });
}

const openAt = async (name: string): Promise<Checkpoint> => openCheckpoint(await openFile(at(name)));
const matMul = (...weights: readonly string[]): Uint8Array[] =>
  weights.map(name => node({ op: 'MatMul', inputs: ['x', name], outputs: ['y'] }));
const weights = (fixture: Omit<TensorFixture, 'name' | 'dims'>): Uint8Array =>
  model({ nodes: matMul('w'), tensors: [tensor({ name: 'w', dims: [2, 2], ...fixture })] });

describe('a pruned copy', () => {
  it.each<[string, Omit<TensorFixture, 'name' | 'dims'>]>([
    ['raw_data', { raw: float32(1, -4, 3, 2) }],
    ['float_data', { more: [floatData(1, -4, 3, 2)] }],
    ['double_data', { type: types.double, more: [doubleData(1, -4, 3, 2)] }],
    ['float16', { type: types.float16, raw: new Uint8Array(Uint16Array.of(0x3c00, 0xc400, 0x4200, 0x4000).buffer) }],
  ])('of %s differs in the weights that go, and nowhere else', async (_, fixture) => {
    const bytes = weights(fixture);
    writeFileSync(at('a.onnx'), bytes);
    await prune('a.onnx', 'b.onnx');
    const copy = await openAt('b.onnx');
    expect(await valuesOf(copy, 'w')).toEqual([0, -4, 3, 0]);
    const { offset, length } = copy.raw(0)!;
    await copy.close();
    const after = readFileSync(at('b.onnx'));
    expect(after.length).toBe(bytes.length);
    for (const [place, byte] of after.entries()) {
      if (place < offset || place >= offset + length) expect(byte).toBe(bytes[place]);
    }
  });

  it('has its external data beside it, in another folder', async () => {
    const external = (offset: number) => ({ location: 'parts/w.bin', offset: String(offset) });
    const bytes = model({
      nodes: matMul('v', 'w'),
      tensors: [
        tensor({ name: 'v', dims: [1, 2], external: external(0) }),
        tensor({ name: 'w', dims: [1, 2], external: external(8) }),
      ],
    });
    mkdirSync(at('in/parts'), { recursive: true });
    mkdirSync(at('out'));
    writeFileSync(at('in/a.onnx'), bytes);
    writeFileSync(at('in/parts/w.bin'), float32(1, 4, 3, 2));
    const result = await prune('in/a.onnx', 'out/b.onnx');
    expect(result.files.map(file => path.relative(directory, file))).toEqual(['out/parts/w.bin', 'out/b.onnx']);
    expect(readdirSync(at('out')).sort()).toEqual(['b.onnx', 'parts']);
    expect(new Uint8Array(readFileSync(at('out/parts/w.bin')))).toEqual(float32(0, 4, 3, 0));
    expect(new Uint8Array(readFileSync(at('out/b.onnx')))).toEqual(bytes);
    expect(new Uint8Array(readFileSync(at('in/parts/w.bin')))).toEqual(float32(1, 4, 3, 2));
    // where the model lies its data would be overwritten
    await expect(prune('in/a.onnx', 'in/b.onnx')).rejects.toThrow('in another folder');
  });

  it('is refused where a weight has no bytes of its own', async () => {
    const scale = tensor({ name: 's', dims: [], raw: float32(0.5) });
    const zero = tensor({ name: 'z', dims: [], type: types.int8, more: [int32Data(3)] });
    const nodes = [node({ op: 'DequantizeLinear', inputs: ['w', 's', 'z'], outputs: ['r'] }), ...matMul('r')];
    const w = tensor({ name: 'w', dims: [2, 2], type: types.int8, raw: Uint8Array.of(1, 2, 3, 4) });
    writeFileSync(at('quantised.onnx'), model({ nodes, tensors: [w, scale, zero] }));
    await expect(prune('quantised.onnx', 'b.onnx')).rejects.toThrow(/"w" cannot be pruned in a copy: .*quantised/);
    writeFileSync(at('unpacked.onnx'), weights({ more: [unpackedFloats(1, 2, 3, 4)] }));
    await expect(prune('unpacked.onnx', 'b.onnx')).rejects.toThrow(/"w" cannot be pruned in a copy/);
    expect(existsSync(at('b.onnx'))).toBe(false);
  });
});

it('external data behind a link that leads out is not read', async () => {
  mkdirSync(at('in'));
  writeFileSync(at('secret.bin'), float32(1));
  symlinkSync(at('secret.bin'), at('in/w.bin'));
  const w = tensor({ name: 'w', dims: [1], external: { location: 'w.bin' } });
  writeFileSync(at('in/a.onnx'), model({ tensors: [w] }));
  const checkpoint = await openAt('in/a.onnx');
  expect(checkpoint.tensors[0]!.error).toMatch(/is a link that leads out of its folder/);
  await checkpoint.close();
});

it('numbers that end before their shape does are told of when they are read', async () => {
  const t = (...more: Uint8Array[]): Uint8Array => tensor({ name: 't', dims: [3], type: types.int32, more });
  for (const [name, bytes, reason] of [
    ['few.onnx', t(int32Data(300, 300)), /few\.onnx: a tensor holds 2 values, but its shape needs 3/],
    ['many.onnx', t(int32Data(1, 2, 3), field(5, 4)), /many\.onnx: a tensor holds more values than the 3/],
    ['endless.onnx', t(field(5, new Uint8Array(20).fill(0xff))), /a value that does not end/],
  ] as const) {
    writeFileSync(at(name), model({ tensors: [bytes] }));
    const checkpoint = await openAt(name);
    await expect(checkpoint.values(0, 0, 3)).rejects.toThrow(reason);
    await checkpoint.close();
  }
});

const real = path.resolve(import.meta.dirname, '../../../../shared/data');
// the files are no part of the project: where they are absent these tests do not run
describe.skipIf(!existsSync(real))('one network written by two (skipped where ../shared/data is absent)', () => {
  const openReal = async (file: string): Promise<Checkpoint> => openCheckpoint(await openFile(path.join(real, file)));
  const zerosAt = (values: readonly number[]): number[] => [...values.keys()].filter(place => values[place] === 0);

  it('mnist.onnx has the tensors of mnist.pt, and the values as far as half precision goes', async () => {
    const [onnx, torch] = [
      await openReal('checkpoints/mnistweb/mnist.onnx'),
      await openReal('checkpoints/mnistweb/mnist.pt'),
    ];
    const described = ({ tensors }: Checkpoint) =>
      tensors.map(({ name, shape, kind, prunable, outputAxis, inputAxis }) => {
        return { name, shape, kind, prunable, outputAxis, inputAxis };
      });
    expect(described(onnx)).toEqual(described(torch));
    for (const { name } of onnx.tensors) {
      expect(await valuesOf(onnx, name), name).toEqual(await valuesOf(torch, name));
    }
    await onnx.close();
    await torch.close();
  });

  it('net.onnx has its zeros where net.pt has them, though batch normalisation is folded in', async () => {
    const [onnx, torch] = [await openReal('models/net.onnx'), await openReal('models/net.pt')];
    const kernels = torch.tensors.filter(({ prunable }) => prunable);
    expect(
      onnx.tensors
        .filter(({ prunable }) => prunable)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(kernels.map(({ name }) => name).sort());
    for (const { name } of kernels) {
      const [left, right] = [await valuesOf(onnx, name), await valuesOf(torch, name)];
      expect(zerosAt(left), name).toEqual(zerosAt(right));
      // the exporter folds into conv1 and conv3 alone
      if (!/^conv[13]/.test(name)) expect(left).toEqual(right);
    }
    await onnx.close();
    await torch.close();
  });
});
