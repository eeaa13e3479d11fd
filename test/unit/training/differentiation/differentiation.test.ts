/** Gradients and Hessian products of whole plans: against a plain reference, TensorFlow.js and finite differences. */
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../../src/shared/random';
import { Differentiation, type Examples, type Point } from '../../../../src/training/differentiation/differentiation';
import type { Objective } from '../../../../src/training/differentiation/objective';
import { compileProducts, Products } from '../../../../src/training/differentiation/product';
import { lowerModel } from '../../../../src/training/plan/lower';
import { PlanBuilder } from '../../../../src/training/plan/builder';
import type { Activation, Plan } from '../../../../src/training/plan/plan';
import { forward64, gradients64 } from '../../../support/float64Reference';
import { around, imageLayers, randomGraph, randomWeights } from '../../../support/randomNetworks';
import { TfReference } from '../../../support/tfReference';
import { randomValues } from '../support';

const classes = 3;
const loss: Objective = { kind: 'loss', temperature: 1 };

let products: Products;
beforeAll(async () => {
  products = new Products(await compileProducts());
});

const networks = [
  ...Object.entries(imageLayers).map(
    ([name, layer]) => [name, (random: Random) => around(layer, classes, random)] as const,
  ),
  ['a graph of several', (random: Random) => randomGraph(classes, random)] as const,
];

function lowered(name: string, seed: number, make: (typeof networks)[number][1]) {
  const random = new Random(seed, 'differentiation', name);
  const { graph, output } = make(random);
  const topology = graph.topology(output);
  const plan = lowerModel(
    { topology: () => topology },
    { inputShape: graph.inputShape, classes, loss: 'cross-entropy' },
  );
  return { random, graph, topology, ...posed(plan, random) };
}

function posed(plan: Plan, random: Random) {
  const floats = randomWeights(plan.parameters, random);
  const count = 5;
  const examples: Examples = {
    inputs: randomValues(random, count * plan.activations[0]!.size),
    labels: Array.from({ length: count }, () => random.nextBelow(classes)),
    regression: false,
  };
  return { plan, floats, weights: floats.map(values => Float64Array.from(values)), examples, count };
}

function sumsFor(plan: Plan): Float64Array[] {
  return plan.parameters.map(({ size }) => new Float64Array(size));
}

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, name: string): void {
  const scale = Math.max(...Array.from(expected, Math.abs), 1e-3);
  const worst = Array.from(actual).reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  expect(worst / scale, name).toBeLessThan(tolerance);
}

/** Σ over the parameters. */
function dot(a: readonly Float64Array[], b: readonly Float64Array[]): number {
  return a.reduce((total, values, p) => values.reduce((sum, value, i) => sum + value * b[p]![i]!, total), 0);
}

/** The Hessian's product against central differences of the gradient, seen along another direction. */
function expectProduct(plan: Plan, point: Point, examples: Examples, count: number, random: Random, how: Objective) {
  const engine = new Differentiation(plan, products);
  const drawn = () =>
    plan.parameters.map(({ size, trainable }) =>
      Float64Array.from({ length: size }, () => (trainable ? random.nextGaussian() : 0)),
    );
  const [direction, other] = [drawn(), drawn()];
  const product = sumsFor(plan);
  engine.add({ ...point, objective: how, direction }, examples, count, product);
  const step = 1e-6;
  const slopeAt = (distance: number): number => {
    const weights = point.weights.map((values, p) => values.map((value, i) => value + distance * direction[p]![i]!));
    const gradient = sumsFor(plan);
    engine.add({ ...point, weights, objective: how, direction: null }, examples, count, gradient);
    return dot(gradient, other);
  };
  const expected = (slopeAt(step) - slopeAt(-step)) / (2 * step);
  const scale = Math.sqrt(dot(product, product) * dot(other, other)) / Math.sqrt(plan.parameters.length);
  expect(Math.abs(dot(product, other) - expected)).toBeLessThan(1e-6 * Math.max(1e-3, scale));
}

