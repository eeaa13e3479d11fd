/** The double-precision reference itself: against TensorFlow.js' autodiff and against finite differences. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/shared/random';
import { lowerModel } from '../../../src/training/plan/lower';
import { PlanBuilder } from '../../../src/training/plan/builder';
import type { Activation, Plan } from '../../../src/training/plan/plan';
import { normalBelow } from '../../support/float64/activations';
import { finiteDifferences, gradients64, loss64, slopeAlong } from '../../support/float64Reference';
import { around, imageLayers, randomGraph, randomWeights } from '../../support/randomNetworks';
import type { Flow, TestGraph } from '../../support/testGraph';
import { TfReference } from '../../support/tfReference';
import { randomValues } from './support';

const classes = 3;

function lowered({ graph, output }: { graph: TestGraph; output: Flow }, random: Random) {
  const topology = graph.topology(output);
  const plan = lowerModel(
    { topology: () => topology },
    { inputShape: graph.inputShape, classes, loss: 'cross-entropy' },
  );
  const weights = randomWeights(plan.parameters, random);
  return { topology, plan, weights, batch: batchFor(plan, random) };
}

function batchFor(plan: Plan, random: Random) {
  const count = 5;
  return {
    inputs: randomValues(random, count * plan.activations[0]!.size),
    labels: Array.from({ length: count }, () => random.nextBelow(classes)),
  };
}

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, name: string): void {
  const scale = Math.max(...Array.from(expected, Math.abs), 1e-2);
  const worst = Array.from(actual).reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  expect(worst / scale, name).toBeLessThan(tolerance);
}

describe('the double-precision reference', { timeout: 60_000 }, () => {
  const makers = [
    ...Object.entries(imageLayers).map(
      ([name, layer]) => [name, (random: Random) => around(layer, classes, random)] as const,
    ),
    ['a graph of several', (random: Random) => randomGraph(classes, random)] as const,
  ];

  it.each(makers)('agrees with TensorFlow.js while training and evaluating: %s', async (name, make) => {
    for (const seed of [1, 2]) {
      const random = new Random(seed, 'float64', name);
      const network = make(random);
      if (!network.graph.hasTensorFlowGradients(false)) continue;
      const { topology, plan, weights, batch } = lowered(network, random);
      const reference = await TfReference.create(topology, plan, weights);
      const evaluation = reference.evaluate(batch);
      const theirs = reference.gradients(batch, { training: true });
      const ours = gradients64(plan, weights, batch);
      expect(loss64(plan, weights, batch)).toBeCloseTo(evaluation.loss, 4);
      expect(ours.loss).toBeCloseTo(theirs.loss, 4);
      const moved = reference.weights();
      plan.parameters.forEach((parameter, p) => {
        expectNear(theirs.gradients[p]!, ours.gradients[p]!, 2e-4, parameter.name);
        expectNear(moved[p]!, ours.moved.get(p) ?? weights[p]!, 1e-5, parameter.name);
      });
      reference.dispose();
    }
  });

  it.each(makers)('agrees with finite differences: %s', (name, make) => {
    const random = new Random(3, 'float64', name);
    const { plan, weights, batch } = lowered(make(random), random);
    const { gradients } = gradients64(plan, weights, batch);
    plan.parameters.forEach((parameter, p) => {
      if (!parameter.trainable) return;
      const direction = weights.map((values, q) => values.map(() => (p === q ? random.nextGaussian() : 0)));
      const expected = slopeAlong(plan, weights, batch, direction);
      const slope = gradients[p]!.reduce((sum, value, i) => sum + value * direction[p]![i]!, 0);
      expect(Math.abs(slope - expected) / Math.max(1e-2, Math.abs(expected)), parameter.name).toBeLessThan(1e-5);
    });
  });

  it.each<Activation>(['hard-swish', 'hard-sigmoid', 'gelu', 'gelu-tanh', 'relu6'])(
    'agrees with finite differences where no layer has the function: %s',
    activation => {
      const random = new Random('activation', activation);
      const builder = new PlanBuilder([6]);
      const initializer = { kind: 'constant', value: 0 } as const;
      const hidden = builder.dense('hidden', builder.input, 12, initializer, initializer);
      const active = builder.activation('active', hidden, activation);
      const plan = builder.finish(builder.dense('out', active, classes, initializer, null), 'mean-squared-error');
      const weights = plan.parameters.map(({ size }) => randomValues(random, size, 1.5));
      const batch = batchFor(plan, random);
      const { gradients } = gradients64(plan, weights, batch);
      finiteDifferences(plan, weights, batch).forEach((expected, p) => {
        expectNear(gradients[p]!, expected, 1e-5, plan.parameters[p]!.name);
      });
    },
  );

  it('has the normal distribution to the last digits', () => {
    // Φ by mpmath
    expect(normalBelow(0)).toBe(0.5);
    expect(normalBelow(1)).toBeCloseTo(0.841344746068542949, 15);
    expect(normalBelow(-3)).toBeCloseTo(0.00134989803163009453, 15);
    expect(normalBelow(-6) / 9.86587645037698141e-10).toBeCloseTo(1, 12);
  });
});
