// npm run bench: bundles the bench into dist/, where the executor finds its worker and kernels, and starts it.
// MNIST_DIR: folder with the four MNIST files (default ../shared/data/mnist). PYTHON: an interpreter with torch (default
// python3); without one only our side is measured. BENCH_STEPS: steps of each level (default 2000).
import path from 'node:path';
import esbuild from 'esbuild';

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '..');
const outfile = path.join(root, 'dist/bench.cjs');
await esbuild.build({
  entryPoints: [path.join(root, 'bench/main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: 'inline',
  logLevel: 'warning',
});
process.env.MNIST_DIR ??= path.resolve(root, '../shared/data/mnist');
process.chdir(root);
await import(outfile);
