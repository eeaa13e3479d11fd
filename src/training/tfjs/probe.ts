/** Which executors on TensorFlow.js this machine can use, and why not. */
import { availableParallelism } from 'node:os';
import type { Probed } from '../trainer';
import { describeCuda, findCuda, wantedVersions } from './cuda';
import { createTfExecutor, numericVariant } from './executor';
import type { TfBackend } from './namespace';
import { loadNative } from './native';
import { plainBackend, processor } from './plain';

export function probeCpu(): Promise<Probed> {
  const backend = plainBackend();
  return Promise.resolve({
    ...usable(backend),
    notes: ['plain TensorFlow.js, the reference: many times slower than wasm'],
  });
}

/** @param folder of the package `@tensorflow/tfjs-node`; null: it is not there */
export function probeTensorFlow(folder: string | null): Promise<Probed> {
  if (folder === null) return Promise.resolve(notInstalled('@tensorflow/tfjs-node'));
  return Promise.resolve(attempt(() => usable(nativeBackend('tensorflow', folder))));
}

/** @param folder of the package `@tensorflow/tfjs-node-gpu`; null: it is not there */
export async function probeTensorFlowGpu(folder: string | null): Promise<Probed> {
  const cuda = await findCuda();
  const found = describeCuda(cuda);
  if (folder === null) {
    const missing = notInstalled('@tensorflow/tfjs-node-gpu');
    return { usable: false, reason: `${missing.reason}; ${found}` };
  }
  return attempt(() => {
    const native = loadNative(folder);
    if (native.usesGpu) return usable(nativeBackend('tensorflow-gpu', folder, cuda.gpus[0] ?? 'a GPU'));
    return {
      usable: false,
      reason:
        `${folder} is loaded, but TensorFlow ${native.libraryVersion} finds no GPU that it can use: ${found}; ` +
        `install an NVIDIA driver and the libraries of ${wantedVersions}, and let the loader find them`,
    };
  });
}

function usable(backend: TfBackend): Extract<Probed, { usable: true }> {
  const { device, variant } = backend;
  return {
    usable: true,
    device,
    variant,
    create: data => Promise.resolve(createTfExecutor(data, backend)),
    notes: [],
  };
}

/**
 * @param device that it runs on
 * @throws Error as loadNative
 */
export function nativeBackend(
  name: 'tensorflow' | 'tensorflow-gpu',
  folder: string,
  device = `${String(availableParallelism())} threads, ${processor()}`,
): TfBackend {
  const { tf, layers, packageVersion, libraryVersion } = loadNative(folder);
  return {
    name,
    backend: 'tensorflow',
    tf,
    layers,
    device: `TensorFlow ${libraryVersion}, ${device}`,
    variant: `${numericVariant}, tfjs-node ${packageVersion}, TensorFlow ${libraryVersion}, ${device}`,
  };
}

function notInstalled(name: string): { readonly usable: false; readonly reason: string } {
  return {
    usable: false,
    reason: `needs the package ${name}, which is in none of the folders that are looked in: install it ("Winning Ticket: Set Up GPU"), or name the folder that has it in WINNING_TICKET_MODULES`,
  };
}

function attempt(look: () => Probed): Probed {
  try {
    return look();
  } catch (error) {
    return { usable: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
