/** The webgpu executor: training plans on any vendor's GPU, through Dawn. */
import type { DataSet } from '../../data/dataset';
import type { Executor, Probed, TrainingSession, TrainingSetup } from '../trainer';
import { findAdapter, type FoundAdapter, loadDawn, WatchedDevice } from './device';
import { placeData } from './deviceData';
import { Pipelines } from './dispatch';
import { openSessions } from './session';

/** Raised whenever the same inputs give other bits on the same device. */
export const numericVariant = '1';

/**
 * Looks for a GPU.
 * @param folder of the package `webgpu`; null: it was not found
 */
export async function probeWebGpu(folder: string | null): Promise<Probed> {
  if (folder === null) {
    return { usable: false, reason: 'the package "webgpu" is not installed: run "Winning Ticket: Set Up GPU"' };
  }
  let gpu: GPU;
  try {
    gpu = await loadDawn(folder);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return {
      usable: false,
      reason: `${folder} does not load: ${text}. Run "Winning Ticket: Set Up GPU" to install it anew`,
    };
  }
  const found = await findAdapter(gpu);
  if (!found) return { usable: false, reason: noAdapter() };
  return {
    usable: true,
    device: deviceOf(found),
    variant: variantOf(found),
    create: data => createWebGpuExecutor(folder, data),
    notes: found.isSoftware
      ? ['this adapter is software: it computes on the CPU, far slower than the wasm executor']
      : [],
  };
}

/** What to install, by platform. */
function noAdapter(): string {
  const remedies: Partial<Record<NodeJS.Platform, string>> = {
    linux:
      'install the Vulkan loader (libvulkan1 on Debian and Ubuntu, vulkan-loader on Fedora) and the driver of the GPU with its Vulkan part (NVIDIA’s driver, or mesa-vulkan-drivers)',
    win32: 'install the current driver of the GPU (Direct3D 12)',
    darwin: 'Metal is part of the system: this machine shows no GPU to this process',
  };
  return `no GPU that WebGPU can use was found: ${remedies[process.platform] ?? 'install a driver for the GPU'}`;
}

const deviceOf = ({ name, isSoftware }: FoundAdapter): string => (isSoftware ? `${name} (software)` : name);

const variantOf = ({ identity }: FoundAdapter): string => `${numericVariant} ${identity}`;

/**
 * @param folder of the package `webgpu`
 * @throws where it does not load or no adapter is found; MemoryLimitError, DeviceLostError
 */
export async function createWebGpuExecutor(folder: string, data: DataSet): Promise<Executor> {
  const found = await findAdapter(await loadDawn(folder));
  if (!found) throw new Error(noAdapter());
  const watched = await WatchedDevice.request(found.adapter);
  try {
    const placed = await placeData(watched, data);
    const pipelines = new Pipelines(watched);
    const openTogether = (setups: readonly TrainingSetup[]): Promise<readonly TrainingSession[]> =>
      openSessions(watched, pipelines, placed, setups);
    return {
      name: 'webgpu',
      device: deviceOf(found),
      variant: variantOf(found),
      open: async setup => (await openTogether([setup]))[0]!,
      openTogether,
      close: () => {
        placed.memory.release();
        watched.destroy();
        return Promise.resolve();
      },
    };
  } catch (error) {
    watched.destroy();
    throw error;
  }
}
