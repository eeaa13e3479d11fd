/** How the wasm executor reads a plan: what is fused, what is in place, what gets a frame, who adds to whose gradient. */
import { describe, expect, it } from 'vitest';
import type { Activation, Padding, Plan, PlanOp } from '../../../src/training/plan/plan';
import { analyze, type Facts, type Graph } from '../../../src/training/wasm/graph';
import { noPadding } from '../../../src/training/wasm/layout';

const around: Padding = { top: 1, bottom: 1, left: 1, right: 1 };
const none = { inputs: noPadding, outputGradient: noPadding };

/** Convolutions want a frame around what they take and around their gradient, as 3×3 with padding 1 does. */
const facts: Facts = kind => ({
  framed: kind !== 'dense',
  rectifies: ['dense', 'conv2d', 'add'].includes(kind),
  meets: kind === 'batch-normalization',
  updates: ['dense', 'conv2d'].includes(kind) ? 'all panels' : kind === 'batch-normalization' ? 'own sums' : null,
  keeps: () => ({ inputs: ['dense', 'conv2d'].includes(kind), output: kind === 'activation' }),
  frames: () => (kind === 'conv2d' ? { inputs: around, outputGradient: around } : none),
});

/** A plan of ops on images of one shape; the parameters are not looked at. */
function planOf(ops: readonly PlanOp[], shape: readonly number[] = [4, 4, 2]): Plan {
  const size = shape.reduce((product, n) => product * n, 1);
  const activations = Array.from({ length: ops.length + 1 }, () => ({ shape, size }));
  return { inputShape: shape, activations, ops, parameters: [], loss: 'cross-entropy' };
}

const conv = (input: number, output: number): PlanOp => ({
  kind: 'conv2d',
  layer: `conv${output}`,
  inputs: [input],
  output,
  kernel: 0,
  bias: null,
  kernelSize: [3, 3],
  strides: [1, 1],
  dilations: [1, 1],
  padding: around,
  groups: 1,
});
const dense = (input: number, output: number): PlanOp => ({
  kind: 'dense',
  layer: `dense${output}`,
  inputs: [input],
  output,
  kernel: 0,
  bias: null,
});
const activation = (name: Activation, input: number, output: number): PlanOp => ({
  kind: 'activation',
  layer: name,
  inputs: [input],
  output,
  activation: name,
  alpha: 0,
});
const add = (left: number, right: number, output: number): PlanOp => ({
  kind: 'add',
  layer: 'add',
  inputs: [left, right],
  output,
});
const reshape = (input: number, output: number): PlanOp => ({
  kind: 'reshape',
  layer: 'reshape',
  inputs: [input],
  output,
});

const kindsOf = (graph: Graph): string[] => graph.nodes.map(({ op }) => op.kind);
const placementOf = (graph: Graph, layer: string) => graph.nodes.find(({ op }) => op.layer === layer)!.placement;

