import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findModule, moduleFolders, modulesVariable } from '../../../src/job/modules';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-modules-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

/** @returns the package's folder */
function put(...parts: string[]): string {
  const folder = path.join(directory, ...parts);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{}');
  return folder;
}

const look = (...folders: string[]): void => {
  vi.stubEnv(modulesVariable, folders.join(path.delimiter));
};

describe('an optional package', () => {
  it('is found in the first folder that has it, itself a node_modules or with one in it', () => {
    const [first, second] = ['a', 'b'].map(name => path.join(directory, name)) as [string, string];
    const inB = put('b', 'node_modules', '@tensorflow', 'tfjs-node');
    look(first, second);
    expect(findModule('@tensorflow/tfjs-node')).toBe(inB);
    const inA = put('a', '@tensorflow', 'tfjs-node');
    expect(findModule('@tensorflow/tfjs-node')).toBe(inA);
  });

  it('counts only with its package.json', () => {
    mkdirSync(path.join(directory, '@tensorflow', 'tfjs-node-gpu'), { recursive: true });
    look(directory);
    expect(findModule('@tensorflow/tfjs-node-gpu')).toBe(null);
  });

  it('is not looked for in a relative folder, which a workspace could fill', () => {
    put('node_modules', '@tensorflow', 'tfjs-node-gpu');
    const before = process.cwd();
    process.chdir(directory);
    try {
      for (const folder of ['.', '', 'node_modules']) {
        look(folder);
        expect(findModule('@tensorflow/tfjs-node-gpu')).toBe(null);
      }
    } finally {
      process.chdir(before);
    }
  });

  it('is looked for among those of the extension last', () => {
    const own = path.join(import.meta.dirname, '../../../node_modules');
    expect(moduleFolders('').map(folder => path.resolve(folder))).toEqual([own]);
    expect(moduleFolders(directory).at(-1)).toBe(moduleFolders('')[0]);
  });
});