describe('differentiation of plans', { timeout: 60_000 }, () => {
  it.each(networks)('agrees with the plain reference and with TensorFlow.js: %s', async (name, make) => {
    for (const seed of [1, 2]) {
      const { plan, floats, weights, examples, count, graph, topology } = lowered(name, seed, make);
      const engine = new Differentiation(plan, products);
      expectNear(
        engine.outputs({ weights, statistics: 'moving' }, examples.inputs),
        forward64(plan, weights, examples.inputs),
        1e-12,
        'outputs',
      );
      const batch = { inputs: examples.inputs, labels: examples.labels };
      const gradient = sumsFor(plan);
      const question = { weights, statistics: 'batch', objective: loss, direction: null } as const;
      const value = engine.add(question, examples, count, gradient);
      const reference = gradients64(plan, weights, batch);
      expect(value).toBeCloseTo(reference.loss, 12);
      plan.parameters.forEach((parameter, p) => {
        expectNear(gradient[p]!, reference.gradients[p]!, 1e-10, parameter.name);
      });
      if (!graph.hasTensorFlowGradients(false)) continue;
      const theirs = await TfReference.create(topology, plan, floats);
      for (const statistics of ['batch', 'moving'] as const) {
        const ours = sumsFor(plan);
        engine.add({ ...question, statistics }, examples, count, ours);
        const expected = theirs.gradients(
          { inputs: Float32Array.from(examples.inputs), labels: examples.labels },
          { training: statistics === 'batch' },
        );
        theirs.setWeights(floats);
        plan.parameters.forEach((parameter, p) => {
          expectNear(expected.gradients[p]!, ours[p]!, 2e-3, `${parameter.name} by ${statistics}`);
        });
      }
      theirs.dispose();
    }
  });

  it.each(networks)('has the Hessian product that the gradient differs by: %s', (name, make) => {
    const { plan, weights, examples, count, random } = lowered(name, 3, make);
    for (const statistics of ['moving', 'batch'] as const) {
      expectProduct(plan, { weights, statistics }, examples, count, random, loss);
      expectProduct(plan, { weights, statistics }, examples, count, random, { kind: 'loss', temperature: 7 });
      expectProduct(plan, { weights, statistics }, examples, count, random, { kind: 'sum' });
    }
  });
});

describe('squares of what weights are multiplied with', () => {
  it.each(networks)('are those of the inputs of a layer, over examples and places: %s', (name, make) => {
    const { plan, weights, examples, count } = lowered(name, 5, make);
    const squares = sumsFor(plan);
    const engine = new Differentiation(plan, products);
    engine.addInputSquares({ weights, statistics: 'moving' }, examples.inputs, squares);
    const op = plan.ops.find(one => one.kind === 'dense' || one.kind === 'conv2d')!;
    if (op.inputs[0] !== 0) return;
    // of that layer alone, on squared examples, each output is linear in a weight
    const alone = new Differentiation({ ...plan, ops: [op] }, products);
    const gradient = sumsFor(plan);
    const squared = { ...examples, inputs: Float64Array.from(examples.inputs, value => value * value) };
    alone.add({ weights, statistics: 'moving', objective: { kind: 'sum' }, direction: null }, squared, count, gradient);
    const kernel = op.kernel;
    expectNear(squares[kernel]!, gradient[kernel]!, 1e-12, name);
    expect(squares.filter((_, p) => !plan.parameters[p]!.prunable).every(values => values.every(v => v === 0))).toBe(
      true,
    );
  });
});

describe('activations and losses', () => {
  const activations: Activation[] = [
    'linear',
    'relu',
    'relu6',
    'leaky-relu',
    'elu',
    'selu',
    'gelu',
    'gelu-tanh',
    'swish',
    'hard-swish',
    'tanh',
    'sigmoid',
    'hard-sigmoid',
    'softmax',
  ];

  it.each(activations)('%s has its first and second derivative, with mean squared error too', activation => {
    const random = new Random('activation', activation);
    const builder = new PlanBuilder([6]);
    const given = { kind: 'constant', value: 0 } as const;
    const hidden = builder.dense('hidden', builder.input, 12, given, given);
    const active = builder.activation('active', hidden, activation, 0.3);
    for (const kind of ['mean-squared-error', 'cross-entropy'] as const) {
      const plan = builder.finish(builder.dense(`out ${kind}`, active, classes, given, null), kind);
      const { weights, examples, count } = posed(plan, random);
      const gradient = sumsFor(plan);
      const engine = new Differentiation(plan, products);
      engine.add({ weights, statistics: 'moving', objective: loss, direction: null }, examples, count, gradient);
      const reference = gradients64(plan, weights, { inputs: examples.inputs, labels: examples.labels });
      gradient.forEach((values, p) => {
        expectNear(values, reference.gradients[p]!, 1e-12, plan.parameters[p]!.name);
      });
      expectProduct(plan, { weights, statistics: 'moving' }, examples, count, random, loss);
    }
  });

  it('takes a batch in parts where each example stands alone', () => {
    const random = new Random('parts');
    const builder = new PlanBuilder([6]);
    const given = { kind: 'constant', value: 0 } as const;
    const plan = builder.finish(builder.dense('out', builder.input, classes, given, given), 'cross-entropy');
    const { weights, examples, count } = posed(plan, random);
    const engine = new Differentiation(plan, products);
    const question = { weights, statistics: 'moving', objective: loss, direction: null } as const;
    const [whole, parts] = [sumsFor(plan), sumsFor(plan)];
    const value = engine.add(question, examples, count, whole);
    const part = (begin: number, end: number): Examples => ({
      inputs: examples.inputs.slice(begin * 6, end * 6),
      labels: Array.from(examples.labels).slice(begin, end),
      regression: false,
    });
    const shares = [part(0, 2), part(2, 5)].map(some => engine.add(question, some, count, parts));
    expect(shares[0]! + shares[1]!).toBeCloseTo(value, 14);
    parts.forEach((values, p) => {
      expectNear(values, whole[p]!, 1e-14, plan.parameters[p]!.name);
    });
  });
});
