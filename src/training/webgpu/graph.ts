/**
 * A plan as this executor runs it: reshapes are other views of the same buffer, an activation whose derivative is told
 * from its output becomes the end of the op before it, and several takers of one activation add to one gradient in a
 * fixed order.
 */
import type { ActivationOp, Plan, PlanOp, ReshapeOp } from '../plan/plan';
import { type ElementwiseActivation, isToldFromOutput } from './wgsl/activations';

export type RunOp = Exclude<PlanOp, ReshapeOp>;

/** How a contribution to a gradient is brought home. */
export interface Settling {
  /** Others came before: add to them. */
  readonly accumulate: boolean;
  /** Nothing comes after: the derivative of the activation that ended the op before, told from the values here. */
  readonly derivative: ElementwiseActivation | null;
}

export interface GraphNode {
  readonly op: RunOp;
  /** Numbers of buffers. */
  readonly inputs: readonly number[];
  readonly output: number;
  /** Shapes of one example. */
  readonly inputShapes: readonly (readonly number[])[];
  readonly outputShape: readonly number[];
  /** What follows the op at once. */
  readonly activation: ElementwiseActivation | null;
  /** Of each input; null where nobody wants its gradient. */
  readonly gradients: readonly (Settling | null)[];
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** Values of an example in each buffer; buffer 0 is the model's input. */
  readonly sizes: readonly number[];
  readonly output: number;
  /** Of the loss. */
  readonly outputGradient: Settling;
}

const takesActivation: ReadonlySet<PlanOp['kind']> = new Set(['dense', 'conv2d', 'batch-normalization', 'add']);

interface Draft {
  readonly op: RunOp;
  readonly inputs: readonly number[];
  readonly output: number;
  activation: ElementwiseActivation | null;
}

export function analyze(plan: Plan): Graph {
  const sizes: number[] = [plan.activations[0]!.size];
  const bufferOf: number[] = [0];
  const takers = countTakers(plan);
  const drafts: Draft[] = [];
  for (const op of plan.ops) {
    const inputs = op.inputs.map(input => bufferOf[input]!);
    const input = inputs[0]!;
    if (op.kind === 'reshape' || isIdentity(op)) {
      bufferOf[op.output] = input;
      continue;
    }
    const producer = drafts.find(draft => draft.output === input);
    const activation = op.kind === 'activation' ? endOf(op) : null;
    if (activation && producer && !producer.activation && takers(op.inputs[0]!) === 1) {
      if (takesActivation.has(producer.op.kind)) {
        producer.activation = activation;
        bufferOf[op.output] = input;
        continue;
      }
    }
    bufferOf[op.output] = sizes.push(plan.activations[op.output]!.size) - 1;
    drafts.push({ op, inputs, output: bufferOf[op.output]!, activation: null });
  }
  const output = bufferOf[plan.ops.at(-1)?.output ?? 0]!;
  return { sizes, output, ...settle(plan, drafts, output) };
}

function isIdentity(op: PlanOp): boolean {
  return op.kind === 'activation' && op.activation === 'linear';
}

/** The activation as the end of another op; null where it cannot be. */
function endOf({ activation, alpha }: ActivationOp): ElementwiseActivation | null {
  if (activation === 'linear' || activation === 'softmax' || !isToldFromOutput(activation)) return null;
  return { name: activation, alpha };
}

/** How many ops take an activation, under whatever shape. */
function countTakers(plan: Plan): (activation: number) => number {
  const first = new Map<number, number>();
  const origin = (activation: number): number => first.get(activation) ?? activation;
  const counts = new Map<number, number>();
  for (const op of plan.ops) {
    if (op.kind === 'reshape' || isIdentity(op)) first.set(op.output, origin(op.inputs[0]!));
    else for (const input of op.inputs) counts.set(origin(input), (counts.get(origin(input)) ?? 0) + 1);
  }
  return activation => counts.get(origin(activation)) ?? 0;
}

/** Who writes a gradient first, who adds to it, and who is the last to. */
function settle(
  plan: Plan,
  drafts: readonly Draft[],
  output: number,
): { nodes: readonly GraphNode[]; outputGradient: Settling } {
  const activations = new Map(drafts.map(draft => [draft.output, draft.activation]));
  const trained = new Set<number>();
  for (const { op, inputs, output: own } of drafts) {
    if (hasParameters(op) || inputs.some(input => trained.has(input))) trained.add(own);
  }
  const left = new Map<number, number>();
  for (const { inputs } of drafts) for (const input of inputs) left.set(input, (left.get(input) ?? 0) + 1);
  const written = new Set<number>();
  const settling = (buffer: number): Settling => {
    const accumulate = written.has(buffer);
    written.add(buffer);
    return { accumulate, derivative: left.get(buffer) === 0 ? (activations.get(buffer) ?? null) : null };
  };
  left.set(output, left.get(output) ?? 0);
  const outputGradient = settling(output);
  const nodes = drafts.toReversed().map(({ op, inputs, output: own, activation }): GraphNode => {
    const gradients = inputs.map(input => {
      left.set(input, left.get(input)! - 1);
      return trained.has(input) ? settling(input) : null;
    });
    const inputShapes = op.inputs.map(input => plan.activations[input]!.shape);
    return {
      op,
      inputs,
      output: own,
      inputShapes,
      outputShape: plan.activations[op.output]!.shape,
      activation,
      gradients,
    };
  });
  return { nodes: nodes.toReversed(), outputGradient };
}

function hasParameters(op: RunOp): boolean {
  if ('kernel' in op) return true;
  return 'gamma' in op && (op.gamma !== null || op.beta !== null);
}
