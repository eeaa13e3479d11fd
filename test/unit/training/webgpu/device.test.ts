/** A device that is lost, or has no memory left, is an error of its own for whoever waits for it. */
import { describe, expect, it } from 'vitest';
import { DeviceLostError } from '../../../../src/training/trainer';
import { WatchedDevice } from '../../../../src/training/webgpu/device';

class GPUOutOfMemoryError {
  readonly message = '';
}
class GPUValidationError {
  readonly message = 'binding 3 is missing';
}

/** What the watch needs of a device, with its loss and its errors in the test's hand. */
async function watch(errors: readonly (object | null)[] = []) {
  let lose: (info: { reason: string; message: string }) => void = () => undefined;
  let tell: (event: { error: object }) => void = () => undefined;
  const left = [...errors];
  const device = {
    lost: new Promise(resolve => (lose = resolve)),
    addEventListener: (_: string, listener: typeof tell) => (tell = listener),
    pushErrorScope: () => undefined,
    popErrorScope: () => Promise.resolve(left.shift() ?? null),
    destroy: () => undefined,
  };
  const adapter = { limits: {}, requestDevice: () => Promise.resolve(device) };
  return { watched: await WatchedDevice.request(adapter as unknown as GPUAdapter), lose, tell };
}

const kindOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof DeviceLostError ? error.kind : (error as Error).message),
  );
const never = new Promise<never>(() => undefined);

describe('a watched device', () => {
  it('tells all who wait that it is lost, and whoever comes later', async () => {
    const { watched, lose } = await watch();
    const waiting = [kindOf(watched.wait(never)), kindOf(watched.wait(never))];
    lose({ reason: 'unknown', message: 'the driver was reset' });
    expect(await Promise.all(waiting)).toEqual(['lost', 'lost']);
    expect(await kindOf(watched.wait(Promise.resolve()))).toBe('lost');
    await expect(watched.wait(never)).rejects.toThrow('the driver was reset');
  });

  it('gives the loss as the reason where its own promises fail first', async () => {
    const { watched, lose } = await watch();
    const waiting = kindOf(watched.wait(Promise.reject(new Error('mapping was cancelled'))));
    lose({ reason: 'unknown', message: '' });
    expect(await waiting).toBe('lost');
  });

  it('leaves other failures as they are', async () => {
    const { watched } = await watch();
    expect(await kindOf(watched.wait(Promise.reject(new Error('something else'))))).toBe('something else');
    expect(await kindOf(watched.wait(Promise.resolve()))).toBe('done');
  });

  it('is of no use any more once it has no memory left', async () => {
    const { watched } = await watch([new GPUOutOfMemoryError()]);
    expect(await kindOf(watched.scoped(() => 'buffers'))).toBe('out-of-memory');
    expect(await kindOf(watched.wait(never))).toBe('out-of-memory');
    const { watched: other, tell } = await watch();
    const waiting = kindOf(other.wait(never));
    tell({ error: new GPUOutOfMemoryError() });
    expect(await waiting).toBe('out-of-memory');
  });

  it('tells an error of ours as one', async () => {
    const { watched } = await watch([null, new GPUValidationError()]);
    expect(await kindOf(watched.scoped(() => 'pipelines'))).toBe('WebGPU: binding 3 is missing');
  });

  it('that cannot be had counts as lost', async () => {
    const adapter = { limits: {}, requestDevice: () => Promise.reject(new Error('no slot is free')) };
    expect(await kindOf(WatchedDevice.request(adapter as unknown as GPUAdapter))).toBe('lost');
  });
});
