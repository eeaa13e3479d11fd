/** Files that a checkpoint names for its parts: whatever it says, only those of its own folder are opened. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { memorySource } from '../../../src/checkpoints/memorySource';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { encodeSafetensors } from '../../../src/checkpoints/safetensors';
import { openFile } from '../../../src/checkpoints/source';
import { pathBeside } from '../../../src/checkpoints/sourcePath';
import { hostileNames, lookAlikes } from '../../support/hostileNames';
import { graph, model, tensor } from '../../support/onnx';
import { entriesOf, layersModel, weight } from '../../support/tfjsModels';

interface Format {
  readonly file: string;
  /** One tensor, `w`, of one value, which lies in the file of the name. */
  readonly naming: (name: string) => Uint8Array;
  readonly part: Uint8Array;
}

const value = 7;
const float = new Uint8Array(Float32Array.of(value).buffer);
const shard = encodeSafetensors([{ name: 'w', dtype: 'F32', shape: [1], data: Float32Array.of(value) }]);
const indexOf = (name: string): Uint8Array => Buffer.from(JSON.stringify({ weight_map: { w: name } }));

const formats: Readonly<Record<string, Format>> = {
  'an index of safetensors': { file: 'model.safetensors.index.json', naming: indexOf, part: shard },
  'an index of PyTorch': { file: 'pytorch_model.bin.index.json', naming: indexOf, part: shard },
  'external data of ONNX': {
    file: 'model.onnx',
    naming: location => model(graph({ tensors: [tensor({ name: 'w', dims: [1], external: { location } })] })),
    part: float,
  },
  'a manifest of TensorFlow.js': {
    file: 'model.json',
    naming: name => layersModel({}, [{ paths: [name], weights: entriesOf([weight('w', [1], [value])]) }]),
    part: float,
  },
};

let directory: string;
/** In it lies the checkpoint; beside it `secret`, which holds what would be read. */
let folder: string;
const at = (name: string): string => path.join(folder, name);

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'confinement-'));
  folder = path.join(directory, 'inner');
  mkdirSync(at('part'), { recursive: true });
  symlinkSync(directory, at('up'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** @returns why the tensor has no value; null where it has it */
async function errorOf({ file, naming, part }: Format, name: string): Promise<string | null> {
  for (const place of ['secret', 'inner/file', 'inner/part/file']) writeFileSync(path.join(directory, place), part);
  writeFileSync(at(file), naming(name));
  try {
    const checkpoint = await openCheckpoint(await openFile(at(file)));
    try {
      expect([...(await checkpoint.values(0, 0, 1))]).toEqual([value]);
      return null;
    } finally {
      await checkpoint.close();
    }
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    return (error as CheckpointError).message;
  }
}

describe.each(Object.entries(formats))('%s', (_, format) => {
  test.each([['file'], ['./part//file'], ['part\\file']])('reads %s', async name => {
    expect(await errorOf(format, name)).toBeNull();
  });

  test.each(hostileNames)('refuses %s, and says which file names what', async (_what, name) => {
    const error = await errorOf(format, name);
    expect(error).toContain(format.file);
    // names of endless length are refused before a path is made of them
    expect(error).toMatch(/it names the file "|names? .*more than 4096 characters/);
    expect(error!.length).toBeLessThan(1000);
  });

  test.each(lookAlikes)('finds nothing by %s', async (_what, name) => {
    expect(await errorOf(format, name)).toMatch(/there is no such file/);
  });

  test.each([['up/secret'], ['link']])('follows no link out of the folder: %s', async name => {
    rmSync(at('link'), { force: true });
    symlinkSync(path.join(directory, 'secret'), at('link'));
    expect(await errorOf(format, name)).toMatch(/is a link that leads out of its folder/);
  });
});

test('a path is the same whatever separates it, and stays below the folder', () => {
  expect(pathBeside('a', './part\\.//file')).toBe('part/file');
  for (const [, name] of lookAlikes) expect(path.resolve('/in', pathBeside('a', name)).startsWith('/in/')).toBe(true);
});

test.each(hostileNames)('in memory too, nothing is found by %s', async (_, name) => {
  const source = memorySource('index', float, { '../secret': float, secret: float, '/etc/passwd': float, '': float });
  await expect(source.beside(name)).rejects.toThrow(/^index: it names the file "/);
});
