/** Everything that follows from the gradients of a step: penalty, clipping, optimiser, mask and averages. */
import type { PlanSetup } from './planSetup';
import { type Dispatch, reads, writes } from './dispatch';
import { type DeviceMemory, type Range, whole } from './memory';
import type { Parameters } from './parameters';
import { sharedSums, sumOver } from './wgsl/reduce';
import { f32, u32 } from './wgsl/text';

const threads = 256;
/** Gradients whose squares a workgroup sums. */
const normChunk = 4096;

/** WGSL: bit i of a mask. */
const bitOf = (mask: string): string => `(((${mask}[(i >> 5u)] >> (i & 31u)) & 1u) == 1u)`;

/** @param setup of any replicate: they have one recipe */
export function updateLaunches(
  parameters: Parameters,
  setup: PlanSetup,
  memory: DeviceMemory,
  scratch: (bytes: number) => Range,
): Dispatch[] {
  const { clipNorm } = setup.regularization;
  const clipping = clipNorm === null ? null : clip(parameters, memory, scratch, clipNorm);
  return [
    ...penalise(parameters, setup),
    ...(clipping?.launches ?? []),
    update(parameters, setup, clipping?.factor ?? null),
  ];
}

function update(parameters: Parameters, setup: PlanSetup, factor: Range | null): Dispatch {
  const { count, values, gradients, first, second, masks, average } = parameters;
  const { averageDecay } = setup.regularization;
  return {
    label: 'update',
    bindings: [
      writes('weights', whole(values)),
      reads('gradients', whole(gradients)),
      ...(first ? [writes('first', whole(first))] : []),
      ...(second ? [writes('second', whole(second))] : []),
      ...(masks ? [reads('mask', masks, 'u32')] : []),
      ...(factor ? [reads('factor', factor)] : []),
      ...(average ? [writes('average', whole(average))] : []),
    ],
    declarations: '',
    body: `let i = group * ${u32(threads)} + lane;
  if (i >= ${u32(count)}) { return; }
  var weight = weights[i];
  var gradient = gradients[i]${factor ? ' * factor[0]' : ''};
  let kept = ${masks ? bitOf('mask') : 'true'};
  ${ruleOf(setup)}
  weight = select(0.0, weight, kept);
  weights[i] = weight;
  ${averageDecay === null ? '' : `average[i] = ${f32(averageDecay)} * average[i] + ${f32(1 - averageDecay)} * weight;`}`,
    threads,
    groups: Math.ceil(count / threads),
  };
}

/** The optimiser: moves `weight` by `gradient`; state of what is not kept is 0. The same as src/kernels/update.ts. */
function ruleOf({ optimizer }: PlanSetup): string {
  const decayed = 'gradient = gradient + step.decay * weight;';
  if (optimizer.name === 'sgd') {
    const momentum = f32(optimizer.momentum);
    if (optimizer.momentum === 0) return `${decayed} weight = weight - step.rate * gradient;`;
    return `${decayed}
  let velocity = ${momentum} * first[i] + gradient;
  weight = weight - step.rate * ${optimizer.nesterov ? `(gradient + ${momentum} * velocity)` : 'velocity'};
  first[i] = select(0.0, velocity, kept);`;
  }
  const { beta1, beta2, epsilon } = optimizer;
  return `${optimizer.name === 'adamw' ? 'weight = weight - step.decay * weight;' : decayed}
  let m = ${f32(beta1)} * first[i] + ${f32(1 - beta1)} * gradient;
  let v = ${f32(beta2)} * second[i] + ${f32(1 - beta2)} * (gradient * gradient);
  weight = weight - step.rate * (m / (sqrt(v) * step.correction + ${f32(epsilon)}));
  first[i] = select(0.0, m, kept);
  second[i] = select(0.0, v, kept);`;
}

/** Adds strength · w to the gradients of what is penalised. */
function penalise({ count, values, gradients, penalty }: Parameters, setup: PlanSetup): Dispatch[] {
  if (!penalty || !setup.penalty) return [];
  return [
    {
      label: 'penalty',
      bindings: [
        reads('weights', whole(values)),
        writes('gradients', whole(gradients)),
        reads('spared', penalty, 'u32'),
      ],
      declarations: '',
      body: `let i = group * ${u32(threads)} + lane;
  if (i >= ${u32(count)} || ${bitOf('spared')}) { return; }
  gradients[i] += ${f32(setup.penalty.strength)} * weights[i];`,
      threads,
      groups: Math.ceil(count / threads),
    },
  ];
}

interface Clipping {
  readonly launches: readonly Dispatch[];
  /** What gradients are multiplied with. */
  readonly factor: Range;
}

/** Σ g² of kept weights in two launches, and the factor that brings the norm down. */
function clip(
  { count, gradients, masks }: Parameters,
  memory: DeviceMemory,
  scratch: (bytes: number) => Range,
  clipNorm: number,
): Clipping {
  const chunks = Math.ceil(count / normChunk);
  const partial = scratch(chunks * 4);
  const factor = memory.range('clipping factor', 'parameters', 4);
  const squares: Dispatch = {
    label: 'squared norms',
    bindings: [
      reads('gradients', whole(gradients)),
      ...(masks ? [reads('mask', masks, 'u32')] : []),
      writes('partial', partial),
    ],
    declarations: sharedSums('f32', threads),
    body: `let begin = group * ${u32(normChunk)};
  let end = min(begin + ${u32(normChunk)}, ${u32(count)});
  var sum = 0.0;
  for (var i = begin + lane; i < end; i += ${u32(threads)}) {
    let g = gradients[i];
    ${masks ? `if (!${bitOf('mask')}) { continue; }` : ''}
    sum += g * g;
  }
  ${sumOver('sum', threads)}
  if (lane == 0u) { partial[group] = sums[0]; }`,
    threads,
    groups: chunks,
  };
  const norm: Dispatch = {
    label: 'norm',
    bindings: [reads('partial', partial), writes('factor', factor)],
    declarations: sharedSums('f32', threads),
    // as torch.nn.utils.clip_grad_norm_ does
    body: `var sum = 0.0;
  for (var i = lane; i < ${u32(chunks)}; i += ${u32(threads)}) { sum += partial[i]; }
  ${sumOver('sum', threads)}
  if (lane == 0u) { factor[0] = min(1.0, ${f32(clipNorm)} / (sqrt(sums[0]) + 1e-6)); }`,
    threads,
    groups: 1,
  };
  return { launches: [squares, norm], factor };
}
