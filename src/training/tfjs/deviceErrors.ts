/** What TensorFlow.js throws where the device gives out, told from mistakes. */
import { DeviceLostError } from '../trainer';

/** TensorFlow's status texts, and those of V8 and of CUDA. */
const outOfMemory =
  /OOM when allocating|RESOURCE_EXHAUSTED|ResourceExhausted|out of memory|OUT_OF_MEMORY|bad_alloc|Array buffer allocation failed|Invalid typed array length|failed to allocate/i;
const lost =
  /CUDA_ERROR|cudaError|CUDNN_STATUS|CUBLAS_STATUS|device (?:was )?lost|illegal memory access|Dst tensor is not initialized/i;

/** @returns a DeviceLostError where it is one, else what was thrown */
export function asDeviceError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DeviceLostError) return error;
  const { message } = error;
  if (outOfMemory.test(message)) {
    return new DeviceLostError('out-of-memory', `the device has no memory left: ${message}`, { cause: error });
  }
  if (lost.test(message)) return new DeviceLostError('lost', `the device was lost: ${message}`, { cause: error });
  return error;
}
