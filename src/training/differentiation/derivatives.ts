/**
 * Sums of gradients or Hessian products over batches, in parts that fit into memory. Which parts make a share of the work
 * follows from plan and batches alone, and shares are added up in order: so the number of threads changes no bit.
 */
import type { Plan } from '../plan/plan';
import { Differentiation, type Examples, type InputQuestion, type Question } from './differentiation';
import type { Products } from './product';

/** Each batch is one: the objective is a mean over each. */
export interface Derivatives {
  /**
   * @param asked for each parameter of the plan, whether its values are asked for
   * @returns sums over the batches, for each parameter; empty where not asked for
   * @throws DerivativeMemoryError; the signal's reason
   */
  sum(
    question: Question | InputQuestion,
    batches: readonly Examples[],
    asked: readonly boolean[],
    signal?: AbortSignal,
  ): Promise<Float64Array[]>;
}

/** Some examples of a batch, and how many the whole batch has. */
interface Part {
  readonly examples: Examples;
  readonly divisor: number;
}

/** Plain data, so that it travels to threads. */
export interface Share {
  readonly question: Question | InputQuestion;
  readonly parts: readonly Part[];
  readonly asked: readonly boolean[];
}

/** A batch whose values do not fit into memory, and that cannot be taken in parts. */
export class DerivativeMemoryError extends Error {
  constructor(examples: number, bytes: number) {
    super(
      `a batch of ${examples} examples, which batch normalisation takes as a whole, needs ` +
        `${(bytes / 2 ** 30).toFixed(1)} GiB: set fewer "examples" for this method`,
    );
    this.name = 'DerivativeMemoryError';
  }
}

/** Most threads that find something to do. */
export const mostShares = 4;
/** Values of a part: enough for products of a good size, little enough for several threads beside each other. */
const partBytes = 96 * 2 ** 20;
const mostExamples = 256;
const mostBytes = 4 * 2 ** 30;

/** @throws DerivativeMemoryError */
export function sharesOf(
  plan: Plan,
  question: Question | InputQuestion,
  batches: readonly Examples[],
  asked: readonly boolean[],
): Share[] {
  const perExample = bytesPerExample(plan, question.direction !== null);
  const whole = question.statistics === 'batch' && plan.ops.some(({ kind }) => kind === 'batch-normalization');
  const size = Math.max(1, Math.min(mostExamples, Math.floor(partBytes / perExample)));
  const features = plan.activations[0]!.size;
  const parts = batches.flatMap(batch => {
    const count = batch.inputs.length / features;
    if (whole && count * perExample > mostBytes) throw new DerivativeMemoryError(count, count * perExample);
    return whole ? [{ examples: batch, divisor: count }] : partsOf(batch, count, size, features);
  });
  const shares = Math.min(mostShares, parts.length);
  return Array.from({ length: shares }, (_, i) => ({
    question,
    asked,
    parts: parts.slice(Math.floor((i * parts.length) / shares), Math.floor(((i + 1) * parts.length) / shares)),
  }));
}

function partsOf({ inputs, labels, regression }: Examples, count: number, size: number, features: number): Part[] {
  const targets = labels.length / count;
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => {
    const [begin, end] = [i * size, Math.min(count, (i + 1) * size)];
    const examples = {
      inputs: inputs.slice(begin * features, end * features),
      labels: Array.from(labels).slice(begin * targets, end * targets),
      regression,
    };
    return { examples, divisor: count };
  });
}

/** What all ops keep of an example, and gradients beside it; twice with tangents. */
function bytesPerExample({ activations }: Plan, directed: boolean): number {
  const values = activations.reduce((sum, { size }) => sum + size, 0);
  return 8 * 1.5 * values * (directed ? 2 : 1);
}

/** @returns sums over the share's parts, as `Derivatives.sum` */
export function takeShare(engine: Differentiation, plan: Plan, { question, parts, asked }: Share): Float64Array[] {
  const sums = plan.parameters.map(({ size }, p) => (asked[p] ? new Float64Array(size) : null));
  for (const { examples, divisor } of parts) {
    if (question.objective.kind === 'input-squares') engine.addInputSquares(question, examples.inputs, sums);
    else engine.add({ ...question, objective: question.objective }, examples, divisor, sums);
  }
  return sums.map(values => values ?? new Float64Array(0));
}

/** Adds the sums of shares up, in their order. */
export function merge(shares: readonly (readonly Float64Array[])[]): Float64Array[] {
  const [first, ...rest] = shares;
  const sums = [...first!];
  for (const share of rest) {
    share.forEach((values, p) => {
      const sum = sums[p]!;
      for (let i = 0; i < sum.length; i++) sum[i]! += values[i]!;
    });
  }
  return sums;
}

/** On the thread that asks: for small plans. */
export class LocalDerivatives implements Derivatives {
  private readonly engine: Differentiation;

  constructor(
    private readonly plan: Plan,
    products: Products,
  ) {
    this.engine = new Differentiation(plan, products);
  }

  sum(
    question: Question | InputQuestion,
    batches: readonly Examples[],
    asked: readonly boolean[],
  ): Promise<Float64Array[]> {
    const shares = sharesOf(this.plan, question, batches, asked);
    return Promise.resolve(merge(shares.map(share => takeShare(this.engine, this.plan, share))));
  }
}
