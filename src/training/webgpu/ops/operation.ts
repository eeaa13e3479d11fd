/** What ops are laid out with, and what they become: launches of kernels, forwards and backwards. */
import type { ParameterId, Plan } from '../../plan/plan';
import { type Bound, type Dispatch, reads, writes } from '../dispatch';
import type { GraphNode, RunOp, Settling } from '../graph';
import type { Range } from '../memory';
import { derivative } from '../wgsl/activations';

export interface Site {
  readonly plan: Plan;
  /** Most examples at a time. */
  readonly batch: number;
  readonly training: boolean;
  /** u32: of the recipe; 0 where it has none. */
  readonly seed: Range;
  /** Of a buffer of the graph: [example][…shape]. */
  readonly values: (buffer: number) => Range;
  readonly gradients: (buffer: number) => Range;
  /** A kernel with its bias as one more row behind it, or a vector. */
  readonly weights: (parameter: ParameterId) => Range;
  readonly parameterGradient: (parameter: ParameterId) => Range;
  readonly statistics: (parameter: ParameterId) => Range;
  /** Room that no launch of another op keeps anything in. */
  readonly scratch: (bytes: number) => Range;
  /** Room of the op's own, from its forward to its backward pass. */
  readonly own: (label: string, bytes: number) => Range;
}

export interface Launches {
  readonly forward: readonly Dispatch[];
  /** Gradients of inputs and parameters; not asked for while evaluating. */
  readonly backward: readonly Dispatch[];
}

export type Operation<Op extends RunOp> = (op: Op, node: GraphNode, site: Site) => Launches;

export interface SettlingCode {
  readonly bindings: readonly Bound[];
  /** `fn settle(i: u32, gradient: f32)`, which brings a contribution to element i home. */
  readonly declarations: string;
}

/** @param input of the node, which wants its gradient */
export function settlingOf(site: Site, { inputs, gradients }: GraphNode, input = 0): SettlingCode {
  return settlingAt(gradients[input]!, site.gradients(inputs[input]!), site.values(inputs[input]!));
}

export function settlingAt(settling: Settling, gradient: Range, values: Range): SettlingCode {
  const { accumulate, derivative: ending } = settling;
  const sum = accumulate ? 'gradient + settled[i]' : 'gradient';
  return {
    bindings: [writes('settled', gradient), ...(ending ? [reads('ended', values)] : [])],
    declarations: `${ending ? derivative(ending, 'endDerivative') : ''}
fn settle(i: u32, gradient: f32) {
  settled[i] = ${ending ? `endDerivative(ended[i], ${sum})` : sum};
}`,
  };
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Height, width and channels; a vector is an image of one pixel. */
export function imageOf(shape: readonly number[]): readonly [number, number, number] {
  const [height, width, channels] = shape.length === 3 ? shape : [1, 1, sizeOf(shape)];
  return [height!, width!, channels!];
}

/** Threads of a workgroup that works value by value. */
const elementThreads = 256;

/** One thread for each of `each` values of every example, whose number among all is `i`. */
export function elementwise(
  site: Site,
  label: string,
  each: number,
  bindings: readonly Bound[],
  body: string,
  declarations = '',
): Dispatch {
  return {
    label,
    bindings,
    declarations,
    body: `let i = group * ${String(elementThreads)}u + lane;
  if (i >= step.count * ${String(each)}u) { return; }
  ${body}`,
    threads: elementThreads,
    groups: Math.ceil((site.batch * each) / elementThreads),
  };
}
