/**
 * Weights, gradients and optimiser state: each in one buffer for the whole model, so that one launch updates all of it. A
 * bias lies behind its kernel, as one more row of it. Moving statistics, which training writes while it reads weights,
 * have a buffer of their own.
 */
import type { ParameterId, Plan } from '../plan/plan';
import type { PlanSetup } from './planSetup';
import { type Dispatch, reads, writes } from './dispatch';
import { type DeviceMemory, type Range, rangeAlignment, type Storage, whole } from './memory';
import { sharedSums, sumOver } from './wgsl/reduce';
import { f32, u32 } from './wgsl/text';

const alignment = rangeAlignment / 4;
const updateThreads = 256;
/** Gradients whose squares a workgroup sums. */
const normChunk = 4096;

interface Place {
  readonly offset: number;
  /** Up to the end of what is bound with it. */
  readonly count: number;
}

export class Parameters {
  /** Floats from the start of the trainable, or of the moving, buffer. */
  private readonly places = new Map<ParameterId, Place>();
  private readonly count: number;
  private readonly values: Storage;
  private readonly gradients: Storage;
  private readonly moving: Storage;
  private readonly average: Storage | null;
  private readonly hasMasks: boolean;

  constructor(
    private readonly setup: PlanSetup,
    private readonly memory: DeviceMemory,
  ) {
    const { plan, masks, regularization } = setup;
    const trainable = this.place(blocksOf(plan).filter(block => plan.parameters[block[0]!]!.trainable));
    const moving = this.place(blocksOf(plan).filter(block => !plan.parameters[block[0]!]!.trainable));
    this.count = trainable;
    this.hasMasks = masks.some(mask => mask !== null);
    const fill = (wanted: boolean) => (): Float32Array => this.initial(wanted, wanted ? trainable : moving);
    this.values = memory.filled('weights', 'parameters', fill(true), trainable * 4).storage;
    this.moving = memory.filled('moving statistics', 'parameters', fill(false), moving * 4).storage;
    this.gradients = memory.storage('gradients', 'parameters', trainable * 4);
    this.average =
      regularization.averageDecay === null
        ? null
        : memory.filled('averaged weights', 'parameters', fill(true), trainable * 4).storage;
  }

  /** A kernel with its bias behind it, or one vector, as training sees it. */
  weights(parameter: ParameterId): Range {
    return this.rangeIn(this.values, parameter);
  }

  /** The same as evaluation sees it. */
  evaluatedWeights(parameter: ParameterId): Range {
    return this.rangeIn(this.average ?? this.values, parameter);
  }

  gradient(parameter: ParameterId): Range {
    return this.rangeIn(this.gradients, parameter);
  }

  statistics(parameter: ParameterId): Range {
    return this.rangeIn(this.moving, parameter);
  }

  /** Everything that follows from the gradients of a step. */
  update(scratch: (bytes: number) => Range): Dispatch[] {
    const { memory, setup, count } = this;
    const { clipNorm, averageDecay } = setup.regularization;
    const { optimizer } = setup;
    const mask = this.hasMasks
      ? [
          reads(
            'mask',
            memory.filled('masks', 'parameters', () => this.maskBits(), (count / 32) * 4),
            'u32',
          ),
        ]
      : [];
    const state = (label: string): Range => memory.range(label, 'parameters', count * 4);
    const first = optimizer.name !== 'sgd' || optimizer.momentum !== 0 ? [writes('first', state('first moments'))] : [];
    const second = optimizer.name !== 'sgd' ? [writes('second', state('second moments'))] : [];
    const clipped = clipNorm === null ? [] : this.norm(mask, scratch, clipNorm);
    const factor = clipped.at(-1)?.bindings.find(({ name }) => name === 'factor');
    const updating: Dispatch = {
      label: 'update',
      bindings: [
        writes('weights', whole(this.values)),
        reads('gradients', whole(this.gradients)),
        ...first,
        ...second,
        ...mask,
        ...(factor ? [reads('factor', factor.range)] : []),
        ...(this.average ? [writes('average', whole(this.average))] : []),
      ],
      declarations: '',
      body: `let i = group * ${u32(updateThreads)} + lane;
  if (i >= ${u32(count)}) { return; }
  var weight = weights[i];
  var gradient = gradients[i]${factor ? ' * factor[0]' : ''};
  ${mask.length > 0 ? 'let kept = ((mask[i >> 5u] >> (i & 31u)) & 1u) == 1u;' : 'let kept = true;'}
  ${ruleOf(setup)}
  weight = select(0.0, weight, kept);
  weights[i] = weight;
  ${averageDecay === null ? '' : `average[i] = ${f32(averageDecay)} * average[i] + ${f32(1 - averageDecay)} * weight;`}`,
      threads: updateThreads,
      groups: Math.ceil(count / updateThreads),
    };
    return [...clipped, updating];
  }

