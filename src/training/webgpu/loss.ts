/** Losses: of each example with its gradient, a thread an example, and their sum over the batch in one workgroup. */
import type { PlanSetup } from './planSetup';
import type { DeviceData, DeviceSplit } from './deviceData';
import { type Dispatch, reads, writes } from './dispatch';
import type { Settling } from './graph';
import { rowDeclaration } from './input';
import type { Range } from './memory';
import { settlingAt, type Site } from './ops/operation';
import { sharedSums, sumOver } from './wgsl/reduce';
import { f32, u32 } from './wgsl/text';

/** What a batch leaves at its slot: sum of losses, examples whose highest output is the label's, not finite, divisor. */
export const resultFloats = 4;

export interface LossTarget {
  readonly output: Range;
  /** Null while evaluating. */
  readonly gradient: { readonly range: Range; readonly settling: Settling } | null;
  readonly order: Range | null;
  /** Null where all classes weigh alike. */
  readonly classWeights: Range | null;
  readonly results: Range;
  /** vec4f of each example. */
  readonly examples: Range;
}

const threads = 64;
const sumThreads = 256;

export function loss(
  site: Site,
  { plan, regularization, classWeights }: PlanSetup,
  data: DeviceData,
  split: DeviceSplit,
  { output, gradient, order, classWeights: weightsRange, results, examples }: LossTarget,
): Dispatch[] {
  const classes = plan.activations.at(-1)!.size;
  const weights = weightsRange && classWeights;
  const settling = gradient ? settlingAt(gradient.settling, gradient.range, output) : null;
  const bindings = [
    reads('z', output),
    reads('labels', split.labels, data.regression ? 'f32' : 'u32'),
    ...(order ? [reads('order', order, 'u32')] : []),
    ...(weightsRange ? [reads('classWeights', weightsRange)] : []),
    writes('examples', examples, 'vec4f'),
    ...(settling?.bindings ?? []),
  ];
  const smoothing = gradient ? regularization.labelSmoothing : 0;
  const each: Dispatch = {
    label: 'loss',
    bindings,
    declarations: `${rowDeclaration(order !== null)}
fn classWeight(number: u32) -> f32 { return ${weights ? 'classWeights[number]' : '1.0'}; }
${settling?.declarations ?? ''}`,
    body: `let i = group * ${u32(threads)} + lane;
  if (i >= step.count) { return; }
  let first = i * ${u32(classes)};
  var bad = false;
  var highest = z[first];
  var best = 0u;
  for (var c = 0u; c < ${u32(classes)}; c++) {
    let value = z[first + c];
    // no comparison that a compiler could take for granted
    bad = bad || (bitcast<u32>(value) & 0x7f800000u) == 0x7f800000u;
    if (value > highest) { highest = value; best = c; }
  }
  ${data.regression ? '' : 'let label = labels[rowOf(i)];'}
  var divisor = f32(step.count);
  ${weights ? `divisor = 0.0;\n  for (var j = 0u; j < step.count; j++) { divisor += classWeight(labels[rowOf(j)]); }` : ''}
  ${plan.loss === 'cross-entropy' ? crossEntropy(classes, smoothing, weights, gradient !== null) : squaredError(classes, data.regression, gradient !== null)}
  let hit = ${data.regression ? '0.0' : 'select(0.0, 1.0, best == label)'};
  examples[i] = vec4f(value, hit, select(0.0, 1.0, bad), divisor);`,
    threads,
    groups: Math.ceil(site.batch / threads),
  };
  return [each, sumOfBatch(examples, results)];
}

/** As src/kernels/loss.ts; with class weights as PyTorch's CrossEntropyLoss. */
function crossEntropy(
  classes: number,
  smoothing: number,
  weights: readonly number[] | null,
  wantsGradient: boolean,
): string {
  const uniform = smoothing / classes;
  const own = 1 - smoothing;
  const total = weights ? weights.reduce((sum, weight) => sum + weight, 0) : classes;
  const smoothed = `var spread = 0.0;
  for (var c = 0u; c < ${u32(classes)}; c++) { spread += classWeight(c) * (highest - z[first + c] + log(sum)); }
  value += ${f32(uniform)} * spread;`;
  const gradient = `let scale = 1.0 / divisor;
  for (var c = 0u; c < ${u32(classes)}; c++) {
    let p = exponential(z[first + c] - highest) / sum;
    var g = p * (${f32(own)} * weight + ${f32(uniform * total)}) - ${f32(uniform)} * classWeight(c);
    if (c == label) { g -= ${f32(own)} * weight; }
    settle(first + c, g * scale);
  }`;
  return `var sum = 0.0;
  for (var c = 0u; c < ${u32(classes)}; c++) { sum += exponential(z[first + c] - highest); }
  let weight = classWeight(label);
  var value = ${f32(own)} * weight * (highest - z[first + label] + log(sum));
  ${smoothing > 0 ? smoothed : ''}
  ${wantsGradient ? gradient : ''}`;
}

/** Averaged over outputs, as in Keras; against one-hot labels, or against targets. */
function squaredError(classes: number, regression: boolean, wantsGradient: boolean): string {
  const wanted = regression ? `labels[rowOf(i) * ${u32(classes)} + c]` : 'select(0.0, 1.0, c == label)';
  return `var value = 0.0;
  for (var c = 0u; c < ${u32(classes)}; c++) {
    let error = z[first + c] - ${wanted};
    value += error * error;
    ${wantsGradient ? `settle(first + c, 2.0 * error / (divisor * ${f32(classes)}));` : ''}
  }
  value = value / ${f32(classes)};`;
}

function sumOfBatch(examples: Range, results: Range): Dispatch {
  return {
    label: 'loss of the batch',
    bindings: [reads('examples', examples, 'vec4f'), writes('results', results, 'vec4f')],
    declarations: sharedSums('vec4f', sumThreads),
    body: `var sum = vec4f();
  for (var i = lane; i < step.count; i += ${u32(sumThreads)}) { sum += vec4f(examples[i].xyz, 0.0); }
  ${sumOver('sum', sumThreads)}
  if (lane == 0u) { results[step.slot] = vec4f(sums[0].xyz, examples[0].w); }`,
    threads: sumThreads,
    groups: 1,
  };
}
