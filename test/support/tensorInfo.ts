import type { TensorInfo } from '../../src/shared/inspection';

/** A weight of float32 unless said otherwise. */
export function tensorInfo(of: Partial<TensorInfo>): TensorInfo {
  const shape = of.shape ?? [2];
  const count = shape.reduce((product, size) => product * size, 1);
  return {
    name: 'weight',
    dtype: 'F32',
    shape,
    count,
    bytes: 4 * count,
    role: 'weight',
    prunable: shape.length > 1,
    kind: null,
    outputAxis: null,
    inputAxis: null,
    tiedTo: null,
    error: null,
    ...of,
  };
}