describe('analyze', () => {
  it('fuses a relu with the op before it, and has the next op apply it to the gradient', () => {
    const graph = analyze(planOf([dense(0, 1), activation('relu', 1, 2), dense(2, 3)]), facts);
    expect(kindsOf(graph)).toEqual(['dense', 'dense']);
    expect(placementOf(graph, 'dense1').rectify).toBe(true);
    expect(placementOf(graph, 'dense3')).toMatchObject({
      rectify: false,
      gradients: [{ accumulate: false, rectify: true }],
    });
    expect(placementOf(graph, 'dense1').gradients).toEqual([null]);
  });

  it('leaves a relu at the end of the model an op of its own', () => {
    const graph = analyze(planOf([dense(0, 1), activation('relu', 1, 2)]), facts);
    expect(kindsOf(graph)).toEqual(['dense', 'activation']);
  });

  it('leaves a relu alone where another op wants what comes before it', () => {
    const graph = analyze(planOf([conv(0, 1), activation('relu', 1, 2), add(1, 2, 3)]), facts);
    expect(placementOf(graph, 'conv1').rectify).toBe(false);
    expect(kindsOf(graph)).toContain('activation');
  });

  it('adds up the gradient of what several ops take, and rectifies it once, at the end', () => {
    const ops = [dense(0, 1), activation('relu', 1, 2), dense(2, 3), dense(2, 4), add(3, 4, 5), add(5, 2, 6)];
    const graph = analyze(planOf(ops), facts);
    const adds = graph.nodes.filter(({ op }) => op.kind === 'add');
    expect(adds[1]!.placement.gradients[1]).toEqual({ accumulate: false, rectify: false });
    expect(placementOf(graph, 'dense4').gradients).toEqual([{ accumulate: true, rectify: false }]);
    expect(placementOf(graph, 'dense3').gradients).toEqual([{ accumulate: true, rectify: true }]);
  });

  it('adds twice where an op takes the same activation twice', () => {
    const graph = analyze(planOf([dense(0, 1), add(1, 1, 2)]), facts);
    expect(placementOf(graph, 'add').gradients).toEqual([
      { accumulate: false, rectify: false },
      { accumulate: true, rectify: false },
    ]);
  });

  it('puts an activation in place after an op that does not need its output again', () => {
    const graph = analyze(planOf([dense(0, 1), activation('sigmoid', 1, 2), activation('tanh', 2, 3)]), facts);
    const [product, sigmoid, tanh] = graph.nodes.map(({ placement }) => placement);
    expect(sigmoid).toMatchObject({ inputs: [product!.output], output: product!.output });
    // tanh's derivative is told from its output, but so is sigmoid's, which must stay
    expect(tanh!.output).not.toBe(sigmoid!.output);
  });

  it('gives a frame to what a convolution takes, and to its gradient', () => {
    const graph = analyze(planOf([conv(0, 1), conv(1, 2), add(2, 2, 3)]), facts);
    const between = graph.buffers[placementOf(graph, 'conv1').output]!;
    expect(between).toMatchObject({ frame: around, gradientFrame: around });
    expect(graph.buffers[placementOf(graph, 'conv2').output]).toMatchObject({
      frame: noPadding,
      gradientFrame: around,
    });
  });

  it("copies the model's input into a frame, since it is gathered without one", () => {
    const graph = analyze(planOf([conv(0, 1)]), facts);
    expect(kindsOf(graph)).toEqual(['zero-padding', 'conv2d']);
    expect(graph.buffers[graph.inputBuffer]!.frame).toEqual(noPadding);
    expect(graph.buffers[placementOf(graph, 'conv1').inputs[0]!]!.frame).toEqual(around);
    expect(placementOf(graph, 'copy').gradients).toEqual([null]);
  });

  it('reshapes by looking at the same memory, from which it keeps frames away', () => {
    const graph = analyze(planOf([conv(0, 1), activation('relu', 1, 2), reshape(2, 3), dense(3, 4)]), facts);
    expect(kindsOf(graph)).toEqual(['zero-padding', 'conv2d', 'zero-padding', 'dense']);
    const convolved = placementOf(graph, 'conv1');
    const taken = placementOf(graph, 'dense4').inputs[0]!;
    const copied = graph.nodes[2]!.placement;
    expect(graph.buffers[convolved.output]!.gradientFrame).toEqual(around);
    expect(graph.buffers[copied.output]).toMatchObject({ gradientFrame: noPadding, frame: noPadding });
    expect(graph.buffers[taken]!.storage).toBe(graph.buffers[copied.output]!.storage);
    // the copy is now the last to add to the gradient of the fused relu
    expect(convolved.rectify).toBe(true);
    expect(copied.gradients).toEqual([{ accumulate: false, rectify: true }]);
    expect(placementOf(graph, 'dense4').gradients).toEqual([{ accumulate: false, rectify: false }]);
  });

  it('leaves linear activations out', () => {
    expect(kindsOf(analyze(planOf([dense(0, 1), activation('linear', 1, 2), dense(2, 3)]), facts))).toEqual([
      'dense',
      'dense',
    ]);
  });

  it('wants no gradient of what no parameter lies before', () => {
    const graph = analyze(planOf([add(0, 0, 1), dense(1, 2)]), facts);
    expect(placementOf(graph, 'dense2').gradients).toEqual([null]);
    expect(graph.buffers.map(({ wantsGradient }) => wantsGradient)).toEqual([false, false, true]);
  });
});
