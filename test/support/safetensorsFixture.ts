/** Small checkpoints for tests: tensors of seeded weights, spread zeros where asked. */
import { Random } from '../../src/shared/random';
import { safetensorsBytes } from './checkpoints';

export interface FixtureTensor {
  readonly shape: readonly number[];
  /** Share of the weights that are 0. */
  readonly sparsity?: number;
}

/** A .safetensors file of F32 tensors. @param seed another one draws other weights */
export function safetensorsFixture(tensors: Readonly<Record<string, FixtureTensor>>, seed = 0): Uint8Array {
  const header: Record<string, object> = {};
  const parts: Buffer[] = [];
  let offset = 0;
  for (const [name, { shape, sparsity = 0 }] of Object.entries(tensors)) {
    const random = new Random('fixture', name, seed);
    const count = shape.reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length: count }, () => random.nextFloat() - 0.5);
    const zeros = Math.round(count * sparsity);
    for (let index = 0; index < zeros; index++) values[(index * 7) % count] = 0;
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + 4 * count] };
    parts.push(Buffer.from(values.buffer));
    offset += 4 * count;
  }
  return safetensorsBytes(header, Buffer.concat(parts));
}
