/** Plain TensorFlow.js, which this extension brings: the executor "cpu", the reference, and the reader of LayersModels. */
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import path from 'node:path';
import { numericVariant } from './executor';
import type { TfBackend } from './namespace';
import type * as bundle from './plainBundle';

/** Bundles lie in dist/; sources (in tests) three folders below the root. */
const distDirectory = path.basename(__dirname) === 'dist' ? __dirname : path.join(__dirname, '../../../dist');

/** Loaded when first asked for, which takes about 0.2 s. @throws Error where dist/tfjs.js is missing or damaged */
export function plainTf(): typeof bundle {
  const file = path.join(distDirectory, 'tfjs.js');
  const loaded = createRequire(file)(file) as typeof bundle;
  // neither advice on the console nor checks of every value
  loaded.tf.enableProdMode();
  return loaded;
}

export function plainBackend(): TfBackend {
  const { tf, layers } = plainTf();
  return {
    name: 'cpu',
    backend: 'cpu',
    tf,
    layers,
    device: `TensorFlow.js ${tf.version_core}, one thread, ${processor()}`,
    variant: `${numericVariant}, TensorFlow.js ${tf.version_core}`,
  };
}

export function processor(): string {
  return cpus()[0]?.model.trim() ?? 'unknown processor';
}
