import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../../src/models/load';
import { lowerModel } from '../../../../src/training/plan/lower';
import type { NodeFixture } from '../../../support/onnx';
import { largestDifference, logitsOf } from '../../../support/modelLogits';
import { onnxFolder } from '../../../support/onnxFolder';
import {
  channelsLast,
  conv,
  convolved,
  ending,
  floatAttribute,
  floats,
  gemm,
  head,
  headBias,
  target,
  textAttribute,
  weights,
} from '../../../support/onnxNetworks';

const { folder, write } = onnxFolder();

const numbers: Readonly<Record<string, number>> = {
  zero: 0,
  half: 0.5,
  one: 1,
  root: Math.SQRT2,
  three: 3,
  six: 6,
  sixth: 1 / 6,
  cubed: 0.044715,
  pi: Math.sqrt(2 / Math.PI),
};
const scalars = Object.entries(numbers).map(([name, value]) => floats(name, [], [value]));

/** `Op inputs → output`, one a line. */
function nodesOf(text: string): NodeFixture[] {
  return text
    .trim()
    .split('\n')
    .map(line => {
      const [op, inputs, output] = /^(\w+) (.+) → (\w+)$/.exec(line.trim())!.slice(1) as [string, string, string];
      return { op, inputs: inputs.split(' '), outputs: [output] };
    });
}

const fixtureOf = (nodes: readonly NodeFixture[]) => ({
  nodes: [conv(), ...nodes, ...ending],
  tensors: [...weights, ...scalars],
});

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const relu6 = (x: number): number => Math.min(6, Math.max(0, x));
const geluTanh = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

