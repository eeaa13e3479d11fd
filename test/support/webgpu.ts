/** An adapter for tests of the webgpu executor: a real GPU, else the software renderer of Debian's chromium package. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { DataSet } from '../../src/data/dataset';
import type { Executor, Usable } from '../../src/training/trainer';
import { createWebGpuExecutor, probeWebGpu } from '../../src/training/webgpu/executor';

export const dawnFolder = path.resolve(import.meta.dirname, '../../node_modules/webgpu');

/** SwiftShader; the Vulkan loader (libvulkan1) finds it by this file. */
export const softwareDriver = '/usr/lib/chromium/vk_swiftshader_icd.json';

async function find(): Promise<Usable | null> {
  const first = await probeWebGpu(dawnFolder);
  if (first.usable) return first;
  if (existsSync(softwareDriver)) {
    process.env['VK_DRIVER_FILES'] = softwareDriver;
    const second = await probeWebGpu(dawnFolder);
    if (second.usable) return second;
  }
  console.warn(`no test of the webgpu executor runs: ${first.reason}`);
  return null;
}

/** Null where there is none: tests skip then. */
export const webGpu = await find();

export const createExecutor = (data: DataSet): Promise<Executor> => createWebGpuExecutor(dawnFolder, data);
