// npm run fuzz, after a build (readers of some formats are workers of their own): bundles the fuzzer and the thread that runs its cases into dist/ and starts it.
// FUZZ_SECONDS (60), FUZZ_SEED (random, printed), FUZZ_TARGETS (words in their names, "|" between them) and FUZZ_CASE
// (printed by a failure) set what it does.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import esbuild from 'esbuild';

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..');
await esbuild.build({
  entryPoints: { fuzz: path.join(root, 'test/fuzz/main.ts'), fuzzWorker: path.join(root, 'test/fuzz/worker.ts') },
  outdir: path.join(root, 'dist'),
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  mainFields: ['module', 'main'],
  external: ['vscode', '@tensorflow/*'],
  sourcemap: 'inline',
  logLevel: 'warning',
});
await import(pathToFileURL(path.join(root, 'dist/fuzz.cjs')));
