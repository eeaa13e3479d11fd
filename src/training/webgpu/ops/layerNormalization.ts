/** Layer normalisation over the channels of each pixel of each example: a thread a pixel. */
import type { LayerNormalizationOp } from '../../plan/plan';
import { type Dispatch, reads, writes } from '../dispatch';
import { f32, u32 } from '../wgsl/text';
import { parameterGradients, storeGradients } from './batchNormalization';
import { chunksOf, columnSums } from './columns';
import { elementwise, imageOf, type Operation, settlingOf } from './operation';

const threads = 64;

export const layerNormalization: Operation<LayerNormalizationOp> = (op, node, site) => {
  const { layer, gamma, beta, epsilon } = op;
  const [height, width, channels] = imageOf(node.outputShape);
  const pixels = height * width;
  const x = reads('x', site.values(node.inputs[0]!));
  // mean and 1 / √(variance + ε) of each pixel
  const statistics = site.own(`${layer} statistics`, site.batch * pixels * 8);
  const weights = gamma === null ? [] : [reads('gamma', site.weights(gamma))];
  const scale = gamma === null ? '1.0' : 'gamma[c]';
  const forward = elementwise(
    site,
    `${layer} forward`,
    pixels,
    [
      x,
      ...weights,
      ...(beta === null ? [] : [reads('beta', site.weights(beta))]),
      writes('statistics', statistics, 'vec2f'),
      writes('y', site.values(node.output)),
    ],
    `let first = i * ${u32(channels)};
  var sum = 0.0;
  for (var c = 0u; c < ${u32(channels)}; c++) { sum += x[first + c]; }
  let mean = sum / ${f32(channels)};
  sum = 0.0;
  for (var c = 0u; c < ${u32(channels)}; c++) {
    let d = x[first + c] - mean;
    sum += d * d;
  }
  let inverse = 1.0 / sqrt(sum / ${f32(channels)} + ${f32(epsilon)});
  statistics[i] = vec2f(mean, inverse);
  for (var c = 0u; c < ${u32(channels)}; c++) {
    y[first + c] = (x[first + c] - mean) * inverse * ${scale}${beta === null ? '' : ' + beta[c]'};
  }`,
  );
  if (!site.training) return { forward: [forward], backward: [] };

  const dy = reads('dy', site.gradients(node.output));
  const known = reads('statistics', statistics, 'vec2f');
  const backward: Dispatch[] = [];
  if (node.gradients[0]) {
    const settling = settlingOf(site, node);
    backward.push(
      elementwise(
        site,
        `${layer} input gradient`,
        pixels,
        [x, dy, known, ...weights, ...settling.bindings],
        `let first = i * ${u32(channels)};
  let s = statistics[i];
  var sum = 0.0;
  var products = 0.0;
  for (var c = 0u; c < ${u32(channels)}; c++) {
    let g = ${scale} * dy[first + c];
    sum += g;
    products += g * ((x[first + c] - s.x) * s.y);
  }
  for (var c = 0u; c < ${u32(channels)}; c++) {
    let normal = (x[first + c] - s.x) * s.y;
    settle(first + c, s.y * (${scale} * dy[first + c] - sum / ${f32(channels)} - normal * (products / ${f32(channels)})));
  }`,
        settling.declarations,
      ),
    );
  }
  if (gamma === null && beta === null) return { forward: [forward], backward };
  const chunks = chunksOf(site, pixels, channels);
  backward.push(
    columnSums(site, chunks, {
      label: `${layer} gradient sums`,
      pixels,
      channels,
      bindings: [x, dy, known],
      declarations: '',
      body: (total, loop) => `var sum = vec2f();
  ${loop('let s = statistics[row];\n      sum += vec2f(dy[i], dy[i] * ((x[i] - s.x) * s.y));')}
  ${total('sum')}
  let result = sums[lane];`,
    }),
    {
      label: `${layer} gradients`,
      bindings: [reads('partial', chunks.partial, 'vec2f'), ...parameterGradients(op, site)],
      declarations: '',
      body: `let c = group * ${u32(threads)} + lane;
  if (c >= ${u32(channels)}) { return; }
  var sum = vec2f();
  for (var chunk = 0u; chunk < ${chunks.count}; chunk++) { sum += partial[chunk * ${u32(channels)} + c]; }
  ${storeGradients(op, site, 'sum.y', 'sum.x')}`,
      threads,
      groups: Math.ceil(channels / threads),
    },
  );
  return { forward: [forward], backward };
};
