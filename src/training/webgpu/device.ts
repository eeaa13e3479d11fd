/** Dawn, its adapter and the device: found, described, and watched for the moment when it is lost. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { create as createGpu } from 'webgpu';
import { DeviceLostError } from '../trainer';

/** What WebGPU's specification calls these, without a global of its own. */
export const usage = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 0x40, storage: 0x80 } as const;
export const mapForReading = 1;

/** Adapter found, but no GPU behind it: Dawn's own word, and the software renderers that are told by their names. */
const softwareNames = /swiftshader|llvmpipe|lavapipe|basic render/i;

export interface FoundAdapter {
  readonly adapter: GPUAdapter;
  readonly name: string;
  readonly isSoftware: boolean;
  /** Vendor, architecture, device and driver, as far as they are told. */
  readonly identity: string;
}

/** No kernel here reads workgroup memory before it has written it; clearing it costs time, most of all a software adapter's. */
const features = ['disable_workgroup_init'];

/** Dawn crashes where its instance is collected before its devices are. */
const instances: GPU[] = [];

/**
 * Loads the package `webgpu` from its folder.
 * @throws the loader's own error
 */
export async function loadDawn(folder: string): Promise<GPU> {
  const main = pathToFileURL(path.join(folder, 'index.js')).href;
  const dawn = (await import(/* @vite-ignore */ main)) as { create: typeof createGpu };
  const gpu = dawn.create([`enable-dawn-features=${features.join()}`]);
  instances.push(gpu);
  return gpu;
}

/** The strongest adapter that there is; a software one where there is no other. */
export async function findAdapter(gpu: GPU): Promise<FoundAdapter | null> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return null;
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const name = device.replace(/-+$/, '') || description || [vendor, architecture].join(' ').trim() || 'unnamed adapter';
  return {
    adapter,
    name,
    isSoftware: isFallbackAdapter || [device, description, architecture].some(text => softwareNames.test(text)),
    identity: [vendor, architecture, device, description].filter(text => text !== '').join(', '),
  };
}

/** A device and the reason why it can no longer be used, once there is one. */
export class WatchedDevice {
  private failure: Error | null = null;
  private readonly waiting = new Set<(error: Error) => void>();

  private constructor(readonly device: GPUDevice) {
    void device.lost.then(({ reason, message }) => {
      if (reason !== 'destroyed') this.fail(new DeviceLostError('lost', `the GPU was lost: ${message}`));
    });
    device.addEventListener('uncapturederror', ({ error }) => {
      this.fail(errorOf(error));
    });
  }

  /** With all the memory the adapter offers. @throws DeviceLostError */
  static async request(adapter: GPUAdapter): Promise<WatchedDevice> {
    const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
    try {
      const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
      return new WatchedDevice(device);
    } catch (error) {
      throw new DeviceLostError('lost', `the GPU cannot be used: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Most bytes of one buffer that a kernel sees. */
  get largestBuffer(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize);
  }

  /**
   * Waits for work of the device.
   * @throws DeviceLostError as soon as it is lost or has run out of memory
   */
  async wait<T>(work: Promise<T>): Promise<T> {
    if (this.failure) throw this.failure;
    return new Promise<T>((resolve, reject) => {
      this.waiting.add(reject);
      work.then(
        result => {
          this.waiting.delete(reject);
          resolve(result);
        },
        (error: unknown) => {
          // a promise of a lost device fails with words of its own, perhaps before the loss is told
          setImmediate(() => {
            this.waiting.delete(reject);
            reject(this.failure ?? (error as Error));
          });
        },
      );
    });
  }

  /**
   * Runs what takes memory or makes pipelines, and waits for its errors.
   * @throws DeviceLostError
   */
  async scoped<T>(work: () => T | Promise<T>): Promise<T> {
    this.device.pushErrorScope('validation');
    this.device.pushErrorScope('out-of-memory');
    let result: T;
    try {
      result = await work();
    } finally {
      const errors = [this.device.popErrorScope(), this.device.popErrorScope()];
      for (const error of await this.wait(Promise.all(errors))) if (error) this.fail(errorOf(error));
    }
    if (this.failure) throw this.failure;
    return result;
  }

  /**
   * Takes memory that can be done without.
   * @returns false where there was too little
   * @throws DeviceLostError
   */
  async hasMemoryFor(take: () => void): Promise<boolean> {
    this.device.pushErrorScope('out-of-memory');
    take();
    return (await this.wait(this.device.popErrorScope())) === null;
  }

  destroy(): void {
    this.fail(new DeviceLostError('lost', 'the GPU was given back while it was in use'));
    this.device.destroy();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const reject of this.waiting) reject(this.failure);
    this.waiting.clear();
  }
}

function errorOf(error: GPUError): Error {
  if (error.constructor.name === 'GPUOutOfMemoryError') {
    return new DeviceLostError('out-of-memory', `the GPU has no memory left${error.message && `: ${error.message}`}`);
  }
  return new Error(`WebGPU: ${error.message}`);
}
