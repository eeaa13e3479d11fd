// npm run bench: bundles the bench into dist/, where the executor finds its worker and kernels, and starts it.
// PYTHON: an interpreter with torch (default python3); without one only our side is measured.
// BENCH_ONLY: parts, joined by commas: lenet, startup, parallel, inspect, data, webgpu, simple-cnn,
//   conv-4, resnet-20 (default: all).
// BENCH_THREADS: on each side (default: all processors, at most 16).
// MNIST_DIR, CIFAR_DIR: folders with the four MNIST files and with CIFAR-10's binary records (default ../shared/data/…).
//   The convolutional networks are timed on noise of the same shape where they are missing.
// BENCH_INSPECT_MB: size of the checkpoints that are inspected, made in the temporary folder (default 2000).
// BENCH_STEPS: steps of each level of LeNet, and of each run of parallel (default 2000).
// BENCH_ROUNDS: how often both sides are timed in turn (default 5; half of it for the levels of a convolutional job).
// Of the convolutional networks: BENCH_LEVEL_STRIDE: every how manieth level of a job is timed (default 2; 0: no job);
//   BENCH_TRAINED_STEPS: steps of the training whose weights decide the densities of a job's levels (default 100).
import path from 'node:path';
import esbuild from 'esbuild';

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '..');
await esbuild.build({
  entryPoints: { bench: path.join(root, 'bench/main.ts'), 'bench-load': path.join(root, 'bench/loadOne.ts') },
  outdir: path.join(root, 'dist'),
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: 'inline',
  logLevel: 'warning',
});
process.env.MNIST_DIR ??= path.resolve(root, '../shared/data/mnist');
process.env.CIFAR_DIR ??= path.resolve(root, '../shared/data/cifar10');
process.chdir(root);
await import(path.join(root, 'dist/bench.cjs'));