  /** The buffers that hold what `unpack` reads: weights as evaluated, and moving statistics. */
  get readBack(): readonly Storage[] {
    return [this.average ?? this.values, this.moving];
  }

  unpack([weights, moving]: readonly Float32Array[]): Float32Array[] {
    return this.setup.plan.parameters.map(({ trainable, size }, id) => {
      const { offset } = this.places.get(id)!;
      return (trainable ? weights! : moving!).slice(offset, offset + size);
    });
  }

  /** @returns floats in all */
  private place(blocks: readonly (readonly ParameterId[])[]): number {
    const { parameters } = this.setup.plan;
    let next = 0;
    for (const block of blocks) {
      const end = block.reduce((sum, id) => sum + parameters[id]!.size, next);
      for (const id of block) {
        this.places.set(id, { offset: next, count: end - next });
        next += parameters[id]!.size;
      }
      next = Math.ceil(next / alignment) * alignment;
    }
    return Math.max(next, alignment);
  }

  private rangeIn(storage: Storage, parameter: ParameterId): Range {
    const { offset, count } = this.places.get(parameter)!;
    return { storage, offset: offset * 4, bytes: count * 4 };
  }

  private initial(trainable: boolean, count: number): Float32Array {
    const flat = new Float32Array(count);
    this.setup.plan.parameters.forEach((parameter, id) => {
      if (parameter.trainable !== trainable) return;
      const { offset } = this.places.get(id)!;
      const mask = this.setup.masks[id];
      flat.set(this.setup.weights[id]!, offset);
      mask?.forEach((kept, i) => {
        if (kept === 0) flat[offset + i] = 0;
      });
    });
    return flat;
  }

  private maskBits(): Uint32Array {
    const bits = new Uint32Array(this.count / 32).fill(0xffffffff);
    this.setup.masks.forEach((mask, id) => {
      if (!mask) return;
      const { offset } = this.places.get(id)!;
      mask.forEach((kept, i) => {
        const at = offset + i;
        if (kept === 0) bits[at >>> 5]! &= ~(1 << (at & 31));
      });
    });
    return bits;
  }

  /** Σ g² of kept weights in two launches, and the factor that brings the norm down. */
  private norm(mask: Dispatch['bindings'], scratch: (bytes: number) => Range, clipNorm: number): Dispatch[] {
    const { count, gradients } = this;
    const chunks = Math.ceil(count / normChunk);
    const partial = scratch(chunks * 4);
    const factor = this.memory.range('clipping factor', 'parameters', 4);
    const threads = 256;
    return [
      {
        label: 'squared norms',
        bindings: [reads('gradients', whole(gradients)), ...mask, writes('partial', partial)],
        declarations: sharedSums('f32', threads),
        body: `let begin = group * ${u32(normChunk)};
  let end = min(begin + ${u32(normChunk)}, ${u32(count)});
  var sum = 0.0;
  for (var i = begin + lane; i < end; i += ${u32(threads)}) {
    let g = gradients[i];
    ${mask.length > 0 ? 'if (((mask[i >> 5u] >> (i & 31u)) & 1u) == 0u) { continue; }' : ''}
    sum += g * g;
  }
  ${sumOver('sum', threads)}
  if (lane == 0u) { partial[group] = sums[0]; }`,
        threads,
        groups: chunks,
      },
      {
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
      },
    ];
  }
}

/** Parameters that lie behind one another: each kernel with its bias, the others alone. */
function blocksOf(plan: Plan): ParameterId[][] {
  const blocks: ParameterId[][] = [];
  const biases = new Set<ParameterId>();
  for (const op of plan.ops) {
    if (!('kernel' in op)) continue;
    blocks.push(op.bias === null ? [op.kernel] : [op.kernel, op.bias]);
    if (op.bias !== null) biases.add(op.bias);
  }
  const kernels = new Set(blocks.map(([kernel]) => kernel!));
  const others = plan.parameters.flatMap((_, id) => (kernels.has(id) || biases.has(id) ? [] : [[id]]));
  return [...blocks, ...others];
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
