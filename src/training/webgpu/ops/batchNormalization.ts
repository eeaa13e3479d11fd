/** Batch normalisation: statistics in chunks, put together in order, then applied value by value; backwards likewise. */
import type { BatchNormalizationOp } from '../../plan/plan';
import { type Dispatch, reads, writes } from '../dispatch';
import type { Range } from '../memory';
import type { GraphNode } from '../graph';
import { activate } from '../wgsl/activations';
import { f32, u32 } from '../wgsl/text';
import { chunksOf, columnSums } from './columns';
import { elementwise, imageOf, type Launches, type Operation, settlingOf, type Site } from './operation';

const threads = 64;

export const batchNormalization: Operation<BatchNormalizationOp> = (op, node, site) =>
  site.training ? train(op, node, site) : evaluate(op, node, site);

function sizesOf(node: GraphNode): { pixels: number; channels: number } {
  const [height, width, channels] = imageOf(node.outputShape);
  return { pixels: height * width, channels };
}

function evaluate(op: BatchNormalizationOp, node: GraphNode, site: Site): Launches {
  const { gamma, beta } = op;
  const { pixels, channels } = sizesOf(node);
  const forward = elementwise(
    site,
    `${op.layer} forward`,
    pixels * channels,
    [
      reads('x', site.values(node.inputs[0]!)),
      reads('mean', site.statistics(op.movingMean)),
      reads('variance', site.statistics(op.movingVariance)),
      ...(gamma === null ? [] : [reads('gamma', site.weights(gamma))]),
      ...(beta === null ? [] : [reads('beta', site.weights(beta))]),
      writes('y', site.values(node.output)),
    ],
    `let c = i % ${u32(channels)};
  let scale = ${gamma === null ? '1.0' : 'gamma[c]'} / sqrt(variance[c] + ${f32(op.epsilon)});
  y[i] = activate((x[i] - mean[c]) * scale${beta === null ? '' : ' + beta[c]'});`,
    activate(node.activation),
  );
  return { forward: [forward], backward: [] };
}

function train(op: BatchNormalizationOp, node: GraphNode, site: Site): Launches {
  const { layer } = op;
  const { pixels, channels } = sizesOf(node);
  const x = reads('x', site.values(node.inputs[0]!));
  // scale, offset, mean, 1 / √(variance + ε) of each channel
  const coefficients = site.own(`${layer} coefficients`, channels * 16);
  const forward = [
    ...statistics(op, node, site, coefficients),
    elementwise(
      site,
      `${layer} forward`,
      pixels * channels,
      [x, reads('coefficients', coefficients, 'vec4f'), writes('y', site.values(node.output))],
      `let c = coefficients[i % ${u32(channels)}];
  y[i] = activate((x[i] - c.z) * c.x + c.y);`,
      activate(node.activation),
    ),
  ];
  return { forward, backward: backward(op, node, site, coefficients) };
}

/** Mean and Σ (x − mean)² of each chunk, put together after Chan, Golub and LeVeque (1979). */
function statistics(op: BatchNormalizationOp, node: GraphNode, site: Site, coefficients: Range): Dispatch[] {
  const { layer, gamma, beta, epsilon, momentum, unbiased } = op;
  const { pixels, channels } = sizesOf(node);
  const chunks = chunksOf(site, pixels, channels);
  const sums = columnSums(site, chunks, {
    label: `${layer} statistics`,
    pixels,
    channels,
    bindings: [reads('x', site.values(node.inputs[0]!))],
    declarations: '',
    body: (total, loop) => `let place = lane % ${u32(channels <= 16 ? 16 : channels <= 32 ? 32 : 64)};
  var sum = 0.0;
  ${loop('sum += x[i];')}
  ${total('vec2f(sum, 0.0)')}
  let mean = sums[place].x / f32(end - begin);
  workgroupBarrier();
  sum = 0.0;
  ${loop('let d = x[i] - mean;\n      sum += d * d;')}
  ${total('vec2f(sum, 0.0)')}
  let result = vec2f(mean, sums[place].x);`,
  });
  const combine: Dispatch = {
    label: `${layer} statistics of the batch`,
    bindings: [
      reads('partial', chunks.partial, 'vec2f'),
      ...(gamma === null ? [] : [reads('gamma', site.weights(gamma))]),
      ...(beta === null ? [] : [reads('beta', site.weights(beta))]),
      writes('coefficients', coefficients, 'vec4f'),
      // both lie in one buffer, which a kernel may be bound to only once where it writes
      writes('moving', movingRange(op, site)),
    ],
    declarations: '',
    body: `let c = group * ${u32(threads)} + lane;
  if (c >= ${u32(channels)}) { return; }
  let total = step.count * ${u32(pixels)};
  var n = 0.0;
  var mean = 0.0;
  var squares = 0.0;
  for (var chunk = 0u; chunk < ${chunks.count}; chunk++) {
    let part = partial[chunk * ${u32(channels)} + c];
    let m = f32(min(${u32(chunks.rows)}, total - chunk * ${u32(chunks.rows)}));
    let distance = part.x - mean;
    mean += distance * (m / (n + m));
    squares += part.y + distance * distance * (n * m / (n + m));
    n += m;
  }
  let variance = squares / n;
  let inverse = 1.0 / sqrt(variance + ${f32(epsilon)});
  coefficients[c] = vec4f(${gamma === null ? 'inverse' : 'gamma[c] * inverse'}, ${beta === null ? '0.0' : 'beta[c]'}, mean, inverse);
  let mover = ${unbiased ? 'squares / max(1.0, n - 1.0)' : 'variance'};
  moving[${movingOffset(op, site, op.movingMean)} + c] = ${f32(momentum)} * moving[${movingOffset(op, site, op.movingMean)} + c] + ${f32(1 - momentum)} * mean;
  moving[${movingOffset(op, site, op.movingVariance)} + c] = ${f32(momentum)} * moving[${movingOffset(op, site, op.movingVariance)} + c] + ${f32(1 - momentum)} * mover;`,
    threads,
    groups: Math.ceil(channels / threads),
  };
  return [sums, combine];
}

