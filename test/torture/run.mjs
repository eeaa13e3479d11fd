// npm run torture -- kills|memory|store10k [options]: bundles the torturer and the parent that it kills into dist/ and
// starts it. It works on the built extension: npm run build makes it.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import esbuild from 'esbuild';

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..');
// of every source here and in test/support: two folders below the root
const here = JSON.stringify(path.join(root, 'test/torture'));
await esbuild.build({
  entryPoints: {
    torture: path.join(root, 'test/torture/main.ts'),
    tortureParent: path.join(root, 'test/torture/parent.ts'),
  },
  outdir: path.join(root, 'dist'),
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  mainFields: ['module', 'main'],
  // what drives the browser is loaded only by who starts VS Code
  external: ['vscode', '@tensorflow/*', 'playwright-core'],
  define: { __dirname: here, 'import.meta.dirname': here },
  sourcemap: 'inline',
  logLevel: 'warning',
});
await import(pathToFileURL(path.join(root, 'dist/torture.cjs')));
