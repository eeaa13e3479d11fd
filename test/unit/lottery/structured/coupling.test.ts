import { describe, expect, it } from 'vitest';
import { couplingOf, type Coupling } from '../../../../src/lottery/structured/coupling';
import { lowerModel } from '../../../../src/training/plan/lower';
import { Random } from '../../../../src/shared/random';
import { builtinModel } from '../../../../src/models/builtins';
import { randomWeights } from '../../../support/randomNetworks';
import { outputDifference, randomInputs, randomUnits, withoutUnits } from '../../../support/shrinking';
import { TestGraph, type Flow } from '../../../support/testGraph';

const classes = 3;

function planOf(inputShape: readonly number[], build: (graph: TestGraph) => Flow) {
  const graph = new TestGraph(inputShape);
  const topology = graph.topology(build(graph));
  return lowerModel({ topology: () => topology }, { inputShape, classes, loss: 'cross-entropy' });
}

/** Names of the layers of each group, with the number of units. */
const groupsOf = ({ groups }: Coupling): string[] =>
  groups.map(({ layers, units }) => `${layers.join('+')}: ${units.length}`);

describe('what goes together', () => {
  it('gives each layer but the last a group of its own, in a chain', () => {
    const plan = planOf([4, 4, 2], g => {
      const conv = g.conv(g.input, 6, { kernel: [3, 3], padding: 'same', activation: 'relu' });
      return g.dense(g.dense(g.flatten(g.same('BatchNormalization', conv)), 5, 'relu'), classes);
    });
    const coupling = couplingOf(plan);
    expect(groupsOf(coupling)).toEqual(['conv2d_1: 6', 'dense_4: 5']);
    // the channel of each of the 16 pixels that are flattened
    const [, dense] = coupling.kernels;
    const { units } = coupling.groups[0]!;
    expect(Array.from(dense!.inputs)).toEqual(Array.from({ length: 96 }, (_, i) => units[i % 6]));
  });

  it('couples partners in sums, and what they were summed with before', () => {
    const plan = planOf([4, 4, 2], g => {
      const stem = g.conv(g.input, 6, { kernel: [1, 1] });
      const inner = g.conv(g.conv(stem, 4, { kernel: [3, 3], padding: 'same' }), 6, { kernel: [1, 1] });
      const sum = g.add([stem, inner]);
      const last = g.add([sum, g.conv(sum, 6, { kernel: [3, 3], padding: 'same' })]);
      return g.dense(g.globalPool(last, 'GlobalAveragePooling2D'), classes);
    });
    expect(groupsOf(couplingOf(plan))).toEqual(['conv2d_1+conv2d_3+conv2d_5: 6', 'conv2d_2: 4']);
  });

  it('keeps the parts of a concatenation apart, each at its offset', () => {
    const plan = planOf([2, 2, 1], g => {
      const parts = [g.conv(g.input, 2, { kernel: [1, 1] }), g.conv(g.input, 3, { kernel: [1, 1] })];
      return g.dense(g.flatten(g.conv(g.concatenate(parts), 4, { kernel: [1, 1] })), classes);
    });
    const coupling = couplingOf(plan);
    expect(groupsOf(coupling)).toEqual(['conv2d_1: 2', 'conv2d_2: 3', 'conv2d_4: 4']);
    expect(Array.from(coupling.kernels[2]!.inputs)).toEqual([
      ...coupling.groups[0]!.units,
      ...coupling.groups[1]!.units,
    ]);
  });

  it('couples depthwise filters with the channel that they see', () => {
    const plan = planOf([3, 3, 1], g => {
      const wide = g.conv(g.input, 4, { kernel: [1, 1] });
      return g.dense(g.flatten(g.depthwise(wide, 2, { kernel: [3, 3] })), classes);
    });
    const coupling = couplingOf(plan);
    expect(groupsOf(coupling)).toEqual(['conv2d_1+depthwiseconv2d_2: 4']);
    const [unit] = coupling.groups[0]!.units;
    expect(Array.from(coupling.kernels[1]!.outputs).filter(one => one === unit)).toHaveLength(2);
  });

  it('leaves inputs, classes and what layer normalisation sees', () => {
    const plan = planOf([4], g => {
      const first = g.same('LayerNormalization', g.dense(g.input, 5));
      return g.dense(g.dense(first, 6, 'relu'), classes);
    });
    const coupling = couplingOf(plan);
    expect(groupsOf(coupling)).toEqual(['dense_3: 6']);
    expect(coupling.fixed[coupling.kernels[0]!.outputs[0]!]).toMatch(/layer normalisation/);
    expect(coupling.fixed[coupling.kernels[2]!.outputs[0]!]).toMatch(/output/);
    expect(coupling.fixed[coupling.kernels[0]!.inputs[0]!]).toMatch(/input/);
  });

  it('follows channels through the shortcuts of zeros that resnet-a has', () => {
    const topology = builtinModel('resnet-a:8').topology([8, 8, 1], classes);
    const plan = lowerModel({ topology: () => topology }, { inputShape: [8, 8, 1], classes, loss: 'cross-entropy' });
    const coupling = couplingOf(plan);
    // the 16 channels of the stem go on in the middle of 32 and of 64; the others are made by the later segments alone
    const sizes = coupling.groups.filter(({ layers }) => !layers.some(name => name.endsWith('conv1')));
    expect(sizes.map(({ layers, units }) => [layers.length, units.length])).toEqual([
      [4, 16],
      [2, 16],
      [1, 32],
    ]);
  });
});

describe('a channel without its weights', () => {
  it('has no say, whatever its bias and its normalisation hold', () => {
    const plan = planOf([5, 5, 2], g => {
      const stem = g.conv(g.input, 6, { kernel: [3, 3], padding: 'same', activation: 'relu' });
      const inner = g.same('ReLU', g.same('BatchNormalization', g.conv(stem, 6, { kernel: [1, 1] })));
      const apart = g.depthwise(g.add([stem, inner]), 1, { kernel: [3, 3], padding: 'same', activation: 'relu' });
      return g.dense(g.dense(g.flatten(apart), 7, 'relu'), classes);
    });
    const random = new Random(3, 'inert');
    const coupling = couplingOf(plan);
    const live = randomUnits(coupling, 0.5, random);
    const weights = withoutUnits(plan, randomWeights(plan.parameters, random), live);
    const moved = weights.map(values => values.slice());
    let changed = 0;
    for (const { parameter, units } of coupling.vectors) {
      units.forEach((unit, i) => {
        if (live[unit] === 1) return;
        moved[parameter]![i]! += 5;
        changed++;
      });
    }
    expect(changed).toBeGreaterThan(5);
    expect(outputDifference(randomInputs(plan, 4, random), { plan, weights }, { plan, weights: moved })).toBe(0);
  });
});
