import { describe, expect, it } from 'vitest';
import { describeTensor, type TensorDescription } from '../../../src/checkpoints/roles';
import { pairTensors } from '../../../src/sparsity/compare';
import { matchTensors, type Matching } from '../../../src/sparsity/pairing';

type Given = Partial<TensorDescription> & { readonly name: string; readonly shape: readonly number[] };
const torch = (...list: Given[]) =>
  list.map(given => describeTensor({ dtype: 'F32', bytes: 4, convention: 'torch', ...given }));
const keras = (...list: Given[]) => torch(...list.map(given => ({ ...given, convention: 'keras' as const })));

const places = (list: Matching['pairs']) => list.map(({ left, right, by }) => [left, right, by]);

describe('tensors of two checkpoints', () => {
  it('belong together by name, wherever they stand', () => {
    const left = torch({ name: 'a.weight', shape: [2, 3] }, { name: 'b.weight', shape: [4, 2] });
    const right = torch({ name: 'b.weight', shape: [4, 2] }, { name: 'a.weight', shape: [2, 3] });
    expect(matchTensors(left, right)).toEqual({
      pairs: [
        { left: 0, right: 1, by: 'name', axes: null },
        { left: 1, right: 0, by: 'name', axes: null },
      ],
      reshaped: [],
      onlyLeft: [],
      onlyRight: [],
    });
  });

  it('belong together but for the prefix of a wrapper, unless two would', () => {
    const left = torch({ name: 'a.weight', shape: [2, 3] }, { name: 'b.bias', shape: [2] });
    const right = torch(
      { name: 'module.a.weight', shape: [2, 3] },
      { name: 'module.b.bias', shape: [2] },
      { name: 'model.b.bias', shape: [2] },
    );
    const { pairs, onlyLeft, onlyRight } = matchTensors(left, right);
    expect(places(pairs)).toEqual([[0, 0, 'prefix']]);
    expect([onlyLeft, onlyRight]).toEqual([[1], [1, 2]]);
  });

  it('of one name and different shapes are told apart', () => {
    const left = torch({ name: 'a.weight', shape: [2, 3] });
    const right = torch({ name: 'a.weight', shape: [3, 2] });
    expect(places(matchTensors(left, right).reshaped)).toEqual([[0, 0, 'name']]);
    expect(pairTensors(left, right)).toEqual({
      pairs: [],
      unpaired: [{ name: 'a.weight', left: [2, 3], right: [3, 2] }],
    });
  });

  it('of different frameworks belong together by shape where no other has it, with their layers', () => {
    const left = torch(
      { name: 'conv1.weight', shape: [8, 1, 3, 3] },
      { name: 'conv1.bias', shape: [8] },
      { name: 'conv2.weight', shape: [8, 8, 3, 3] },
      { name: 'conv3.weight', shape: [8, 8, 3, 3] },
      { name: 'fc.weight', shape: [10, 8] },
    );
    const right = keras(
      { name: 'conv2d/kernel', shape: [3, 3, 1, 8] },
      { name: 'conv2d/bias', shape: [8] },
      { name: 'conv2d_1/kernel', shape: [3, 3, 8, 8] },
      { name: 'conv2d_2/kernel', shape: [3, 3, 8, 8] },
      { name: 'dense/kernel', shape: [8, 10] },
    );
    const { pairs, onlyLeft, onlyRight } = matchTensors(left, right);
    expect(places(pairs)).toEqual([
      [0, 0, 'shape'],
      [1, 1, 'shape'],
      [4, 4, 'shape'],
    ]);
    expect(pairs[0]!.axes).toEqual([3, 2, 0, 1]);
    expect(pairs[2]!.axes).toEqual([1, 0]);
    expect([onlyLeft, onlyRight]).toEqual([
      [2, 3],
      [2, 3],
    ]);
    // whoever compares values as they lie must not get these
    expect(pairTensors(left, right).pairs).toEqual([]);
    expect(pairTensors(left, right).unpaired).toHaveLength(10);
  });

  it('are not matched by shape where kernels have their like by name', () => {
    const left = torch({ name: 'a.weight', shape: [2, 3] }, { name: 'old.weight', shape: [7, 5] });
    const right = torch({ name: 'a.weight', shape: [2, 3] }, { name: 'new.weight', shape: [7, 5] });
    expect(matchTensors(left, right)).toMatchObject({ onlyLeft: [1], onlyRight: [1] });
  });

  it('leave out optimiser state, and memory that both tie to another tensor', () => {
    const list = torch(
      { name: 'a.weight', shape: [2, 3] },
      { name: 'b.weight', shape: [2, 3], tiedTo: 'a.weight' },
      { name: 'optimizer.state.0.exp_avg', shape: [2, 3] },
    );
    const { pairs, onlyLeft, onlyRight } = matchTensors(list, list);
    expect(places(pairs)).toEqual([[0, 0, 'name']]);
    expect([onlyLeft, onlyRight]).toEqual([[], []]);
    const untied = list.map(tensor => ({ ...tensor, tiedTo: null }));
    expect(places(matchTensors(list, untied).pairs)).toHaveLength(2);
  });

  it('that cannot be read keep their partner, so that it is not called missing', () => {
    const left = torch({ name: 'a.weight', shape: [], dtype: 'unknown', error: 'its shard is missing' });
    const right = torch({ name: 'a.weight', shape: [2, 3] });
    expect(matchTensors(left, right)).toMatchObject({ pairs: [{ left: 0, right: 0 }], onlyRight: [] });
  });
});
