/** What is said where there is no GPU, and that a process with one ends. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { probeWebGpu } from '../../../../src/training/webgpu/executor';
import { dawnFolder, softwareDriver, webGpu } from '../../../support/webgpu';

const root = path.resolve(import.meta.dirname, '../../../..');

/** Runs a script that has the executor's module as `webgpu`, in a process of its own. */
async function inProcess(script: string, environment: Record<string, string>): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'webgpu-'));
  try {
    const entry = path.join(folder, 'entry.ts');
    const module = path.join(root, 'src/training/webgpu/executor');
    writeFileSync(entry, `import * as webgpu from ${JSON.stringify(module)};\nvoid (async () => {${script}})();\n`);
    const outfile = path.join(folder, 'entry.cjs');
    await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' });
    const options = { env: { ...process.env, ...environment }, timeout: 30_000 };
    return (await promisify(execFile)(process.execPath, [outfile], options)).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('looking for a GPU', { timeout: 60_000 }, () => {
  it('says what to do where the package is missing or does not load', async () => {
    expect(await probeWebGpu(null)).toEqual({ usable: false, reason: expect.stringContaining('Set Up GPU') });
    const missing = await probeWebGpu(path.join(tmpdir(), 'no such folder'));
    expect(missing).toEqual({
      usable: false,
      reason: expect.stringMatching(/no such folder does not load: .*index\.js/s),
    });
  });

  it('says what to install where no adapter is found', async () => {
    const script = `console.log(JSON.stringify(await webgpu.probeWebGpu(${JSON.stringify(dawnFolder)})))`;
    const nothing = { VK_DRIVER_FILES: '/dev/null', VK_ICD_FILENAMES: '/dev/null' };
    const answer = (await inProcess(script, nothing)).split('\n').find(line => line.startsWith('{'))!;
    const probed = JSON.parse(answer) as { usable: boolean; reason?: string };
    // on a Mac there is always one
    if (!probed.usable) expect(probed.reason).toMatch(/no GPU .* install/);
  });

  it.skipIf(!webGpu)('names the adapter, and says of a software one that it is slow', () => {
    expect(webGpu!.device).not.toBe('');
    expect(webGpu!.variant).toMatch(/^\d+ ./);
    const isSoftware = /swiftshader|llvmpipe/i.test(webGpu!.device);
    expect(webGpu!.notes.some(note => note.includes('slower'))).toBe(isSoftware);
  });

  it.skipIf(!webGpu)('lets the process end once the executor is closed', async () => {
    const split = '{ count: 2, inputs: new Float32Array(6), labels: new Int32Array(2) }';
    const data = `{ name: '', task: 'classification', inputShape: [3], classes: 2, training: ${split}, validation: ${split},
      test: ${split}, mean: [0], std: [1], fingerprint: '' }`;
    const script = `const executor = await webgpu.createWebGpuExecutor(${JSON.stringify(dawnFolder)}, ${data});
      await executor.close();
      console.log('closed');`;
    const driver: Record<string, string> =
      process.env['VK_DRIVER_FILES'] === softwareDriver ? { VK_DRIVER_FILES: softwareDriver } : {};
    // execFile fails where it does not end in time
    expect(await inProcess(script, driver)).toContain('closed');
  });
});
