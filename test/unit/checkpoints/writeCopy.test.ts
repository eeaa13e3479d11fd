/** Pruned copies: in every format the bytes that should change and no others, and never over the original. */
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoints/checkpoint';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { openFile } from '../../../src/checkpoints/source';
import { pruneCopy, type PruneRequest, type PruneResult } from '../../../src/checkpoints/write/pruneCopy';
import type { PruneRule } from '../../../src/checkpoints/write/pruneRule';
import { concat, npyBytes, safetensorsBytes, text, zipBytes } from '../../support/checkpoints';
import { floats, tensor, torchLegacy, torchZip } from '../../support/pickles';

let directory: string;
beforeEach(() => {
  directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'wt-write-')));
});
afterEach(() => rmSync(directory, { recursive: true }));

const at = (name: string): string => path.join(directory, name);
function write(name: string, bytes: Uint8Array | string): string {
  mkdirSync(path.dirname(at(name)), { recursive: true });
  writeFileSync(at(name), bytes);
  return name;
}

const half = { method: 'magnitude', scope: 'global', target: { sparsity: 0.5 }, policy: new Map() } satisfies PruneRule;

async function countZeros(checkpoint: Checkpoint, index: number): Promise<number> {
  let zeros = 0;
  for (const value of await checkpoint.values(index, 0, checkpoint.tensors[index]!.count)) if (value === 0) zeros++;
  return zeros;
}

function prune(file: string, out: string, request: Partial<PruneRequest> = {}): Promise<PruneResult> {
  return pruneCopy({
    file: at(file),
    out: at(out),
    overwrite: false,
    rule: half,
    exclude: [],
    countZeros,
    onPhase: () => undefined,
    signal: new AbortController().signal,
    ...request,
  });
}

