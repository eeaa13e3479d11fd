/** What a machine has for TensorFlow on a GPU: the driver, and the libraries that its C library opens by name. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

/** TensorFlow 2.9, which tfjs-node-gpu 4.22 brings, is made for CUDA 11.2 and cuDNN 8. */
export const wantedVersions = 'CUDA 11.2 and cuDNN 8';

const linuxLibraries = [
  'libcudart.so.11.0',
  'libcublas.so.11',
  'libcublasLt.so.11',
  'libcufft.so.10',
  'libcurand.so.10',
  'libcusolver.so.11',
  'libcusparse.so.11',
  'libcudnn.so.8',
];
const windowsLibraries = ['cudart64_110.dll', 'cublas64_11.dll', 'cublasLt64_11.dll', 'cudnn64_8.dll'];

export interface CudaFindings {
  /** As nvidia-smi tells them: "NVIDIA H100, driver 550.54, 81559 MiB"; empty: no driver answers. */
  readonly gpus: readonly string[];
  readonly found: readonly string[];
  readonly missing: readonly string[];
}

export async function findCuda(): Promise<CudaFindings> {
  const wanted = { linux: linuxLibraries, win32: windowsLibraries }[process.platform as string] ?? [];
  const found = wanted.filter(isThere);
  return { gpus: await gpus(), found, missing: wanted.filter(name => !found.includes(name)) };
}

/** Lets the system's loader look: what is no module of Node's is found all the same, and then refused for that. */
function isThere(library: string): boolean {
  try {
    process.dlopen({ exports: {} }, library);
    return true;
  } catch (error) {
    return !/cannot open shared object file|could not be found|specified module/i.test((error as Error).message);
  }
}

/** A line a GPU is all that nvidia-smi prints. */
const mostAnswerBytes = 64 * 1024;

/**
 * @param milliseconds after which it is killed: it waits for a driver that hangs
 * @returns empty where it fails, takes too long, or prints more than an answer has
 */
export function gpus(program = nvidiaSmi(), milliseconds = 5000): Promise<readonly string[]> {
  if (program === null) return Promise.resolve([]);
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'];
  const limits = { timeout: milliseconds, killSignal: 'SIGKILL', maxBuffer: mostAnswerBytes } as const;
  return new Promise(resolve => {
    execFile(program, query, limits, (error, output) => {
      resolve(error ? [] : parseGpus(output));
    });
  });
}

/** By its full path: a program of that name in the workspace is not started. */
function nvidiaSmi(): string | null {
  const folders =
    process.platform === 'win32'
      ? [path.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32')]
      : ['/usr/bin', '/usr/local/bin', '/usr/lib/wsl/lib'];
  const name = process.platform === 'win32' ? 'nvidia-smi.exe' : 'nvidia-smi';
  return folders.map(folder => path.join(folder, name)).find(file => existsSync(file)) ?? null;
}

/** @param output lines of `name, driver version, memory` */
export function parseGpus(output: string): string[] {
  return output
    .split('\n')
    .map(line => line.split(',').map(part => part.trim()))
    .filter(parts => parts.length === 3)
    .map(([name, driver, memory]) => `${name!}, driver ${driver!}, ${memory!}`);
}

/** In a sentence, for people. */
export function describeCuda({ gpus: cards, found, missing }: CudaFindings): string {
  const driver = cards.length > 0 ? `the driver knows ${cards.join('; ')}` : 'no NVIDIA driver answers (nvidia-smi)';
  const libraries =
    missing.length === 0
      ? ''
      : `; of CUDA and cuDNN ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`;
  const there = found.length === 0 ? '' : `; found ${found.join(', ')}`;
  return driver + libraries + there;
}
