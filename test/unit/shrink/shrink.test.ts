import { describe, expect, it } from 'vitest';
import { builtinModel } from '../../../src/models/builtins';
import { couplingOf } from '../../../src/lottery/structured/coupling';
import { Random } from '../../../src/shared/random';
import { shrink } from '../../../src/shrink/shrink';
import { lowerModel } from '../../../src/training/plan/lower';
import type { KerasTopology } from '../../../src/models/topology';
import { randomGraph, randomWeights } from '../../support/randomNetworks';
import { outputDifference, randomInputs, randomUnits, withoutUnits } from '../../support/shrinking';
import { TestGraph } from '../../support/testGraph';

const classes = 4;

function lowered(topology: KerasTopology, inputShape: readonly number[]) {
  const target = { inputShape, classes, loss: 'cross-entropy' as const };
  return { topology, target, plan: lowerModel({ topology: () => topology }, target) };
}

/** Outputs before and after, and the sizes. */
function shrunkWithoutUnits(topology: KerasTopology, inputShape: readonly number[], share: number, random: Random) {
  const { plan, target } = lowered(topology, inputShape);
  const live = randomUnits(couplingOf(plan), share, random);
  const weights = withoutUnits(plan, randomWeights(plan.parameters, random), live);
  const shrunk = shrink(topology, plan, weights, target);
  const difference = outputDifference(randomInputs(plan, 3, random), { plan, weights }, shrunk);
  const size = (of: typeof plan): number => of.parameters.reduce((sum, one) => sum + one.size, 0);
  return { shrunk, difference, before: size(plan), after: size(shrunk.plan), live };
}

const small = [6, 6, 2];

