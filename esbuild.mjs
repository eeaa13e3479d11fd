// Builds everything: kernels (AssemblyScript → wasm), extension, job, worker, CLI, webviews, experiment schema.
// node esbuild.mjs [--watch] [--kernels-only] [--production]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
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

/** Two builds of the same kernels: over shared memory for several threads, over plain memory for one. */
function buildKernels() {
  const source = path.join(root, 'src/kernels');
  const targets = [
    ['kernels.wasm', ['--sharedMemory', '--enable', 'threads', '--maximumMemory', '65536']],
    ['kernels-single.wasm', ['--enable', 'threads', '--maximumMemory', '65536']],
  ];
  for (const [name, flags] of targets) {
    const out = path.join(dist, name);
    if (existsSync(out) && statSync(out).mtimeMs > newest(source)) continue;
    const asc = require.resolve('assemblyscript/bin/asc.js');
    const common = [
      '--runtime',
      'stub',
      '--enable',
      'simd',
      '--importMemory',
      '--memoryBase',
      '4096',
      '--initialMemory',
      '1',
      '-O3',
      '--noAssert',
      '--converge',
    ];
    execFileSync(process.execPath, [asc, path.join('src/kernels', 'index.ts'), '-o', out, ...common, ...flags], {
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
};

const targets = [
  {
    ...common,
    ...node,
    entryPoints: { extension: 'src/extension.ts', job: 'src/job/child.ts', worker: 'src/training/wasm/worker.ts' },
  },
  { ...common, ...node, entryPoints: { cli: 'src/cli.ts' }, banner: { js: '#!/usr/bin/env node' } },
  {
    ...common,
    ...browser,
    outdir: path.join(dist, 'webview'),
    entryPoints: { experiment: 'webview/experiment/main.ts', sidebar: 'webview/sidebar/main.ts' },
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

mkdirSync(dist, { recursive: true });
buildKernels();
if (!has('--kernels-only')) {
  await writeSchema();
  if (has('--watch')) {
    for (const target of targets) await (await esbuild.context(target)).watch();
  } else {
    await Promise.all(targets.map(target => esbuild.build(target)));
  }
}
