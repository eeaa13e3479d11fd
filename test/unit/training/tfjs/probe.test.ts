/** What a person is told of executors on TensorFlow.js that cannot be used. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeCuda, gpus, parseGpus } from '../../../../src/training/tfjs/cuda';
import { probeCpu, probeTensorFlow, probeTensorFlowGpu } from '../../../../src/training/tfjs/probe';

/** A package that cannot be loaded, as one whose installer did not finish. */
function packageThatThrows(code: string): string {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'tfjs-')), 'tfjs-node');
  mkdirSync(folder);
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ name: 'tfjs-node', version: '4.22.0', main: 'main.js' }),
  );
  writeFileSync(path.join(folder, 'main.js'), code);
  return folder;
}

const reasonOf = async (code: string): Promise<string> => {
  const found = await probeTensorFlow(packageThatThrows(code));
  return found.usable ? '' : found.reason;
};

describe('probing', () => {
  it('finds the plain executor everywhere', async () => {
    const found = await probeCpu();
    expect(found).toMatchObject({ usable: true });
    expect(found.usable && found.variant).toMatch(/TensorFlow\.js 4\./);
  });

  it('says which package is missing and how to get it', async () => {
    expect(await probeTensorFlow(null)).toMatchObject({
      usable: false,
      reason: expect.stringMatching(/@tensorflow\/tfjs-node,.*WINNING_TICKET_MODULES/) as string,
    });
    expect(await probeTensorFlowGpu(null)).toMatchObject({
      usable: false,
      reason: expect.stringMatching(/@tensorflow\/tfjs-node-gpu,.*driver/) as string,
    });
  });

  it("gives the loader's own words and names the library", async () => {
    const words = 'libtensorflow.so.2: cannot open shared object file: No such file or directory';
    const reason = await reasonOf(
      `throw Object.assign(new Error(${JSON.stringify(words)}), { code: 'ERR_DLOPEN_FAILED' });`,
    );
    expect(reason).toContain(words);
    expect(reason).toMatch(/TensorFlow's C library libtensorflow\.so\.2 .*npm rebuild/);
    const cuda = 'libcudnn.so.8: cannot open shared object file: No such file or directory';
    expect(await reasonOf(`throw new Error(${JSON.stringify(cuda)});`)).toMatch(
      /Install the CUDA library libcudnn\.so\.8/,
    );
  });

  it('knows an installer that did not finish, and parts that are missing', async () => {
    const unfinished = 'The Node.js native addon module (tfjs_binding.node) can not be found at path: /x.\\nPlease run';
    expect(await reasonOf(`throw new Error('${unfinished}');`)).toMatch(/installer did not finish.*npm rebuild/);
    expect(await reasonOf("require('@mapbox/node-pre-gyp-of-nobody');")).toMatch(
      /node-pre-gyp-of-nobody.*Install the package again/,
    );
  });

  it('reads what nvidia-smi tells, and lists what of CUDA is there', () => {
    const gpus = parseGpus('NVIDIA H100 80GB HBM3, 550.54.15, 81559 MiB\n');
    expect(gpus).toEqual(['NVIDIA H100 80GB HBM3, driver 550.54.15, 81559 MiB']);
    expect(parseGpus('No devices were found\n')).toEqual([]);
    expect(describeCuda({ gpus, found: ['libcudart.so.11.0'], missing: ['libcudnn.so.8'] })).toBe(
      'the driver knows NVIDIA H100 80GB HBM3, driver 550.54.15, 81559 MiB; of CUDA and cuDNN libcudnn.so.8 is missing; found libcudart.so.11.0',
    );
  });
});

describe.skipIf(process.platform === 'win32')('an nvidia-smi', () => {
  function programThat(body: string): string {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'nvidia-')), 'nvidia-smi');
    writeFileSync(file, `#!${process.execPath}\n${body}`, { mode: 0o755 });
    return file;
  }
  const card = "'NVIDIA H100, 550.54, 81559 MiB\\n'";

  it('that answers is heard', async () => {
    const program = programThat(`process.stdout.write(${card});`);
    expect(await gpus(program, 20_000)).toEqual(['NVIDIA H100, driver 550.54, 81559 MiB']);
  });

  it('that prints more than an answer has tells of no GPU', async () => {
    expect(await gpus(programThat(`process.stdout.write(${card}.repeat(5000));`), 20_000)).toEqual([]);
  });

  it('that hangs and will not end is killed, and tells of no GPU', async () => {
    const program = programThat(
      `process.on('SIGTERM', () => {}); process.stdout.write(${card}); setTimeout(() => {}, 20_000);`,
    );
    const begin = Date.now();
    // enough for Node.js to start
    expect(await gpus(program, 1500)).toEqual([]);
    expect(Date.now() - begin).toBeLessThan(10_000);
  });
});