describe('an activation of ONNX', () => {
  it.each<[string, readonly NodeFixture[], string, ((x: number) => number)?]>([
    ['Relu', nodesOf('Relu a → b'), 'relu', x => Math.max(0, x)],
    ['Clip to 6', nodesOf('Clip a zero six → b'), 'relu6', relu6],
    ['Clip from 0', nodesOf('Clip a zero → b'), 'relu', x => Math.max(0, x)],
    ['Max with 0', nodesOf('Max zero a → b'), 'relu', x => Math.max(0, x)],
    [
      'LeakyRelu',
      [{ op: 'LeakyRelu', inputs: ['a'], outputs: ['b'], more: [floatAttribute('alpha', 0.25)] }],
      'leaky-relu',
      x => (x < 0 ? x / 4 : x),
    ],
    ['Elu', nodesOf('Elu a → b'), 'elu', x => (x < 0 ? Math.expm1(x) : x)],
    ['Selu', nodesOf('Selu a → b'), 'selu'],
    ['Gelu', nodesOf('Gelu a → b'), 'gelu'],
    [
      'Gelu by tanh',
      [{ op: 'Gelu', inputs: ['a'], outputs: ['b'], more: [textAttribute('approximate', 'tanh')] }],
      'gelu-tanh',
      geluTanh,
    ],
    ['Sigmoid', nodesOf('Sigmoid a → b'), 'sigmoid', sigmoid],
    ['Tanh', nodesOf('Tanh a → b'), 'tanh', Math.tanh],
    ['HardSwish', nodesOf('HardSwish a → b'), 'hard-swish', x => (x * relu6(x + 3)) / 6],
    [
      'HardSigmoid of PyTorch',
      [{ op: 'HardSigmoid', inputs: ['a'], outputs: ['b'], more: [floatAttribute('alpha', 1 / 6)] }],
      'hard-sigmoid',
      x => relu6(x + 3) / 6,
    ],
    ['x · Sigmoid(x)', nodesOf('Sigmoid a → g\n Mul a g → b'), 'swish', x => x * sigmoid(x)],
    [
      'the error function in pieces',
      nodesOf('Div a root → d\n Erf d → e\n Add e one → f\n Mul a f → g\n Mul g half → b'),
      'gelu',
    ],
    [
      'the error function in other pieces',
      nodesOf('Mul a half → h\n Div a root → d\n Erf d → e\n Add one e → f\n Mul h f → b'),
      'gelu',
    ],
    [
      'the tanh of a cube',
      nodesOf(
        'Pow a three → p\n Mul p cubed → q\n Add a q → r\n Mul r pi → s\n Tanh s → t\n Add t one → u\n Mul a half → h\n Mul h u → b',
      ),
      'gelu-tanh',
      geluTanh,
    ],
    [
      'x · relu6(x + 3) / 6',
      nodesOf('Add a three → c3\n Clip c3 zero six → d\n Mul a d → e\n Div e six → b'),
      'hard-swish',
      x => (x * relu6(x + 3)) / 6,
    ],
    [
      'relu6(x + 3) / 6',
      nodesOf('Add a three → c3\n Clip c3 zero six → d\n Mul sixth d → b'),
      'hard-sigmoid',
      x => relu6(x + 3) / 6,
    ],
    ['behind Identity and Cast', nodesOf('Identity a → i\n Cast i → j\n Relu j → k\n Identity k → b'), 'relu'],
  ])('%s becomes the one it is', async (_, nodes, activation, f) => {
    const name = write(fixtureOf(nodes));
    const { ops } = lowerModel(await loadModel(name, folder), target);
    expect(ops.map(op => (op.kind === 'activation' ? op.activation : op.kind))).toEqual([
      'conv2d',
      activation,
      'reshape',
      'dense',
    ]);
    if (!f) return;
    const logits = await logitsOf(folder, name, channelsLast, target);
    expect(largestDifference(logits, gemm(convolved.map(f), head, headBias))).toBeLessThan(1e-5);
  });

  it('that follows another is one more, and a scale before it goes into the convolution', async () => {
    const name = write(fixtureOf(nodesOf('Mul a half → h\n Tanh h → t\n Sigmoid t → b')));
    const logits = await logitsOf(folder, name, channelsLast, target);
    const expected = convolved.map(x => sigmoid(Math.tanh(x / 2)));
    expect(largestDifference(logits, gemm(expected, head, headBias))).toBeLessThan(1e-5);
    const { ops } = lowerModel(await loadModel(name, folder), target);
    expect(ops.flatMap(op => (op.kind === 'activation' ? [op.activation] : []))).toEqual(['tanh', 'sigmoid']);
  });

  it('that several take is there once', async () => {
    const name = write(fixtureOf(nodesOf('Relu a → r\n Tanh r → t\n Add r t → b')));
    const { ops } = lowerModel(await loadModel(name, folder), target);
    expect(ops.map(({ kind }) => kind)).toEqual(['conv2d', 'activation', 'activation', 'add', 'reshape', 'dense']);
    const logits = await logitsOf(folder, name, channelsLast, target);
    const expected = convolved.map(x => Math.max(0, x) + Math.tanh(Math.max(0, x)));
    expect(largestDifference(logits, gemm(expected, head, headBias))).toBeLessThan(1e-5);
  });

  it.each([
    ['softplus in pieces', 'Exp a → e\n Add e one → f\n Relu f → b', /node "the_Add" \(Add\)|node "the_Exp" \(Exp\)/],
    [
      'a tanh that is cut off',
      'Clip a zero one → b',
      /node "the_Clip" \(Clip\) makes a function of single values that no/,
    ],
    ['a gate', 'Sigmoid a → g\n Relu a → r\n Mul g r → b', /node "the_Mul" \(Mul\) makes a function/],
  ])('that is none (%s) is refused with its node', async (_, text, message) => {
    const name = write(fixtureOf(nodesOf(text)));
    await expect(loadModel(name, folder)).rejects.toThrow(message);
  });

  it('of squares of squares is refused in no time', async () => {
    const squares = Array.from(
      { length: 60 },
      (_, i) => `Mul ${i === 0 ? 'a' : `s${i}`} ${i === 0 ? 'a' : `s${i}`} → s${i + 1}`,
    );
    const name = write(fixtureOf(nodesOf([...squares, 'Relu s60 → b'].join('\n'))));
    await expect(loadModel(name, folder)).rejects.toThrow(/\(Mul\)/);
  });
});
