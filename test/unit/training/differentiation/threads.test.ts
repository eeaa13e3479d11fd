/** Derivatives on threads: the same bits as on one, and nothing left when they are stopped. */
import { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { Random } from '../../../../src/shared/random';
import { LocalDerivatives, sharesOf } from '../../../../src/training/differentiation/derivatives';
import type { Question } from '../../../../src/training/differentiation/differentiation';
import { compileProducts, Products } from '../../../../src/training/differentiation/product';
import { ThreadedDerivatives } from '../../../../src/training/differentiation/threads';
import { PlanBuilder } from '../../../../src/training/plan/builder';
import { randomWeights } from '../../../support/randomNetworks';
import { randomValues } from '../support';

const given = { kind: 'constant', value: 0 } as const;

function subject(examples: number, normalized = false) {
  const random = new Random('threads', examples);
  const builder = new PlanBuilder([12]);
  const hidden = builder.dense('hidden', builder.input, 9, given, given);
  const middle = normalized
    ? builder.batchNormalization('norm', hidden, {
        gamma: given,
        beta: given,
        movingMean: given,
        movingVariance: given,
        epsilon: 1e-5,
        momentum: 0.9,
        unbiased: true,
      })
    : builder.activation('tanh', hidden, 'tanh', 0);
  const plan = builder.finish(builder.dense('out', middle, 3, given, given), 'cross-entropy');
  const weights = randomWeights(plan.parameters, random).map(values => Float64Array.from(values));
  const question: Question = {
    weights,
    statistics: 'batch',
    objective: { kind: 'loss', temperature: 1 },
    direction: weights,
  };
  const batch = {
    inputs: randomValues(random, examples * 12),
    labels: Array.from({ length: examples }, () => random.nextBelow(3)),
    regression: false,
  };
  return { plan, question, batch, asked: plan.parameters.map(() => true) };
}

describe('derivatives on threads', () => {
  it('are those of one thread to the last bit', async () => {
    const { plan, question, batch, asked } = subject(1500);
    const local = new LocalDerivatives(plan, new Products(await compileProducts()));
    const expected = await local.sum(question, [batch], asked);
    const post = vi.spyOn(Worker.prototype, 'postMessage');
    for (const threads of [1, 3]) {
      const derivatives = await ThreadedDerivatives.create(plan, threads);
      post.mockClear();
      expect(await derivatives.sum(question, [batch], asked)).toEqual(expected);
      expect(new Set(post.mock.contexts).size).toBe(threads);
      await derivatives.close();
    }
    post.mockRestore();
  });

  it('take a batch as a whole only where batch normalisation looks at all of it', () => {
    const parts = ({ plan, question, batch, asked }: ReturnType<typeof subject>): number =>
      sharesOf(plan, question, [batch], asked).reduce((sum, share) => sum + share.parts.length, 0);
    expect(parts(subject(1500))).toBe(6);
    expect(parts(subject(1500, true))).toBe(1);
  });

  it('end with the reason of the signal, and can be asked again', async () => {
    const { plan, question, batch, asked } = subject(1500);
    const derivatives = await ThreadedDerivatives.create(plan, 2);
    const controller = new AbortController();
    const stopped = derivatives.sum(question, [batch], asked, controller.signal);
    controller.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    expect(await derivatives.sum(question, [batch], asked)).toHaveLength(plan.parameters.length);
    await derivatives.close();
  });
});
