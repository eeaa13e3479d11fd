import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { experimentDirectory } from '../../../src/host/store';
import { StoreWatch, type StoreFile } from '../../../src/host/storeWatch';

const window = vi.hoisted(() => ({
  folder: '',
  found: [] as { fsPath: string }[],
  told: [] as ((uri: { fsPath: string }) => void)[],
}));
vi.mock('vscode', async () => {
  const common = await import('../../support/fakeVscode');
  const { nothing } = common;
  const listen = (listener: (uri: { fsPath: string }) => void) => {
    window.told.push(listener);
    return nothing;
  };
  return {
    ...common,
    workspace: {
      get workspaceFolders() {
        return [{ uri: { scheme: 'file', fsPath: window.folder } }];
      },
      createFileSystemWatcher: () => ({ ...nothing, onDidCreate: listen, onDidChange: listen, onDidDelete: listen }),
      findFiles: () => Promise.resolve(window.found),
    },
  };
});

describe('files of the experiments of a window', () => {
  let watch: StoreWatch;
  let told: StoreFile[];
  const store = () => path.join(window.folder, '.winning-ticket');
  const ref = (name: string) => ({ store: store(), name });
  const file = (name: string, kind = 'report.json') => path.join(experimentDirectory(ref(name)), kind);
  function write(name: string, text: string, kind?: string): void {
    mkdirSync(experimentDirectory(ref(name)), { recursive: true });
    writeFileSync(file(name, kind), text);
  }
  /** Ten seconds go by, and what is done in them. */
  async function pass(): Promise<void> {
    await vi.advanceTimersByTimeAsync(10_000);
    await new Promise(resolve => setTimeout(resolve, 50));
  }

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    Object.assign(window, { folder: mkdtempSync(path.join(tmpdir(), 'winning-ticket-watch-')), found: [], told: [] });
    watch = new StoreWatch();
    told = [];
    watch.onDidChange(one => {
      told.push(one);
    });
  });
  afterEach(() => {
    watch.dispose();
    vi.useRealTimers();
    rmSync(window.folder, { recursive: true });
  });

  test('are told when they come, change and go, though nobody has seen it', async () => {
    await pass();
    write('orchard', '{}');
    await pass();
    expect(told).toEqual([{ ref: ref('orchard'), name: 'report.json', exists: true }]);
    write('orchard', '{"status":"done"}');
    write('orchard', '{}', 'cluster.json');
    await pass();
    expect(told.slice(1).map(({ name, exists }) => [name, exists])).toEqual([
      ['report.json', true],
      ['cluster.json', true],
    ]);
    rmSync(file('orchard'));
    await pass();
    expect(told.slice(3)).toEqual([{ ref: ref('orchard'), name: 'report.json', exists: false }]);
    rmSync(experimentDirectory(ref('orchard')), { recursive: true });
    await pass();
    expect(told.slice(4)).toEqual([{ ref: ref('orchard'), name: 'cluster.json', exists: false }]);
    await pass();
    expect(told).toHaveLength(5);
  });

  test('are told once where the watcher has seen it too, and at once', async () => {
    write('orchard', '{}');
    for (const tell of window.told) tell({ fsPath: file('orchard') });
    await vi.waitFor(() => {
      expect(told).toHaveLength(1);
    });
    await pass();
    expect(told).toHaveLength(1);
  });

  test('that were found are told of when they change, and not before', async () => {
    write('orchard', '{}');
    window.found = [{ fsPath: file('orchard') }, { fsPath: path.join(window.folder, 'elsewhere/report.json') }];
    expect(await watch.find('report.json')).toEqual([ref('orchard')]);
    await pass();
    expect(told).toEqual([]);
    write('orchard', '{"status":"done"}');
    await pass();
    expect(told).toHaveLength(1);
  });

  test('of other names, and in folders that are no experiments, are none', async () => {
    write('orchard', '{}', 'model.json');
    write('an evil one', '{}');
    writeFileSync(path.join(store(), 'experiments', 'report.json'), '{}');
    await pass();
    expect(told).toEqual([]);
  });

  test('are not looked for after the window is closed', async () => {
    watch.dispose();
    expect(vi.getTimerCount()).toBe(0);
    write('orchard', '{}');
    await pass();
    expect(told).toEqual([]);
  });
});
