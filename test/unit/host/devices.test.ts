import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deviceChoices } from '../../../src/host/devices/deviceChoices';
import { checkExamination, runDoctor } from '../../../src/host/devices/examination';
import { byHand, canInstall, installables, isInstalled, modulesEnvironment } from '../../../src/host/devices/modules';
import { findNpm, install, NpmMissingError } from '../../../src/host/devices/npm';
import type { Examination } from '../../../src/shared/examination';
import { version as webgpuVersion } from '../../../node_modules/webgpu/package.json';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'devices-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const memory = { data: 1, parameters: 1, activations: 1, total: 3 };
const examination: Examination = {
  node: '22.0.0',
  platform: 'linux x64',
  findings: ['NVIDIA: no driver answers'],
  executors: [
    { name: 'webgpu', usable: false, reason: 'no GPU that WebGPU can use was found' },
    {
      name: 'wasm',
      usable: true,
      device: '2 threads',
      variant: '3',
      notes: ['one thread only'],
      stepsPerSecond: 1046.4,
      measurements: [
        { measuredOn: 'LeNet-300-100, Adam, batch 60', stepsPerSecond: 1046.4, sparseStepsPerSecond: 2000, memory },
        { measuredOn: 'SimpleCNN, Adam, batch 64', reason: 'out of memory' },
      ],
    },
  ],
  auto: [{ measuredOn: 'LeNet-300-100, Adam, batch 60', executor: 'wasm' }],
};

describe('the list of devices', () => {
  test('has auto, what can be used with its speed, and what cannot with its reason', () => {
    expect(deviceChoices(examination, 'wasm')).toEqual([
      {
        executor: 'auto',
        usable: true,
        label: '$(circle-large-outline) auto',
        description: 'the fastest for each experiment',
        detail: 'By a trial of some seconds at its first start. Here it takes wasm for LeNet-300-100.',
      },
      {
        executor: 'wasm',
        usable: true,
        label: '$(check) wasm',
        description: '2 threads',
        detail: 'LeNet-300-100 1,046 steps/s, sparse 2,000 steps/s · SimpleCNN: out of memory · one thread only',
      },
      {
        executor: 'webgpu',
        usable: false,
        label: '$(circle-slash) webgpu',
        description: 'cannot be used here',
        detail: 'no GPU that WebGPU can use was found',
      },
    ]);
  });
});

