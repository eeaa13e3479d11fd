import { expect, it } from 'vitest';
import { kerasOrder } from '../../../src/export/kerasOrder';

const order = (...layers: readonly (readonly [name: string, ...inputs: string[]])[]): string[] =>
  kerasOrder(layers.map(([name, ...inputs]) => ({ name, inputs }))).map(({ name }) => name);

it('is that of the layers where each feeds the next', () => {
  expect(order(['a'], ['b', 'a'], ['c', 'b'])).toEqual(['a', 'b', 'c']);
});

it('puts a short way beside the end of the long one', () => {
  // as Keras 3.15 has them: model.layers of this graph
  expect(order(['in'], ['short', 'in'], ['long1', 'in'], ['long2', 'long1'], ['sum', 'long2', 'short'])).toEqual([
    'in',
    'long1',
    'long2',
    'short',
    'sum',
  ]);
});

it('goes by the order of inputs among those that are as far', () => {
  expect(order(['in'], ['a', 'in'], ['b', 'in'], ['sum', 'b', 'a'])).toEqual(['in', 'b', 'a', 'sum']);
});
