/**
 * Scores of the weights of an untrained network, as their authors compute them; docs/science.md has the definitions. Each
 * function gives a score for each weight of each prunable parameter, in the order of the plan: the larger, the more worth
 * keeping.
 */
import type { Plan } from '../plan/plan';
import type { Derivatives } from './derivatives';
import type { Examples, InputQuestion, ParameterValues, Point, Question } from './differentiation';

/** What is scored. */
export interface Subject extends Point {
  readonly plan: Plan;
  readonly derivatives: Derivatives;
  readonly signal?: AbortSignal;
}

/** Scores are divided by their sum, which may be 0. */
const tiny = 1e-10;
const loss = { kind: 'loss', temperature: 1 } as const;

/** Makes the outputs of an untrained network nearly alike, so that the loss is nearly as quadratic as GraSP takes it to be. */
export const graspTemperature = 200;

/** |g · w|, with the gradient of the loss summed over the batches (Lee, Ajanthan and Torr, ICLR 2019). */
export async function snip(subject: Subject, batches: readonly Examples[]): Promise<Float64Array[]> {
  const gradient = await sum(subject, { objective: loss, direction: null }, batches, prunable);
  const scores = ofPrunable(subject.plan, p => product(gradient[p]!, subject.weights[p]!).map(Math.abs));
  const total = totalOf(scores);
  return total === 0 ? scores : scaled(scores, 1 / total);
}

/**
 * w · (H g): what is removed first is what keeps the gradient from flowing (Wang, Zhang and Grosse, ICLR 2020). The sign is
 * Synaptic-Flow's; the authors' own scores are minus these, and their largest go.
 */
export async function grasp(subject: Subject, batches: readonly Examples[]): Promise<Float64Array[]> {
  const objective = { kind: 'loss', temperature: graspTemperature } as const;
  const gradient = await sum(subject, { objective, direction: null }, batches, prunable);
  // a kernel's gradient is the direction, and nothing else moves
  const direction = subject.plan.parameters.map(({ size }, p) =>
    gradient[p]!.length === size ? gradient[p]! : new Float64Array(size),
  );
  const moved = await sum(subject, { objective, direction }, batches, prunable);
  const scores = ofPrunable(subject.plan, p => product(moved[p]!, subject.weights[p]!));
  return scaled(scores, 1 / (Math.abs(totalOf(scores)) + tiny));
}

/**
 * |∂R/∂w · w|, where R is the sum of the outputs of the network with all parameters |θ|, normalisation's too, for an input
 * of ones (Tanaka et al., NeurIPS 2020). Of deep networks it is larger than a float32 can be, but not than a float64.
 */
export async function synflow(subject: Subject): Promise<Float64Array[]> {
  const { plan } = subject;
  const weights = subject.weights.map(values => values.map(Math.abs));
  const ones = { inputs: new Float64Array(plan.activations[0]!.size).fill(1), labels: [], regression: false };
  const question = { objective: { kind: 'sum' }, direction: null } as const;
  const gradient = await sum({ ...subject, weights }, question, [ones], prunable);
  return ofPrunable(plan, p => product(gradient[p]!, weights[p]!).map(Math.abs));
}

/** How the weights are trained before ProsPr looks at the loss. */
export interface InnerTraining {
  readonly learningRate: number;
  readonly momentum: number;
  /** Whether steps count as if they did not depend on the weights they begin at. */
  readonly firstOrder: boolean;
}

/**
 * |∂L(w_k)/∂m| at m = 1, where w_k comes of m ⊙ w₀ by k steps of SGD over all parameters (Alizadeh et al., ICLR 2022). The
 * steps are gone through backwards, each by one Hessian product.
 * @param steps a batch for each step of SGD
 * @param last the batch of L
 */
export async function prospr(
  subject: Subject,
  steps: readonly Examples[],
  last: Examples,
  { learningRate, momentum, firstOrder }: InnerTraining,
): Promise<Float64Array[]> {
  const { plan } = subject;
  const points: ParameterValues[] = [subject.weights];
  let velocity: ParameterValues = plan.parameters.map(({ size }) => new Float64Array(size));
  const at = (weights: ParameterValues, batch: Examples, direction: ParameterValues | null) =>
    sum({ ...subject, weights }, { objective: loss, direction }, [batch], trainable);
  for (const [i, batch] of steps.entries()) {
    velocity = plus(scaled(velocity, momentum), await at(points[i]!, batch, null));
    points.push(plus(points[i]!, scaled(velocity, -learningRate)));
  }
  /** How the last loss changes with the weights of a step, and with its velocity. */
  let weightAdjoint: ParameterValues = await at(points[steps.length]!, last, null);
  let velocityAdjoint = scaled(weightAdjoint, 0);
  for (let i = steps.length - 1; i >= 0 && !firstOrder; i--) {
    velocityAdjoint = plus(velocityAdjoint, scaled(weightAdjoint, -learningRate));
    // as there, the first velocity with momentum counts as a constant
    const constant = i === 0 && momentum !== 0;
    if (!constant) weightAdjoint = plus(weightAdjoint, await at(points[i]!, steps[i]!, velocityAdjoint));
    velocityAdjoint = scaled(velocityAdjoint, momentum);
  }
  return ofPrunable(plan, p => product(weightAdjoint[p]!, subject.weights[p]!).map(Math.abs));
}

/** Σ x² for each weight, of what it is multiplied with over all examples and places of an image: what Wanda goes by. */
export async function inputSquares(subject: Subject, batches: readonly Examples[]): Promise<Float64Array[]> {
  const squares = await sum(subject, { objective: { kind: 'input-squares' }, direction: null }, batches, prunable);
  return ofPrunable(subject.plan, p => squares[p]!);
}

type Parameter = Plan['parameters'][number];

const prunable = (parameter: Parameter): boolean => parameter.prunable;
const trainable = (parameter: Parameter): boolean => parameter.trainable;

/** Values of parameters that are not wanted are empty, or 0 where a direction needs them. */
async function sum(
  { plan, weights, statistics, derivatives, signal }: Subject,
  question: Pick<Question, 'objective' | 'direction'> | Pick<InputQuestion, 'objective' | 'direction'>,
  batches: readonly Examples[],
  wanted: (parameter: Parameter) => boolean,
): Promise<Float64Array[]> {
  signal?.throwIfAborted();
  return derivatives.sum({ weights, statistics, ...question }, batches, plan.parameters.map(wanted), signal);
}

function ofPrunable({ parameters }: Plan, scores: (parameter: number) => Float64Array): Float64Array[] {
  return parameters.flatMap((parameter, p) => (parameter.prunable ? [scores(p)] : []));
}

function totalOf(scores: readonly Float64Array[]): number {
  return scores.reduce((total, values) => values.reduce((sum, value) => sum + value, total), 0);
}

function product(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value * b[i]!);
}

function scaled(values: ParameterValues, factor: number): Float64Array[] {
  return values.map(some => some.map(value => value * factor));
}

/** What is empty counts as 0. */
function plus(a: ParameterValues, b: ParameterValues): Float64Array[] {
  return a.map((values, p) => (b[p]!.length === 0 ? values : values.map((value, i) => value + b[p]![i]!)));
}