describe('the doctor', () => {
  const run = async (body: string, controller = new AbortController()) => {
    const script = path.join(directory, 'cli.cjs');
    await writeFile(script, body);
    const seen: string[] = [];
    const lines: string[] = [];
    const result = await runDoctor({
      script,
      environment: { WINNING_TICKET_MODULES: '/here' },
      signal: controller.signal,
      onExecutor: name => seen.push(name),
      log: line => {
        lines.push(line);
        if (line === 'stop') controller.abort(new DOMException('Cancelled.', 'AbortError'));
      },
    });
    return { result, seen, lines };
  };

  test('is the command line, which tells where it is; its answer is checked', async () => {
    const { result, seen, lines } = await run(`
      if (process.argv.slice(2).join(' ') !== 'doctor --json') process.exit(1);
      console.error('measuring wasm'); console.error('TensorFlow says something');
      const found = ${JSON.stringify(examination)};
      found.node = process.env.WINNING_TICKET_MODULES;
      console.log(JSON.stringify(found));`);
    expect(result).toEqual({ ...examination, node: '/here' });
    expect(seen).toEqual(['wasm']);
    expect(lines).toEqual(['TensorFlow says something']);
  });

  test.each(['{', '[]', 'null', '{"executors":[{"name":"wasm","usable":true}]}'])(
    'that answers %s is not believed',
    async answer => {
      await expect(run(`console.log(${JSON.stringify(answer)})`)).rejects.toThrow('cannot be read');
    },
  );

  test('that fails says why', async () => {
    await expect(run(`console.error('winning-ticket: broken'); process.exit(1)`)).rejects.toThrow(/^broken$/);
  });

  test('can be stopped', async () => {
    await expect(run(`setInterval(() => console.error('stop'), 10)`)).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('of another version is not shown', () => {
    expect(checkExamination({ node: '22', executors: [] })).toBe(null);
    expect(checkExamination(JSON.parse(JSON.stringify(examination)))).toEqual(examination);
  });
});

describe('folders of modules', () => {
  test('are those of the setting, then what was installed, then what was there; absolute ones only', () => {
    const join = (...folders: string[]): string => folders.join(path.delimiter);
    expect(modulesEnvironment(['/a', 'b', ''], '/installed', join('/c', '.', '/d'))).toEqual({
      WINNING_TICKET_MODULES: join('/a', '/installed', '/c', '/d'),
    });
    expect(modulesEnvironment([], '/installed', undefined)).toEqual({ WINNING_TICKET_MODULES: '/installed' });
  });
});

describe('what can be installed', () => {
  const [webgpu, tensorFlow] = installables;

  test('is pinned to the version that is tested', () => {
    expect(webgpu).toMatchObject({ name: 'webgpu', version: webgpuVersion });
  });

  test('is there for this system', () => {
    expect(canInstall(webgpu!, 'darwin', 'arm64')).toBe(true);
    expect(canInstall(tensorFlow!, 'linux', 'x64')).toBe(true);
    expect(canInstall(tensorFlow!, 'darwin', 'x64')).toBe(false);
    expect(canInstall(tensorFlow!, 'linux', 'arm64')).toBe(false);
  });

  test('is told from what is there already', async () => {
    const folder = path.join(directory, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
    await mkdir(folder, { recursive: true });
    expect(isInstalled(tensorFlow!, directory)).toBe(false);
    await writeFile(path.join(folder, 'package.json'), '{}');
    expect(isInstalled(tensorFlow!, directory)).toBe(true);
    expect(isInstalled(webgpu!, directory)).toBe(false);
  });

  test('can be installed by hand', () => {
    expect(byHand(webgpu!, '/global/modules')).toContain(
      `npm install --prefix "/global/modules" webgpu@${webgpuVersion}`,
    );
  });
});

describe('npm', () => {
  const put = async (...parts: string[]): Promise<string> => {
    const file = path.join(directory, ...parts);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, '');
    return file;
  };

  test('is found in the folders of PATH, by its full path', async () => {
    const program = await put('b', 'npm');
    const search = ['.', path.join(directory, 'a'), path.join(directory, 'b')].join(path.delimiter);
    expect(findNpm(search, 'linux')).toEqual({ program, leading: [] });
  });

  test('is started without a shell on Windows: its script by the Node beside it', async () => {
    const script = await put('node_modules', 'npm', 'bin', 'npm-cli.js');
    expect(() => findNpm(directory, 'win32')).toThrow(NpmMissingError);
    const program = await put('node.exe');
    expect(findNpm(directory, 'win32')).toEqual({ program, leading: [script] });
  });

  test('that is not there is told', () => {
    expect(() => findNpm('', 'linux')).toThrow('npm, which comes with Node.js, is in none of the folders of PATH');
    expect(() => findNpm('.', 'linux')).toThrow(NpmMissingError);
  });
});

describe('an installation', () => {
  const run = async (body: string, controller = new AbortController()) => {
    const script = path.join(directory, 'npm.cjs');
    await writeFile(script, body);
    await chmod(script, 0o755);
    const lines: string[] = [];
    const folder = path.join(directory, 'global storage', 'modules; rm -rf x');
    await install({
      npm: { program: process.execPath, leading: [script] },
      folder,
      name: 'webgpu',
      version: '1.2.3',
      signal: controller.signal,
      onLine: line => {
        lines.push(line);
        if (line === 'stop') controller.abort(new DOMException('Cancelled.', 'AbortError'));
      },
    });
    return { lines, folder };
  };

  test('runs npm in the folder, with the version, whatever characters its path has', async () => {
    const { lines, folder } = await run(
      `console.log(JSON.stringify({ argv: process.argv.slice(2), cwd: process.cwd() })); console.error('added 1 package')`,
    );
    expect(JSON.parse(lines.find(line => line.startsWith('{'))!)).toEqual({
      argv: ['install', '--prefix', folder, '--no-audit', '--no-fund', 'webgpu@1.2.3'],
      cwd: folder,
    });
    expect(lines).toContain('added 1 package');
    expect(JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'))).toEqual({ private: true });
  });

  test('that fails says what npm said is wrong', async () => {
    const said = `console.error('npm error code E404\\nnpm error 404 Not Found\\nnpm error A complete log of this run can be found in: x'); process.exit(1)`;
    await expect(run(said)).rejects.toThrow(/^npm could not install webgpu@1\.2\.3: code E404 404 Not Found$/);
  });

  test('without a network says so', async () => {
    const said = `console.error('npm ERR! code EAI_AGAIN\\nnpm ERR! request failed'); process.exit(1)`;
    await expect(run(said)).rejects.toThrow('its registry cannot be reached. code EAI_AGAIN request failed');
  });

  test('can be stopped', async () => {
    await expect(run(`setInterval(() => console.log('stop'), 10)`)).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('whose npm cannot be started says so', async () => {
    const missing = install({
      npm: { program: path.join(directory, 'nothing'), leading: [] },
      folder: directory,
      name: 'webgpu',
      version: '1.2.3',
      signal: new AbortController().signal,
      onLine: () => undefined,
    });
    await expect(missing).rejects.toThrow('ENOENT');
  });
});
