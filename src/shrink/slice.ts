/** The weights of the smaller network. */
import { eachWeight, isDepthwise } from '../lottery/structured/coupling';
import type { PlanParameter } from '../training/plan/plan';
import { normalizationAfter, readerOf, type Subject } from './dead';

export interface Sliced {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** @returns of each parameter what is left of it, by its name */
export function slicedWeights(subject: Subject, live: Uint8Array): ReadonlyMap<string, Sliced> {
  const { plan, coupling } = subject;
  const weights = foldedWeights(subject, live);
  const parts = new Map<string, Sliced>();
  const isLive = (unit: number): boolean => live[unit] === 1;
  for (const kernel of coupling.kernels) {
    const { name, parameter, shape, inputs, outputs, groups } = kernel;
    const filters = outputs.filter(isLive).length;
    const channels = inputs.filter(isLive).length;
    // of a depthwise kernel each filter sees one channel, of others in groups as many in each
    const data = new Float32Array(kernel.taps * filters * (isDepthwise(kernel) ? 1 : channels / groups));
    let at = 0;
    eachWeight(kernel, (i, input, output) => {
      if (isLive(inputs[input]!) && isLive(outputs[output]!)) data[at++] = weights[parameter]![i]!;
    });
    // Keras has a depthwise kernel as [height, width, in, multiplier]
    const ends = isKerasDepthwise(plan.parameters[parameter]!)
      ? [channels, filters / channels]
      : [isDepthwise(kernel) ? 1 : channels / groups, filters];
    parts.set(name, { shape: [...shape.slice(0, -2), ...ends], data });
  }
  for (const { name, parameter, units } of coupling.vectors) {
    const data = weights[parameter]!.filter((_, i) => isLive(units[i]!));
    parts.set(name, { shape: [data.length], data });
  }
  return parts;
}

export function isKerasDepthwise({ name }: Pick<PlanParameter, 'name'>): boolean {
  return name.endsWith('/depthwise_kernel');
}

/** What constants that go add to the layers that read them goes into their biases, or the means of normalisations. */
function foldedWeights(subject: Subject, live: Uint8Array): Float32Array[] {
  const { coupling, constants, weights } = subject;
  const folded = weights.map(values => values.slice());
  for (const kernel of coupling.kernels) {
    if (isDepthwise(kernel)) continue;
    const { inputs, outputs, parameter, from } = kernel;
    const values = constants[from]!;
    const sums = new Float64Array(outputs.length);
    eachWeight(kernel, (i, input, output) => {
      const weight = weights[parameter]![i]!;
      const value = values[input] ?? NaN;
      if (weight === 0 || live[inputs[input]!] === 1 || Number.isNaN(value)) return;
      sums[output]! += weight * value;
    });
    const op = readerOf(subject, kernel);
    const bias = op.bias;
    const mean = bias === null ? normalizationAfter(subject, op)?.movingMean : undefined;
    sums.forEach((sum, output) => {
      if (bias !== null) folded[bias]![output]! += sum;
      else if (mean !== undefined) folded[mean]![output]! -= sum;
    });
  }
  return folded;
}
