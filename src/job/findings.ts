/** What this machine has for a GPU, in sentences: driver, CUDA and cuDNN, Vulkan. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describeCuda, findCuda } from '../training/tfjs/cuda';

/** Where the Vulkan loader looks for drivers, by its own documentation; WebGPU needs it on Linux only. */
const manifestFolders = ['/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/usr/share/vulkan/icd.d'];

export async function findings(): Promise<string[]> {
  const cuda = `NVIDIA: ${describeCuda(await findCuda())}`;
  return process.platform === 'linux' ? [cuda, `Vulkan: ${await describeVulkan()}`] : [cuda];
}

async function describeVulkan(): Promise<string> {
  const problem = loaderProblem();
  const loader = problem === null ? 'the loader libvulkan.so.1 is there' : problem;
  const chosen = process.env['VK_DRIVER_FILES'] ?? process.env['VK_ICD_FILENAMES'];
  if (chosen !== undefined) return `${loader}; its driver is chosen by the environment: ${chosen}`;
  const names = await Promise.all(manifestFolders.map(manifests));
  const drivers = names.flat();
  return `${loader}; ${drivers.length === 0 ? 'no driver says that it is one for Vulkan' : `drivers ${drivers.join(', ')}`}`;
}

/** Lets the system's loader look: what is no module of Node's is found all the same, and then refused for that. */
function loaderProblem(): string | null {
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1');
    return null;
  } catch (error) {
    const { message } = error as Error;
    return /cannot open shared object file/.test(message) ? message : null;
  }
}

async function manifests(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter(name => name.endsWith('.json')).map(name => path.basename(name, '.json'));
  } catch {
    return [];
  }
}
