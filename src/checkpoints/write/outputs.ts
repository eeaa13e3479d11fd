/** Structured pruning: whole outputs (filters, rows, columns of an embedding) of the smallest norm. */
import type { TensorInfo } from '../../shared/inspection';
import { axisOf, largestStructure, type Axis } from '../../sparsity/layout';
import type { Cut, Floats } from './cut';

/** @returns the axis of outputs, or why whole outputs cannot be told */
export function outputAxisOf({ shape, outputAxis }: TensorInfo): Axis | string {
  const axis = axisOf(shape, outputAxis);
  if (!axis) return 'its output axis is not known';
  return axis.size <= largestStructure ? axis : `it has more than ${largestStructure} outputs`;
}

/** Sums |w| or w² of every output over chunks in any order. */
export class OutputNorms {
  private readonly sums: Float64Array;

  constructor(
    private readonly axis: Axis,
    private readonly norm: 'l1' | 'l2',
  ) {
    this.sums = new Float64Array(axis.size);
  }

  add(values: Floats, begin: number): void {
    const { sums, norm } = this;
    forEachRun(this.axis, begin, values.length, (output, from, to) => {
      let sum = 0;
      if (norm === 'l1') for (let i = from; i < to; i++) sum += Math.abs(values[i]!);
      else for (let i = from; i < to; i++) sum += values[i]! * values[i]!;
      sums[output]! += sum;
    });
  }

  /** Norm of each output, taken for one weight: mean |w|, or root mean square. An output with NaN is infinitely large. */
  result(weightsOfOutput: number): Float64Array {
    return this.sums.map(sum => {
      if (Number.isNaN(sum)) return Infinity;
      return this.norm === 'l1' ? sum / weightsOfOutput : Math.sqrt(sum / weightsOfOutput);
    });
  }
}

export interface RankedOutputs {
  readonly norms: Float64Array;
  readonly weightsOfOutput: number;
}

/**
 * The outputs that go, smallest norm first and as many as `going` weights allow: never more weights than that. Ties go
 * by position, earliest tensor first.
 * @returns for each tensor 1 where an output goes
 */
export function chooseOutputs(tensors: readonly RankedOutputs[], going: number): Uint8Array[] {
  const gone = tensors.map(({ norms }) => new Uint8Array(norms.length));
  const starts: number[] = [];
  let outputs = 0;
  for (const { norms } of tensors) {
    starts.push(outputs);
    outputs += norms.length;
  }
  const all = new Float64Array(outputs);
  tensors.forEach(({ norms }, tensor) => {
    all.set(norms, starts[tensor]);
  });
  const order = Uint32Array.from(all, (_, place) => place).sort((a, b) => {
    return all[a] === all[b] ? a - b : all[a]! - all[b]!;
  });
  let left = going;
  for (const place of order) {
    const tensor = starts.findLastIndex(start => start <= place);
    const { weightsOfOutput } = tensors[tensor]!;
    if (weightsOfOutput > left || all[place] === Infinity) break;
    left -= weightsOfOutput;
    gone[tensor]![place - starts[tensor]!] = 1;
  }
  return gone;
}

export function outputCut(axis: Axis, outputs: Uint8Array): Cut {
  return {
    unit: 1,
    mark(values, begin, gone) {
      forEachRun(axis, begin, values.length, (output, from, to) => {
        if (outputs[output] === 1) gone.fill(1, from, to);
      });
    },
  };
}

/** Runs of neighbours that belong to one output. @param visit with bounds within the chunk */
function forEachRun(
  { size, stride }: Axis,
  begin: number,
  length: number,
  visit: (output: number, from: number, to: number) => void,
): void {
  let output = Math.floor(begin / stride) % size;
  let from = 0;
  let to = Math.min(length, stride - (begin % stride));
  while (from < length) {
    visit(output, from, to);
    output = output + 1 === size ? 0 : output + 1;
    from = to;
    to = Math.min(length, to + stride);
  }
}
