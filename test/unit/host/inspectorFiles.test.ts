import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkInspectorMessage, checkInspectorView } from '../../../src/host/inspector/check';
import { isOwnFile, ownEndings, sharedPatterns } from '../../../src/host/inspector/fileNames';
import { copyPath, pruneArguments, pruneMethods, readDensity } from '../../../src/host/inspector/pruneChoices';
import {
  badgeOf,
  mostKnown,
  readKnownFiles,
  withFile,
  type KnownFiles,
} from '../../../src/host/inspector/sparsityCache';
import { lfsPointer, missing, tooLarge } from '../../../src/host/inspector/virtualFile';
import { readPrune } from '../../../src/job/cli/pruneArguments';

interface Manifest {
  readonly contributes: {
    readonly customEditors: readonly {
      readonly viewType: string;
      readonly priority: string;
      readonly selector: readonly { readonly filenamePattern: string }[];
    }[];
    readonly menus: Readonly<Record<string, readonly { readonly command: string; readonly when?: string }[]>>;
    readonly commands: readonly { readonly command: string }[];
  };
}
const manifest = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../../package.json'), 'utf8')) as Manifest;
const { customEditors, menus, commands } = manifest.contributes;

describe('what package.json says of the inspector', () => {
  test('formats that nobody else owns open in it; names that others use offer it', () => {
    const patterns = (priority: string) =>
      customEditors
        .filter(editor => editor.priority === priority)
        .flatMap(({ selector }) => selector.map(one => one.filenamePattern));
    expect(patterns('default')).toEqual(ownEndings.map(ending => `*.${ending}`));
    expect(patterns('option')).toEqual([...sharedPatterns]);
  });

  test("the explorer's menu has it for the same files, and for none else", () => {
    const entry = menus['explorer/context']!.find(({ command }) => command === 'winningTicket.inspect')!;
    const tests = [...entry.when!.matchAll(/resourceFilename =~ \/(.*?)\/(i?)(?= |$)/g)].map(
      ([, source = '', flags]) => new RegExp(source, flags),
    );
    const offered = (name: string) => tests.some(one => one.test(name));
    for (const ending of ownEndings) expect(offered(`a.${ending}`), ending).toBe(true);
    for (const name of ['a.bin', 'A.PT', 'model.json', 'model.safetensors.index.json', 'a-weights_manifest.json'])
      expect(offered(name)).toBe(true);
    for (const name of ['a.txt', 'package.json', 'pt', 'a.pt.txt']) expect(offered(name), name).toBe(false);
  });

  test('every command in a menu is contributed', () => {
    const known = commands.map(({ command }) => command);
    for (const { command } of Object.values(menus).flat()) expect(known).toContain(command);
  });

  test('endings are told whatever their case', () => {
    expect(isOwnFile('/models/a.SafeTensors')).toBe(true);
    expect(isOwnFile('/models/a.pth.tar')).toBe(true);
    expect(isOwnFile('/models/npy')).toBe(false);
    expect(isOwnFile('/models/a.json')).toBe(false);
  });
});

describe('files of other file systems', () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 2147483648\n`;

  test('a Git LFS pointer is told, with the size of what it points to and what to do', () => {
    const words = lfsPointer('a.pt', 'vscode-vfs', new TextEncoder().encode(pointer));
    expect(words).toContain('2.0 GiB');
    expect(words).toContain('git lfs pull');
    expect(lfsPointer('a.pt', 'git', new TextEncoder().encode(pointer))).toContain('git worktree add');
    expect(lfsPointer('a.pt', 'git', new Uint8Array(100))).toBeNull();
  });

  test('too large, and missing in a revision: the file, the reason, the remedy', () => {
    expect(tooLarge('a.pt', 'vscode-vfs', 3e9)).toMatch(/a\.pt has 2\.8 GiB .*virtual.*256 MiB.*open the copy/);
    expect(missing('a.pt', 'git')).toMatch(/a\.pt is not there in this revision/);
  });
});

describe('sparsity beside a file', () => {
  const known = { size: 1, changed: 2, prunable: 1000, zeros: 612 };

  test('is told in percent; none and all only where it is so', () => {
    expect(badgeOf(known)).toBe('61');
    expect(badgeOf({ ...known, zeros: 0 })).toBeUndefined();
    expect(badgeOf({ ...known, zeros: 1 })).toBe('1');
    expect(badgeOf({ ...known, zeros: 999 })).toBe('99');
    expect(badgeOf({ ...known, zeros: 1000 })).toBe('∅');
  });

  test('is kept of the last files only', () => {
    let files: KnownFiles = {};
    for (let index = 0; index <= mostKnown; index++) files = withFile(files, `file:///${index}`, known);
    expect(Object.keys(files)).toHaveLength(mostKnown);
    expect(files['file:///0']).toBeUndefined();
  });

  test('what an older version kept is left out where it does not fit', () => {
    expect(readKnownFiles({ a: known, b: { size: 1 }, c: null, d: 'x' })).toEqual({ a: known });
    expect(readKnownFiles('x')).toEqual({});
  });
});

