import type { TensorInfo } from '../../shared/inspection';
import { axisOf } from '../../sparsity/layout';
import { largestUnit, type Cut, type Floats } from './cut';

/**
 * N:M sparsity: of every m neighbours along the input axis the n of the largest |w| stay; among equals the earliest go.
 * NaN stays. Groups are those that `PatternCompliance` counts.
 * @returns why the tensor has no such groups, where it has none
 */
export function neighbourCut(tensor: TensorInfo, n: number, m: number): Cut | string {
  const axis = axisOf(tensor.shape, tensor.inputAxis);
  if (!axis) return 'its input axis is not known';
  if (axis.size % m !== 0) return `its ${axis.size} inputs are no multiple of ${m}`;
  const { stride } = axis;
  const unit = stride * m;
  if (unit > largestUnit) return `its groups lie across more than ${largestUnit} values`;
  return {
    unit,
    mark(values, _begin, gone) {
      for (let block = 0; block < values.length; block += unit) {
        for (let first = block; first < block + stride; first++) markGroup(values, gone, first, stride, n, m);
      }
    },
  };
}

function markGroup(values: Floats, gone: Uint8Array, first: number, stride: number, n: number, m: number): void {
  for (let i = 0; i < m; i++) {
    const place = first + i * stride;
    const size = Math.abs(values[place]!);
    if (Number.isNaN(size)) continue;
    let larger = 0;
    for (let j = 0; j < m; j++) {
      const other = Math.abs(values[first + j * stride]!);
      if (other > size || (other === size && j > i) || Number.isNaN(other)) larger++;
    }
    if (larger >= n) gone[place] = 1;
  }
}
