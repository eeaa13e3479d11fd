/** How a plan is read: what becomes the end of what, and in which order gradients add up. */
import { describe, expect, it } from 'vitest';
import { analyze } from '../../../../src/training/webgpu/graph';
import { TestGraph } from '../../../support/testGraph';
import { planOfNetwork } from '../agreement';

describe('the graph of a plan', () => {
  it('has an activation as the end of the op before it, and a flattened image as the image', () => {
    const graph = new TestGraph([4, 4, 2]);
    const image = graph.conv(graph.input, 3, { kernel: [3, 3], activation: 'relu' });
    const output = graph.dense(graph.flatten(image), 2, 'linear');
    const { nodes, sizes } = analyze(planOfNetwork({ graph, output }, 2));
    expect(nodes.map(({ op, activation }) => [op.kind, activation?.name])).toEqual([
      ['conv2d', 'relu'],
      ['dense', undefined],
    ]);
    expect(sizes).toHaveLength(3);
    // nobody wants the gradient of the data; that of the image ends with the relu's derivative
    expect(nodes[0]!.gradients).toEqual([null]);
    expect(nodes[1]!.gradients).toEqual([{ accumulate: false, derivative: { name: 'relu', alpha: 0 } }]);
  });

  it('keeps an activation apart whose input others take, or whose derivative needs its input', () => {
    const graph = new TestGraph([4, 4, 2]);
    const image = graph.conv(graph.input, 2, { kernel: [1, 1] });
    const sum = graph.add([graph.same('Activation', image, { activation: 'relu' }), image]);
    const gelu = graph.same('Activation', sum, { activation: 'gelu' });
    const output = graph.dense(graph.flatten(gelu), 2, 'linear');
    const { nodes } = analyze(planOfNetwork({ graph, output }, 2));
    expect(nodes.map(({ op }) => op.kind)).toEqual(['conv2d', 'activation', 'add', 'activation', 'dense']);
  });

  it('adds up the gradients of several takers, the last of which takes the derivative', () => {
    const graph = new TestGraph([4, 4, 2]);
    const image = graph.conv(graph.input, 2, { kernel: [1, 1], activation: 'tanh' });
    const branch = graph.conv(image, 2, { kernel: [3, 3], padding: 'same' });
    const output = graph.dense(graph.flatten(graph.add([image, branch])), 2, 'linear');
    const { nodes } = analyze(planOfNetwork({ graph, output }, 2));
    const [, conv, add] = nodes;
    // backwards: the sum comes first
    expect(add!.gradients[0]).toEqual({ accumulate: false, derivative: null });
    expect(conv!.gradients[0]).toEqual({ accumulate: true, derivative: { name: 'tanh', alpha: 0 } });
  });
});