describe('Prune a copy', () => {
  test('each choice makes a command line that the command takes', () => {
    for (const method of pruneMethods) {
      const [verb, file, ...rest] = pruneArguments('/m/a.pt', '/m/b.pt', method, method.fixed ? null : 10, false);
      expect(verb).toBe('prune');
      const values: Record<string, string> = {};
      for (let at = 0; at < rest.length; at += 2) values[rest[at]!.replace(/^--/, '')] = rest[at + 1]!;
      expect(() => readPrune([file!], values), method.label).not.toThrow();
    }
  });

  test('the copy has a name of its own, and parts a folder of their own', () => {
    const [global] = pruneMethods;
    expect(copyPath('/m/a.pt', global!, 10)).toBe('/m/a-pruned-10.pt');
    expect(copyPath('/m/a.pth.tar', global!, 5)).toBe('/m/a-pruned-5.pth.tar');
    expect(copyPath('/m/a.v2.safetensors', global!, null)).toBe('/m/a.v2-pruned.safetensors');
    expect(copyPath('/m/model.safetensors.index.json', global!, 10)).toBe('/m/pruned-10/model.safetensors.index.json');
  });

  test('a share is a number above 0, up to 100', () => {
    expect(readDensity('2,5 %')).toBe(2.5);
    for (const text of ['0', '-1', '101', 'much', '']) expect(typeof readDensity(text)).toBe('string');
  });
});

describe('messages', () => {
  test('of the page: what is no message, out of bounds or too long is refused', () => {
    expect(checkInspectorView({ type: 'ready' }).ok).toBe(true);
    const region = { row: 0, column: 0, rows: 1, columns: 1 };
    const tile = { type: 'tile', request: 1, tensor: 0, region, cells: { rows: 512, columns: 512 } };
    expect(checkInspectorView(tile).ok).toBe(true);
    for (const wrong of [
      null,
      { type: 'perform', action: 'format disk' },
      { ...tile, cells: { rows: 513, columns: 1 } },
      { ...tile, region: { ...region, row: -1 } },
      { ...tile, tensor: 1.5 },
      { type: 'visible', tensors: Array.from({ length: 513 }, () => 0) },
    ]) {
      expect(checkInspectorView(wrong).ok).toBe(false);
    }
  });

  test('of the process: a tile holds as many cells as it says', () => {
    const matrix = { rows: 2, columns: 2, kernelPositions: 1 };
    const region = { row: 0, column: 0, rows: 2, columns: 2 };
    const tile = (values: Float32Array) => ({
      type: 'tile',
      id: 1,
      tile: { matrix, region, rows: 2, columns: 2, cellRows: 1, cellColumns: 1, cells: { kind: 'weights', values } },
    });
    expect(checkInspectorMessage(tile(new Float32Array(4))).ok).toBe(true);
    expect(checkInspectorMessage(tile(new Float32Array(3))).ok).toBe(false);
    expect(checkInspectorMessage(tile([0, 0, 0, 0] as unknown as Float32Array)).ok).toBe(false);
  });

  test('numbers that are no numbers pass where they may stand', () => {
    const values = new Float32Array([NaN, Infinity]);
    const tile = {
      matrix: { rows: 1, columns: 2, kernelPositions: 1 },
      region: { row: 0, column: 0, rows: 1, columns: 2 },
      rows: 1,
      columns: 2,
      cellRows: 1,
      cellColumns: 1,
      cells: { kind: 'weights', values },
    };
    expect(checkInspectorMessage({ type: 'tile', id: 1, tile }).ok).toBe(true);
  });
});
