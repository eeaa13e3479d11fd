/** Loads TensorFlow itself, by `@tensorflow/tfjs-node` or `-gpu` from a folder that the user chose, never bundled. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Tf, TfLayers } from './namespace';

export interface NativeTf {
  readonly tf: Tf;
  readonly layers: TfLayers;
  /** Of the package, e.g. "4.22.0", and of TensorFlow's C library. */
  readonly packageVersion: string;
  readonly libraryVersion: string;
  /** Whether operations run on a GPU. */
  readonly usesGpu: boolean;
}

/** What its backend tells beside TensorFlow.js' own. */
interface NodeBackend {
  readonly isUsingGpuDevice?: boolean;
  readonly binding?: { readonly TF_Version?: string };
}

let loaded: { readonly folder: string; readonly native: NativeTf } | null = null;

/**
 * @param folder of the package, which holds its `package.json`
 * @throws Error that names the package and its folder, gives the loader's own words and says what to do
 */
export function loadNative(folder: string): NativeTf {
  if (loaded?.folder === folder) return loaded.native;
  if (loaded !== null) {
    // both would share one engine, and two copies of TensorFlow's library do not get on in a process
    throw new Error(
      `${folder} cannot be loaded beside ${loaded.folder}: only one of the two fits into a process; leave the other out of the folders`,
    );
  }
  repairUtil();
  // its log would fill the terminal
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  const require = createRequire(path.join(folder, 'package.json'));
  let native: NativeTf;
  try {
    native = describe(require(folder) as Tf & TfLayers, folder);
  } catch (error) {
    throw new Error(`${folder} cannot be loaded: ${reasonOf(error)}`, { cause: error });
  }
  native.tf.enableProdMode();
  loaded = { folder, native };
  return native;
}

/** tfjs-node calls `util.isNullOrUndefined` and its like, which Node has left out from version 23 on. */
function repairUtil(): void {
  const util = createRequire(__filename)('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown): boolean => value === null || value === undefined;
  util['isArray'] ??= Array.isArray;
}

function describe(tf: Tf & TfLayers, folder: string): NativeTf {
  const backend = tf.backend() as unknown as NodeBackend;
  return {
    tf,
    layers: tf,
    packageVersion: versionOf(folder),
    libraryVersion: backend.binding?.TF_Version ?? 'of an unknown version',
    usesGpu: backend.isUsingGpuDevice === true,
  };
}

export function versionOf(folder: string): string {
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version?: unknown };
  return typeof version === 'string' ? version : 'of an unknown version';
}

/** The loader's own words on one line, and what they call for. */
function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  const words = message
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('- '))
    .slice(0, 2)
    .join(' ');
  const [, missing] = /(lib[\w.+-]+|[\w.+-]+\.dll): cannot open shared object file/.exec(message) ?? [];
  if (missing !== undefined) return `${words}. ${adviceOn(missing)}`;
  if (message.includes('tfjs_binding.node')) {
    return `${words.split('. ')[0]!}. Its installer did not finish: run "npm rebuild" in that folder with access to the internet, and read what it says`;
  }
  if (code === 'MODULE_NOT_FOUND') return `${words}. Install the package again, with all it needs`;
  if (/NODE_MODULE_VERSION|different Node\.js version/.test(message)) {
    return `${words}. Run "npm rebuild" in that folder`;
  }
  return `${words}. Install the package again`;
}

function adviceOn(library: string): string {
  if (/tensorflow/.test(library)) {
    return `TensorFlow's C library ${library} is not where the package has put it: run "npm rebuild" in that folder with access to the internet`;
  }
  if (/cud|cublas|cufft|curand|cusolver|cusparse|nvinfer/.test(library)) {
    return `Install the CUDA library ${library}, and let the loader find it (LD_LIBRARY_PATH)`;
  }
  return `Install the library ${library}`;
}
