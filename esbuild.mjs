// Builds everything: kernels (AssemblyScript → wasm), extension, job, worker, CLI, webviews, experiment schema.
// node esbuild.mjs [--watch] [--kernels-only] [--production]
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import esbuild from 'esbuild';

const require = createRequire(import.meta.url);
const root = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const dist = path.join(root, 'dist');
const has = flag => process.argv.includes(flag);
const production = has('--production');

function newest(directory) {
  return Math.max(...readdirSync(directory).map(name => statSync(path.join(directory, name)).mtimeMs));
}

/** Flags of every module. */
const assembly = [
  '--runtime',
  'stub',
  '--enable',
  'simd',
  '--memoryBase',
  '4096',
  '--initialMemory',
  '1',
  '-O3',
  '--noAssert',
  '--converge',
];
const imported = ['--importMemory', '--enable', 'threads', '--maximumMemory', '65536'];

/** The executor's kernels twice: over shared memory for several threads, over plain memory for one. */
const kernels = [
  { out: 'kernels.wasm', source: 'src/kernels', flags: [...imported, '--sharedMemory'] },
  { out: 'kernels-single.wasm', source: 'src/kernels', flags: imported },
  { out: 'statistics.wasm', source: 'src/kernels/statistics', flags: [] },
  { out: 'products.wasm', source: 'src/kernels/products', flags: [] },
];

function buildKernels() {
  const asc = require.resolve('assemblyscript/bin/asc.js');
  for (const { out, source, flags } of kernels) {
    const target = path.join(dist, out);
    if (existsSync(target) && statSync(target).mtimeMs > newest(path.join(root, source))) continue;
    execFileSync(process.execPath, [asc, `${source}/index.ts`, '-o', target, ...assembly, ...flags], {
      cwd: root,
      stdio: 'inherit',
    });
  }
}

const node = {
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // jsonc-parser's main file requires its parts in a way that no bundler sees
  mainFields: ['module', 'main'],
  external: ['vscode', '@tensorflow/*'],
};
const browser = { platform: 'browser', target: 'es2022', format: 'esm', loader: { '.svg': 'text', '.css': 'css' } };
const common = {
  bundle: true,
  outdir: dist,
  sourcemap: production ? false : 'linked',
  minify: production,
  // the watching task of .vscode/ waits for esbuild's word that the first build is done
  logLevel: has('--watch') ? 'info' : 'warning',
  legalComments: 'linked',
  absWorkingDir: root,
  metafile: true,
};

const targets = [
  {
    ...common,
    ...node,
    entryPoints: {
      extension: 'src/extension.ts',
      job: 'src/job/child.ts',
      worker: 'src/training/wasm/worker.ts',
      'derivative-worker': 'src/training/differentiation/worker.ts',
      'image-worker': 'src/data/imageWorker.ts',
      describe: 'src/describe/child.ts',
      inspector: 'src/inspection/child.ts',
      'inspector-worker': 'src/inspection/worker.ts',
    },
  },
  {
    // in a bundle of its own, which only who opens an HDF5 file loads: it holds the library as text, a byte a character
    ...common,
    ...node,
    entryPoints: { 'hdf5-worker': 'src/checkpoints/keras/hdf5Worker.ts' },
    alias: { 'h5wasm-module': path.join(root, 'node_modules/h5wasm/dist/esm/hdf5_util.js') },
    // where its script lies it would ask in a browser only
    define: { 'import.meta.url': '""' },
    charset: 'utf8',
    sourcemap: false,
  },
  {
    // in a bundle of its own, which only the executor "cpu" and models that no plan covers load. Its `global` is its own:
    // TensorFlow.js keeps its engine there, and tfjs-node brings another
    ...common,
    ...node,
    entryPoints: { tfjs: 'src/training/tfjs/plainBundle.ts' },
    external: ['node-fetch'],
    define: { global: 'ownGlobal' },
    banner: { js: 'const ownGlobal = Object.create(globalThis);' },
    sourcemap: false,
  },
  { ...common, ...node, entryPoints: { cli: 'src/cli.ts' }, banner: { js: '#!/usr/bin/env node' } },
  {
    ...common,
    ...browser,
    outdir: path.join(dist, 'webview'),
    entryPoints: {
      experiment: 'webview/experiment/main.ts',
      compare: 'webview/compare/main.ts',
      sidebar: 'webview/sidebar/main.ts',
      inspector: 'webview/inspector/main.ts',
      preview: 'webview/preview/main.ts',
    },
  },
];

/** The JSON Schema comes from the very code that validates. */
async function writeSchema() {
  const { outputFiles } = await esbuild.build({
    ...common,
    ...node,
    sourcemap: false,
    write: false,
    entryPoints: { schema: 'src/shared/schema.ts' },
  });
  const module = { exports: {} };
  new Function('module', 'exports', 'require', outputFiles.find(file => file.path.endsWith('.js')).text)(
    module,
    module.exports,
    require,
  );
  writeFileSync(
    path.join(dist, 'experiment.schema.json'),
    JSON.stringify(module.exports.experimentJsonSchema(), null, 2),
  );
}

/**
 * Folders of the packages of which code is in dist/, for the list of licences, and the notices that these ask to be kept.
 * Kernels hold AssemblyScript's own parts.
 */
function writePackages(results) {
  const taken = results
    .flatMap(({ metafile }) => Object.values(metafile.outputs))
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([file]) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1])
    .filter(folder => folder !== undefined);
  const folders = [...new Set([...taken, 'node_modules/assemblyscript'])].sort();
  writeFileSync(path.join(dist, 'packages.json'), `${JSON.stringify(folders, null, 2)}\n`);
  writeFileSync(path.join(dist, 'packages.LEGAL.txt'), folders.map(noticeOf).join(`\n${'-'.repeat(80)}\n\n`));
}

function noticeOf(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
  const file = readdirSync(path.join(root, folder)).find(one => /^(licen[cs]e|copying|notice)/i.test(one));
  const text = file ? readFileSync(path.join(root, folder, file), 'utf8') : `By ${author?.name ?? author ?? name}.\n`;
  return `${name} ${version}: ${license}\n\n${text}`;
}

mkdirSync(dist, { recursive: true });
buildKernels();
// it keeps no notice in its code, and asks for it to be kept
copyFileSync(path.join(root, 'node_modules/h5wasm/LICENSE.txt'), path.join(dist, 'hdf5-worker.js.LEGAL.txt'));
if (!has('--kernels-only')) {
  await writeSchema();
  if (has('--watch')) {
    for (const target of targets) await (await esbuild.context(target)).watch();
  } else {
    writePackages(await Promise.all(targets.map(target => esbuild.build(target))));
  }
}