describe('a network without its dead channels', () => {
  it.each([
    [
      'a perceptron',
      (g: TestGraph) => g.dense(g.dense(g.dense(g.flatten(g.input), 9, 'relu'), 7, 'tanh'), classes, 'softmax'),
    ],
    [
      'convolutions with normalisation, flattened',
      (g: TestGraph) => {
        const conv = g.conv(g.input, 8, { kernel: [3, 3], padding: 'same', bias: false });
        const pooled = g.pool(
          g.same('ReLU', g.same('BatchNormalization', conv)),
          'MaxPooling2D',
          [2, 2],
          [2, 2],
          'valid',
        );
        const second = g.conv(pooled, 6, { kernel: [2, 2], activation: 'relu' });
        return g.dense(g.dense(g.flatten(second), 5, 'relu'), classes, 'softmax');
      },
    ],
    [
      'a residual block',
      (g: TestGraph) => {
        const stem = g.conv(g.input, 8, { kernel: [3, 3], padding: 'same', activation: 'relu' });
        const middle = g.conv(stem, 5, { kernel: [3, 3], padding: 'same', activation: 'relu' });
        const end = g.same('BatchNormalization', g.conv(middle, 8, { kernel: [1, 1], bias: false }));
        const sum = g.same('ReLU', g.add([stem, end]));
        return g.dense(g.globalPool(sum, 'GlobalAveragePooling2D'), classes);
      },
    ],
    [
      'depthwise and separable convolutions',
      (g: TestGraph) => {
        const wide = g.conv(g.input, 8, { kernel: [1, 1], activation: 'relu' });
        const each = g.same('BatchNormalization', g.depthwise(wide, 2, { kernel: [3, 3], padding: 'same' }));
        const apart = g.separable(each, 6, { kernel: [3, 3], activation: 'relu' });
        return g.dense(g.flatten(apart), classes);
      },
    ],
    [
      'branches side by side',
      (g: TestGraph) => {
        const left = g.conv(g.input, 5, { kernel: [1, 1], activation: 'relu' });
        const right = g.conv(g.input, 4, { kernel: [3, 3], padding: 'same', activation: 'relu' });
        return g.dense(g.flatten(g.conv(g.concatenate([left, right]), 6, { kernel: [3, 3] })), classes);
      },
    ],
  ] as const)('computes the same: %s', (_, build) => {
    const graph = new TestGraph(small);
    const topology = graph.topology(build(graph));
    for (let seed = 0; seed < 5; seed++) {
      const random = new Random(seed, 'shrink');
      const { difference, before, after, shrunk, live } = shrunkWithoutUnits(topology, small, 0.5, random);
      expect(difference).toBeLessThan(1e-5);
      if (live.includes(0)) expect(after).toBeLessThan(before);
      // nothing that was taken away is left over
      expect(shrunk.remains).toEqual([]);
    }
  });

  it.each(['resnet-20', 'resnet-a:8', 'simple-cnn', 'mlp:20-10'])('computes the same: builtin:%s', spec => {
    const inputShape = [8, 8, 1];
    const topology = builtinModel(spec).topology(inputShape, classes);
    const { difference, before, after } = shrunkWithoutUnits(topology, inputShape, 0.8, new Random(1, spec));
    expect(difference).toBeLessThan(1e-5);
    expect(after).toBeLessThan(before / 2);
  });

  it('computes the same of any graph, whatever weights are 0', () => {
    let smaller = 0;
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(seed, 'graphs');
      const { graph, output } = randomGraph(classes, random);
      const { plan, target, topology } = lowered(graph.topology(output), graph.inputShape);
      const density = [0.5, 0.1, 0.02][seed % 3]!;
      const weights = randomWeights(plan.parameters, random).map((values, i) =>
        plan.parameters[i]!.prunable ? values.map(value => (random.nextFloat() < density ? value : 0)) : values,
      );
      const shrunk = shrink(topology, plan, weights, target);
      expect(outputDifference(randomInputs(plan, 2, random), { plan, weights }, shrunk)).toBeLessThan(1e-5);
      if (shrunk.weights.length > 0 && shrunk.layers.some(({ before, after }) => before.join() !== after.join()))
        smaller++;
    }
    expect(smaller).toBeGreaterThan(6);
  });

  it('hands the constant of a neuron that nothing feeds to the bias of the next layer', () => {
    const graph = new TestGraph([3]);
    const topology = graph.topology(graph.dense(graph.dense(graph.input, 2, 'relu'), classes));
    const { plan, target } = lowered(topology, [3]);
    const weights = randomWeights(plan.parameters, new Random(0));
    weights[0] = weights[0]!.map((value, i) => (i % 2 === 0 ? value : 0));
    weights[1] = Float32Array.of(0.1, 0.75);
    const shrunk = shrink(topology, plan, weights, target);
    expect(shrunk.layers.map(({ after }) => after)).toEqual([
      [3, 1],
      [1, classes],
    ]);
    expect(shrunk.weights[3]![0]).toBeCloseTo(weights[3]![0]! + 0.75 * weights[2]![classes]!, 6);
  });

  it('says what could not go, and why', () => {
    const graph = new TestGraph([4, 4, 1]);
    const first = graph.conv(graph.input, 2, { kernel: [3, 3], padding: 'same' });
    const second = graph.conv(first, 3, { kernel: [3, 3], padding: 'same' });
    const topology = graph.topology(graph.dense(graph.flatten(second), classes));
    const { plan, target } = lowered(topology, [4, 4, 1]);
    const weights = randomWeights(plan.parameters, new Random(0));
    // the second filter is its bias alone, which the next convolution sees surrounded by zeros
    weights[0] = weights[0]!.map((value, i) => (i % 2 === 0 ? value : 0));
    const { remains, layers } = shrink(topology, plan, weights, target);
    expect(layers[0]!.after).toEqual(layers[0]!.before);
    expect(remains).toHaveLength(1);
    expect(remains[0]).toMatchObject({ layer: first.layer, channels: 1 });
    expect(remains[0]!.reason).toMatch(second.layer);
  });

  it('leaves each layer one channel, where masks leave nothing', () => {
    const graph = new TestGraph([3]);
    const topology = graph.topology(graph.dense(graph.dense(graph.dense(graph.input, 5, 'relu'), 4, 'relu'), classes));
    const { plan, target } = lowered(topology, [3]);
    const weights = randomWeights(plan.parameters, new Random(0));
    weights[2] = weights[2]!.map(() => 0);
    const shrunk = shrink(topology, plan, weights, target);
    expect(shrunk.layers.map(({ after }) => after)).toEqual([
      [3, 1],
      [1, 1],
      [1, classes],
    ]);
    expect(outputDifference(randomInputs(plan, 4, new Random(1)), { plan, weights }, shrunk)).toBeLessThan(1e-5);
  });
});