/** From the first of the two moving statistics to the end of the other. */
function movingRange({ movingMean, movingVariance }: BatchNormalizationOp, site: Site): Range {
  const [a, b] = [site.statistics(movingMean), site.statistics(movingVariance)];
  const offset = Math.min(a.offset, b.offset);
  return { ...a, offset, bytes: Math.max(a.offset + a.bytes, b.offset + b.bytes) - offset };
}

function movingOffset(op: BatchNormalizationOp, site: Site, parameter: number): string {
  return u32((site.statistics(parameter).offset - movingRange(op, site).offset) / 4);
}

function backward(op: BatchNormalizationOp, node: GraphNode, site: Site, coefficients: Range): Dispatch[] {
  const { layer, gamma, beta } = op;
  if (!node.gradients[0] && gamma === null && beta === null) return [];
  const { pixels, channels } = sizesOf(node);
  const x = reads('x', site.values(node.inputs[0]!));
  const dy = reads('dy', site.gradients(node.output));
  const known = reads('coefficients', coefficients, 'vec4f');
  const chunks = chunksOf(site, pixels, channels);
  const sums = columnSums(site, chunks, {
    label: `${layer} gradient sums`,
    pixels,
    channels,
    bindings: [x, dy, known],
    declarations: '',
    body: (total, loop) => `var sum = vec2f();
  let mean = coefficients[min(channel, ${u32(channels - 1)})].z;
  ${loop('sum += vec2f(dy[i], dy[i] * (x[i] - mean));')}
  ${total('sum')}
  let result = sums[lane];`,
  });
  // scale, mean, mean of dy, factor of x − mean
  const terms = site.own(`${layer} terms`, channels * 16);
  const combine: Dispatch = {
    label: `${layer} gradients`,
    bindings: [
      reads('partial', chunks.partial, 'vec2f'),
      known,
      writes('terms', terms, 'vec4f'),
      ...parameterGradients(op, site),
    ],
    declarations: '',
    body: `let c = group * ${u32(threads)} + lane;
  if (c >= ${u32(channels)}) { return; }
  var sum = vec2f();
  for (var chunk = 0u; chunk < ${chunks.count}; chunk++) { sum += partial[chunk * ${u32(channels)} + c]; }
  let known = coefficients[c];
  let n = f32(step.count * ${u32(pixels)});
  terms[c] = vec4f(known.x, known.z, sum.x / n, sum.y * known.w * known.w / n);
  ${storeGradients(op, site, 'sum.y * known.w', 'sum.x')}`,
    threads,
    groups: Math.ceil(channels / threads),
  };
  if (!node.gradients[0]) return [sums, combine];
  const settling = settlingOf(site, node);
  const apply = elementwise(
    site,
    `${layer} input gradient`,
    pixels * channels,
    [x, dy, reads('terms', terms, 'vec4f'), ...settling.bindings],
    `let t = terms[i % ${u32(channels)}];
  settle(i, t.x * ((dy[i] - t.z) - (x[i] - t.y) * t.w));`,
    settling.declarations,
  );
  return [sums, combine, apply];
}

interface ScaleAndShift {
  readonly gamma: number | null;
  readonly beta: number | null;
}

/** γ and β of a normalisation lie in one buffer, which a kernel may be bound to only once where it writes. */
function gradientRange({ gamma, beta }: ScaleAndShift, site: Site): Range | null {
  const ranges = [gamma, beta].flatMap(id => (id === null ? [] : [site.parameterGradient(id)]));
  if (ranges.length === 0) return null;
  const offset = Math.min(...ranges.map(range => range.offset));
  const end = Math.max(...ranges.map(range => range.offset + range.bytes));
  return { ...ranges[0]!, offset, bytes: end - offset };
}

export function parameterGradients(op: ScaleAndShift, site: Site): Dispatch['bindings'] {
  const range = gradientRange(op, site);
  return range ? [writes('parameterGradients', range)] : [];
}

/** WGSL statements for channel `c`. */
export function storeGradients(op: ScaleAndShift, site: Site, ofGamma: string, ofBeta: string): string {
  const range = gradientRange(op, site);
  const store = (id: number | null, value: string): string =>
    id === null || !range
      ? ''
      : `parameterGradients[${u32((site.parameterGradient(id).offset - range.offset) / 4)} + c] = ${value};`;
  return `${store(op.gamma, ofGamma)}\n  ${store(op.beta, ofBeta)}`;
}
