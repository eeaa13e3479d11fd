// npm run test:golden: bundles the runner into dist/, where the executor finds its worker and kernels, and starts it.
// GOLDEN_DIR=DIR takes the cases from another folder, GOLDEN_EXECUTOR=NAME trains on another executor than wasm.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import esbuild from 'esbuild';

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..');
const outfile = path.join(root, 'dist/golden.cjs');
await esbuild.build({
  entryPoints: [path.join(root, 'test/golden/main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['vscode', '@tensorflow/*'],
  sourcemap: 'inline',
  logLevel: 'warning',
});
process.env.GOLDEN_DIR ??= path.resolve(root, '../shared/data/golden');
await import(pathToFileURL(outfile));
