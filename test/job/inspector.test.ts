import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../src/checkpoints/safetensors';
import type { InspectorToHost } from '../../src/shared/inspectorMessages';
import { InspectorClient, only } from '../support/inspectorClient';

let folder: string;
let child: ChildProcess;
let client: InspectorClient;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wt-inspector-child-'));
  child = fork('dist/inspector.js', [], { serialization: 'advanced', execArgv: [] });
  client = new InspectorClient(message => {
    child.send(message as object);
  });
  child.on('message', message => {
    client.hear(message as InspectorToHost);
  });
});
afterEach(() => {
  child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const exit = () => new Promise(resolve => child.once('exit', resolve));

describe("the inspector's process", () => {
  it('opens, counts on its threads and sends tiles as typed arrays', async () => {
    const file = path.join(folder, 'w.safetensors');
    const data = Float32Array.from({ length: 64 * 64 }, (_, i) => (i % 4 === 0 ? i : 0));
    writeFileSync(file, encodeSafetensors([{ name: 'w.weight', dtype: 'F32', shape: [64, 64], data }]));
    await client.ask({ type: 'open', id: 1, source: { path: file } });
    const { answers } = await client.ask({ type: 'statistics', id: 2, file: 1, tensors: [0] });
    // position 0 holds 0 itself
    expect(only('statistics', answers)).toMatchObject([
      { result: { ok: true, statistics: { zeros: 64 * 48 + 1, patterns: [{ compliant: 1024 }, { compliant: 512 }] } } },
    ]);
    const region = { row: 0, column: 0, rows: 1, columns: 8 };
    const tile = await client.ask({ type: 'tile', id: 3, file: 1, tensor: 0, region, cells: { rows: 8, columns: 8 } });
    expect(only('tile', tile.answers)[0]!.tile.cells).toEqual({
      kind: 'weights',
      values: Float32Array.of(0, 0, 0, 0, 4, 0, 0, 0),
    });
  });

  it('lives on after nonsense, and ends with its parent', async () => {
    client.tell({ type: 'open', id: -1 });
    await client.until('log');
    expect(child.exitCode).toBeNull();
    const ended = exit();
    child.disconnect();
    expect(await ended).toBe(0);
  });
});
