/** Brings the inputs of a split to the device, from memory or from files, a piece at a time. */
import type { Split } from '../../data/dataset';
import { inputPieces } from '../../data/stored';
import type { WatchedDevice } from './device';
import type { Range } from './memory';

/** Written before the device is waited for: until then the driver holds a copy. */
const mostWaiting = 2 ** 26;

/**
 * @param partBytes of each part but the last, a multiple of 4
 * @throws DataError, DeviceLostError
 */
export async function upload(
  watched: WatchedDevice,
  split: Split,
  parts: readonly Range[],
  partBytes: number,
): Promise<void> {
  const { queue } = watched.device;
  let written = 0;
  const write = async (bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    for (let at = 0; at < bytes.length;) {
      const place = written % partBytes;
      const count = Math.min(mostWaiting, bytes.length - at, partBytes - place);
      queue.writeBuffer(parts[Math.floor(written / partBytes)]!.storage.gpu, place, bytes, at, count);
      written += count;
      at += count;
      await watched.wait(queue.onSubmittedWorkDone());
    }
  };
  // only whole words can be written: what is left of a piece goes with the next
  let rest = new Uint8Array(0);
  for (const { buffer, byteOffset, byteLength } of inputPieces(split)) {
    let bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    if (rest.length > 0) bytes = joined(rest, bytes);
    const whole = bytes.length & ~3;
    await write(bytes.subarray(0, whole));
    rest = bytes.slice(whole);
  }
  if (rest.length > 0) await write(joined(rest, new Uint8Array(4 - rest.length)));
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