/** Values of every tensor by name. */
async function read(file: string): Promise<Record<string, number[]>> {
  const checkpoint = await openCheckpoint(await openFile(at(file)));
  try {
    const entries = checkpoint.tensors.map(async ({ name, count }, index) => {
      return [name, Array.from(await checkpoint.values(index, 0, count))] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  } finally {
    await checkpoint.close();
  }
}

/** Offsets at which two files differ. */
function differences(a: string, b: string): number[] {
  const [left, right] = [readFileSync(at(a)), readFileSync(at(b))];
  expect(right.length).toBe(left.length);
  return Array.from(left.keys()).filter(place => left[place] !== right[place]);
}

describe('a pruned copy of safetensors', () => {
  /** 1 to 8 in order, of any type. */
  const eight: readonly (readonly [string, Uint8Array])[] = [
    ['F64', new Uint8Array(Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer)],
    ['F32', floats(1, 2, 3, 4, 5, 6, 7, 8)],
    ['F16', new Uint8Array(Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600, 0x4700, 0x4800).buffer)],
    ['BF16', new Uint8Array(Uint16Array.of(0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0, 0x40c0, 0x40e0, 0x4100).buffer)],
    ['F8_E4M3', Uint8Array.of(0x38, 0x40, 0x44, 0x48, 0x4a, 0x4c, 0x4e, 0x50)],
    ['F8_E5M2', Uint8Array.of(0x3c, 0x40, 0x42, 0x44, 0x45, 0x46, 0x47, 0x48)],
  ];

  it.each(eight)('of %s differs in the bytes of the weights that go, and nowhere else', async (dtype, data) => {
    const width = data.length / 8;
    const header = {
      bias: { dtype, shape: [2], data_offsets: [0, 2 * width] },
      'w.weight': { dtype, shape: [2, 4], data_offsets: [2 * width, 10 * width] },
    };
    const bytes = safetensorsBytes(header, concat(data.subarray(0, 2 * width), data));
    write('a.safetensors', bytes);
    const result = await prune('a.safetensors', 'b.safetensors');
    expect(await read('b.safetensors')).toEqual({ bias: [1, 2], 'w.weight': [0, 0, 0, 0, 5, 6, 7, 8] });
    const start = bytes.length - data.length;
    for (const place of differences('a.safetensors', 'b.safetensors')) {
      expect(place >= start && place < start + 4 * width).toBe(true);
    }
    expect(result.files).toEqual([at('b.safetensors')]);
    expect(result.tensors).toMatchObject([
      { chosen: false, before: 0, after: 0 },
      { chosen: true, before: 0, after: 4 },
    ]);
  });

  it('keeps a tensor that is left out, and NaN', async () => {
    const header = {
      'a.weight': { dtype: 'F32', shape: [1, 4], data_offsets: [0, 16] },
      'b.weight': { dtype: 'F32', shape: [1, 4], data_offsets: [16, 32] },
    };
    write('a.safetensors', safetensorsBytes(header, floats(1, 2, NaN, 3, 1, 2, 3, 4)));
    const rule: PruneRule = { ...half, target: { sparsity: 0.9 } };
    await prune('a.safetensors', 'b.safetensors', { exclude: ['b'], rule });
    expect(await read('b.safetensors')).toEqual({ 'a.weight': [0, 0, NaN, 0], 'b.weight': [1, 2, 3, 4] });
  });

  const shard = (name: string, ...values: number[]) => {
    const header = { [name]: { dtype: 'F32', shape: [1, values.length], data_offsets: [0, 4 * values.length] } };
    return safetensorsBytes(header, floats(...values));
  };

  it('in shards has all its files under their names in the other folder', async () => {
    write('in/parts/1.safetensors', shard('a.weight', 1, 2, 30, 40));
    write('in/2.safetensors', shard('b.weight', 3, 4, 50, 60));
    const map = { 'a.weight': 'parts/1.safetensors', 'b.weight': '2.safetensors' };
    write('in/model.safetensors.index.json', JSON.stringify({ weight_map: map }));
    mkdirSync(at('out'));
    const result = await prune('in/model.safetensors.index.json', 'out/pruned.index.json');
    expect(await read('out/pruned.index.json')).toEqual({ 'a.weight': [0, 0, 30, 40], 'b.weight': [0, 0, 50, 60] });
    expect(result.files.at(-1)).toBe(at('out/pruned.index.json'));
    expect(readdirSync(at('out')).sort()).toEqual(['2.safetensors', 'parts', 'pruned.index.json']);
    // in its own folder the parts would be overwritten
    await expect(prune('in/model.safetensors.index.json', 'in/other.index.json', { overwrite: true })).rejects.toThrow(
      'in another folder',
    );
  });

  describe.skipIf(process.platform === 'win32')('in shards whose subfolder is a link', () => {
    beforeEach(() => {
      write('in/parts/1.safetensors', shard('a.weight', 1, 2, 30, 40));
      write('in/2.safetensors', shard('b.weight', 3, 4, 50, 60));
      const map = { 'b.weight': '2.safetensors', 'a.weight': 'parts/1.safetensors' };
      write('in/model.safetensors.index.json', JSON.stringify({ weight_map: map }));
      write('elsewhere/1.safetensors', 'precious');
      write('out/2.safetensors', 'precious too');
    });
    const pruned = (request: Partial<PruneRequest> = {}) =>
      prune('in/model.safetensors.index.json', 'out/pruned.index.json', { overwrite: true, ...request });
    const nothingWritten = () => {
      expect(readdirSync(at('elsewhere'))).toEqual(['1.safetensors']);
      expect(readFileSync(at('elsewhere/1.safetensors'), 'utf8')).toBe('precious');
      expect(readdirSync(at('out')).sort()).toEqual(['2.safetensors', 'parts']);
      expect(readFileSync(at('out/2.safetensors'), 'utf8')).toBe('precious too');
    };

    it('out of the folder is refused before the work, whatever else could be written', async () => {
      symlinkSync(at('elsewhere'), at('out/parts'));
      const phases: string[] = [];
      await expect(pruned({ onPhase: phase => phases.push(phase) })).rejects.toThrow(
        `${at('out/parts')}: a link that leads out of ${at('out')}, to ${at('elsewhere')}: nothing is written through it; remove it, or choose another folder`,
      );
      expect(phases).toEqual([]);
      nothingWritten();
    });

    it('that came during the work is refused before anything is moved', async () => {
      const onPhase = (phase: string) => {
        if (phase === 'checking') symlinkSync('../elsewhere', at('out/parts'));
      };
      await expect(pruned({ onPhase })).rejects.toThrow(/parts: a link that leads out of/);
      nothingWritten();
    });

    it('to what is not there is refused, and its end not made', async () => {
      symlinkSync(at('none'), at('out/parts'));
      await expect(pruned()).rejects.toThrow(/parts: a link that leads nowhere: .*choose another folder/);
      expect(existsSync(at('none'))).toBe(false);
      nothingWritten();
    });

    it('within the folder is followed, and so is one that is the folder itself, or in the source', async () => {
      mkdirSync(at('out/real'));
      symlinkSync('real', at('out/parts'));
      renameSync(at('in/parts'), at('in/there'));
      symlinkSync('there', at('in/parts'));
      symlinkSync('out', at('chosen'));
      await prune('in/model.safetensors.index.json', 'chosen/pruned.index.json', { overwrite: true });
      expect(await read('out/pruned.index.json')).toEqual({ 'a.weight': [0, 0, 30, 40], 'b.weight': [0, 0, 50, 60] });
      expect(readdirSync(at('out/real'))).toEqual(['1.safetensors']);
      expect(readdirSync(at('out')).sort()).toEqual(['2.safetensors', 'parts', 'pruned.index.json', 'real']);
    });
  });
});

describe('a pruned copy of NumPy arrays', () => {
  it('column-major and big-endian is right in single weights', async () => {
    const swapped = Buffer.from(floats(1, 4, 2, 5, 3, 6)).swap32();
    write('a.npy', npyBytes("{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3), }", swapped));
    await prune('a.npy', 'b.npy');
    expect(await read('b.npy')).toEqual({ b: [0, 0, 0, 4, 5, 6] });
  });

  it('in an archive has right checksums', async () => {
    const array = (...values: number[]) =>
      npyBytes(`{'descr': '<f4', 'fortran_order': False, 'shape': (2, ${values.length / 2}), }`, floats(...values));
    const bytes = zipBytes([
      { name: 'a.weight.npy', data: array(1, 2, 3, 4) },
      { name: 'readme.txt', data: text('unchanged') },
      { name: 'b.weight.npy', data: array(5, 6, 7, 8) },
    ]);
    write('a.npz', bytes);
    await prune('a.npz', 'b.npz', { rule: { ...half, scope: 'layer' } as PruneRule });
    expect(await read('b.npz')).toEqual({ 'a.weight': [0, 0, 3, 4], 'b.weight': [0, 0, 7, 8] });
    expect(checksums('b.npz')).toEqual([true, true, true]);
  });

  it('in a compressed archive is refused, with the tensor and what to do', async () => {
    const data = npyBytes("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }", floats(1, 2));
    write('a.npz', zipBytes([{ name: 'w.weight.npy', data, deflate: true }]));
    await expect(prune('a.npz', 'b.npz')).rejects.toThrow(/"w\.weight" cannot be pruned.*compressed.*--exclude/);
    expect(readdirSync(directory)).toEqual(['a.npz']);
  });
});

/** Whether the checksums of a zip file's entries are those of their contents: in the directory, local and behind. */
function checksums(name: string): boolean[] {
  const bytes = readFileSync(at(name));
  const right: boolean[] = [];
  for (
    let place = bytes.indexOf('PK\x01\x02', 0, 'latin1');
    place >= 0;
    place = bytes.indexOf('PK\x01\x02', place + 4, 'latin1')
  ) {
    const local = bytes.readUInt32LE(place + 42);
    const begin = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const content = bytes.subarray(begin, begin + bytes.readUInt32LE(place + 20));
    const truth = crc32(content);
    const behind = (bytes.readUInt16LE(local + 6) & 8) !== 0;
    const second = behind ? bytes.readUInt32LE(begin + content.length + 4) : bytes.readUInt32LE(local + 14);
    right.push(bytes.readUInt32LE(place + 16) === truth && second === truth);
  }
  return right;
}

describe('a pruned copy of PyTorch checkpoints', () => {
  const six = floats(1, 2, 3, 4, 5, 6);

  it('transposed is right in single weights, and tied memory changes once for all its names', async () => {
    const transposed = tensor({ key: '0', count: 6, shape: [2, 3], stride: [1, 2] });
    write('a.pt', torchZip({ 'a.weight': transposed, 'b.weight': transposed }, { 0: six }));
    const before = await read('a.pt');
    expect(before['a.weight']).toEqual([1, 3, 5, 2, 4, 6]);
    const result = await prune('a.pt', 'b.pt');
    expect(await read('b.pt')).toEqual({ 'a.weight': [0, 0, 5, 0, 4, 6], 'b.weight': [0, 0, 5, 0, 4, 6] });
    expect(result.tensors.map(({ chosen, after }) => [chosen, after])).toEqual([
      [true, 3],
      [false, null],
    ]);
    expect(checksums('b.pt').every(Boolean)).toBe(true);
  });

  it('pruned by torch.nn.utils.prune loses weights of the original under the mask', async () => {
    const original = tensor({ key: '0', count: 6, shape: [2, 3] });
    const mask = tensor({ key: '1', count: 6, shape: [2, 3] });
    write(
      'a.pt',
      torchZip({ 'w.weight_orig': original, 'w.weight_mask': mask }, { 0: six, 1: floats(1, 1, 1, 1, 0, 1) }),
    );
    await prune('a.pt', 'b.pt');
    expect(await read('b.pt')).toEqual({ 'w.weight': [0, 0, 3, 4, 0, 6] });
    const [place] = differences('a.pt', 'b.pt').slice(-1);
    expect(place).toBeDefined();
  });

  it('in the legacy format is patched where its storages lie', async () => {
    const weight = tensor({ key: '0', count: 6, shape: [2, 3], legacy: true });
    write('a.pt', torchLegacy({ 'w.weight': weight }, [['0', 6, six]]));
    await prune('a.pt', 'b.pt');
    expect(await read('b.pt')).toEqual({ 'w.weight': [0, 0, 0, 4, 5, 6] });
  });

  it('whose tensors overlap in part is refused once they come out otherwise than planned', async () => {
    const part = (offset: number) => tensor({ key: '0', count: 6, offset, shape: [2, 2] });
    write('a.pt', torchZip({ 'a.weight': part(0), 'b.weight': part(2) }, { 0: six }));
    const rule: PruneRule = { ...half, target: { sparsity: 0.75 } };
    await expect(prune('a.pt', 'b.pt', { exclude: ['b'], rule })).rejects.toThrow(
      '"b.weight" has 1 zeros instead of 0; if it shares memory',
    );
    expect(readdirSync(directory)).toEqual(['a.pt']);
  });

  it('that expands one value over many is refused', async () => {
    const expanded = tensor({ key: '0', count: 2, shape: [3, 2], stride: [0, 1] });
    write('a.pt', torchZip({ 'w.weight': expanded }, { 0: floats(1, 2) }));
    await expect(prune('a.pt', 'b.pt')).rejects.toThrow('"w.weight" cannot be pruned');
  });
});

describe('a zip file whose checksums follow the contents', () => {
  it('has them set right there too', async () => {
    const data = npyBytes("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }", floats(1, 2));
    const whole = Buffer.from(zipBytes([{ name: 'w.weight.npy', data, forged: { flags: 8 } }]));
    const end = whole.indexOf('PK\x01\x02', 0, 'latin1');
    const descriptor = Buffer.alloc(16);
    descriptor.write('PK\x07\x08', 'latin1');
    descriptor.writeUInt32LE(crc32(data), 4);
    descriptor.writeUInt32LE(data.length, 8);
    descriptor.writeUInt32LE(data.length, 12);
    whole.writeUInt32LE(0, 14);
    const moved = Buffer.from(whole.subarray(end));
    const record = moved.indexOf('PK\x05\x06', 0, 'latin1');
    moved.writeUInt32LE(moved.readUInt32LE(record + 16) + 16, record + 16);
    write('a.npz', concat(whole.subarray(0, end), descriptor, moved));
    expect(checksums('a.npz')).toEqual([true]);
    await prune('a.npz', 'b.npz');
    expect(await read('b.npz')).toEqual({ 'w.weight': [0, 2] });
    expect(checksums('b.npz')).toEqual([true]);
    // the local header is to stay as it was
    expect(readFileSync(at('b.npz')).readUInt32LE(14)).toBe(0);
  });
});

describe('the original', () => {
  const header = { 'w.weight': { dtype: 'F32', shape: [1, 4], data_offsets: [0, 16] } };
  const bytes = safetensorsBytes(header, floats(1, 2, 3, 4));
  beforeEach(() => write('a.safetensors', bytes));
  const untouched = () => expect(new Uint8Array(readFileSync(at('a.safetensors')))).toEqual(bytes);

  it.each([
    ['itself', () => 'a.safetensors'],
    ['by another path', () => `${path.basename(directory)}/../a.safetensors`.replace(/^[^/]+\/\.\.\//, './')],
    ['through a symbolic link', () => (symlinkSync(at('a.safetensors'), at('link')), 'link')],
    ['through a hard link', () => (linkSync(at('a.safetensors'), at('hard')), 'hard')],
  ])('is never written to: %s', async (_what, out) => {
    await expect(prune('a.safetensors', out(), { overwrite: true })).rejects.toThrow('never written to');
    untouched();
  });

  it('may be read-only', async () => {
    chmodSync(at('a.safetensors'), 0o444);
    await prune('a.safetensors', 'b.safetensors');
    expect(await read('b.safetensors')).toEqual({ 'w.weight': [0, 0, 3, 4] });
    untouched();
  });

  it('is pruned into a new file, or over another where that is said', async () => {
    write('b.safetensors', 'precious');
    await expect(prune('a.safetensors', 'b.safetensors')).rejects.toThrow('--overwrite');
    expect(readFileSync(at('b.safetensors'), 'utf8')).toBe('precious');
    await prune('a.safetensors', 'b.safetensors', { overwrite: true });
    expect(await read('b.safetensors')).toEqual({ 'w.weight': [0, 0, 3, 4] });
  });

  it('is not pruned into a folder that is not there', async () => {
    await expect(prune('a.safetensors', 'none/b.safetensors')).rejects.toThrow(/none: there is no such folder/);
    expect(existsSync(at('none'))).toBe(false);
  });

  it.each(['ranking', 'copying', 'pruning', 'checking'] as const)(
    'is left alone where one cancels while %s',
    async when => {
      const controller = new AbortController();
      const onPhase = (phase: string) => {
        if (phase === when) controller.abort(new Error('stop'));
      };
      await expect(prune('a.safetensors', 'b.safetensors', { onPhase, signal: controller.signal })).rejects.toThrow(
        'stop',
      );
      expect(readdirSync(directory)).toEqual(['a.safetensors']);
      untouched();
    },
  );

  it('is not said to be pruned where the copy holds other zeros than planned', async () => {
    let calls = 0;
    const lying = () => Promise.resolve(calls++ === 0 ? 0 : 1);
    await expect(prune('a.safetensors', 'b.safetensors', { countZeros: lying })).rejects.toThrow(
      '1 zeros instead of 2',
    );
    expect(readdirSync(directory)).toEqual(['a.safetensors']);
  });
});

describe('more values than are held at once', () => {
  const rules: readonly (readonly [PruneRule, number])[] = [
    [half, 0.5],
    [{ method: 'n:m', n: 1, m: 4 }, 0.75],
    [{ ...half, method: 'structured', norm: 'l1' }, 0.5],
  ];

  it.each(rules)('are pruned alike: %j', async (rule, share) => {
    const [rows, columns] = [1100, 2048];
    const values = new Float32Array(rows * columns);
    for (let i = 0, state = 1; i < values.length; i++) {
      state = (state * 48271) % 2147483647;
      values[i] = state / 2 ** 31 - 0.5;
    }
    const header = { 'w.weight': { dtype: 'F32', shape: [rows, columns], data_offsets: [0, values.byteLength] } };
    write('a.safetensors', safetensorsBytes(header, new Uint8Array(values.buffer)));
    const { tensors } = await prune('a.safetensors', 'b.safetensors', { rule });
    expect(tensors[0]!.after).toBe(share * rows * columns);
    const pruned = (await read('b.safetensors'))['w.weight']!;
    expect(pruned.every((value, i) => value === 0 || value === values[i])).toBe(true);
    if (rule.method === 'magnitude') {
      const largestGone = Math.max(...[0, 1, 2, 3].map(part => largest(part)));
      expect(pruned.every(value => value === 0 || Math.abs(value) >= largestGone)).toBe(true);
    }

    function largest(part: number): number {
      let most = 0;
      for (let i = part; i < values.length; i += 4) if (pruned[i] === 0) most = Math.max(most, Math.abs(values[i]!));
      return most;
    }
  });
});
