import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../../src/models/load';
import { ExperimentError } from '../../../../src/shared/experiment';
import { float32, model, node, tensor } from '../../../support/onnx';
import { onnxFolder } from '../../../support/onnxFolder';
import { conv, drawn, ending, floats, ints, weights, type ModelFixture } from '../../../support/onnxNetworks';

const { folder, write } = onnxFolder();

describe('an ONNX model', () => {
  it.each<[string, ModelFixture, RegExp]>([
    [
      'an operator it does not know',
      { nodes: [{ op: 'LSTM', inputs: ['x'], outputs: ['y'] }] },
      /node "the_LSTM" \(LSTM\) is an operator that is not converted; build the model of Conv/,
    ],
    [
      'operators of others',
      { nodes: [{ op: 'Conv', inputs: ['x'], outputs: ['y'], domain: 'mine' }] },
      /is an operator of "mine"/,
    ],
    [
      'a kernel that is computed',
      { nodes: [conv({ inputs: ['x', 'x'] })] },
      /node "the_Conv" \(Conv\) computes its input "x"/,
    ],
    [
      'kernels for other channels',
      { nodes: [conv()], tensors: [floats('conv.weight', [1, 3, 3, 3], drawn(27))] },
      /kernels for 3 channels, but gets 2/,
    ],
    [
      'a constant that is not one for each channel',
      { nodes: [conv(), { op: 'Mul', inputs: ['a', 'fc.bias'], outputs: ['y'] }], tensors: weights },
      /node "the_Mul" \(Mul\) takes a constant of shape \[3\] with examples of shape \[4, 3, 3\]; only one value/,
    ],
    [
      'images of any size',
      { input: ['N', 2, 'H', 'W'], nodes: [conv()] },
      /takes "x" of shape \[\?, 2, \?, \?\]; export it for images of a fixed size/,
    ],
    [
      'two outputs',
      { nodes: [conv()], tensors: weights, outputs: ['a', 'b'] },
      /has the outputs "a", "b"; only models with one/,
    ],
    ['an output that nothing makes', { nodes: [], outputs: ['q'] }, /makes nothing called "q"/],
    [
      'weights that are cut',
      { nodes: [conv()], tensors: [tensor({ name: 'conv.weight', dims: [4, 2, 3, 3], raw: float32(1) })] },
      /holds "conv\.weight", which cannot be read/,
    ],
    [
      'weights beyond bounds',
      { nodes: [conv()], tensors: [tensor({ name: 'conv.weight', dims: [2 ** 20, 2 ** 20, 3, 3] })] },
      /conv\.weight/,
    ],
    [
      'a mean that counts its padding and rounds up',
      {
        nodes: [
          {
            op: 'AveragePool',
            inputs: ['x'],
            outputs: ['y'],
            attributes: {
              kernel_shape: [3, 3],
              pads: [0, 0, 1, 1],
              strides: [2, 2],
              ceil_mode: 1,
              count_include_pad: 1,
            },
          },
        ],
      },
      /node "the_AveragePool" \(AveragePool\) counts its padding in means and has ceil_mode/,
    ],
    [
      'a part that is cut out',
      {
        nodes: [{ op: 'Slice', inputs: ['x', 'one', 'two', 'one'], outputs: ['y'] }],
        tensors: [ints('one', 1), ints('two', 2)],
      },
      /node "the_Slice" \(Slice\) cuts out a part/,
    ],
    [
      'squeeze and excitation',
      {
        nodes: [
          conv(),
          { op: 'GlobalAveragePool', inputs: ['a'], outputs: ['p'] },
          { op: 'Sigmoid', inputs: ['p'], outputs: ['g'] },
          { op: 'Mul', inputs: ['a', 'g'], outputs: ['b'] },
          ...ending,
        ],
        tensors: weights,
      },
      /node "the_Mul" \(Mul\) combines what two layers make by something other than a sum/,
    ],
    [
      'activations that are quantised',
      { nodes: [{ op: 'QuantizeLinear', inputs: ['x', 's'], outputs: ['y'] }], tensors: [floats('s', [], [1])] },
      /node "the_QuantizeLinear" \(QuantizeLinear\) is an operator that is not converted/,
    ],
    [
      'a constant to fill with that is too large',
      {
        nodes: [
          { op: 'ConstantOfShape', inputs: ['huge'], outputs: ['k'] },
          { op: 'Add', inputs: ['x', 'k'], outputs: ['y'] },
        ],
        tensors: [ints('huge', 2 ** 20, 2 ** 20)],
      },
      /node "the_ConstantOfShape"/,
    ],
  ])('with %s is refused, naming the node', async (_, fixture, reason) => {
    const error: unknown = await loadModel(write(fixture), folder).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ExperimentError);
    expect(error).toMatchObject({ field: 'model', reason: expect.stringMatching(reason) });
    expect((error as ExperimentError).reason).toContain('.onnx');
  });

  it('that is none, or cut short, is refused', async () => {
    const whole = model({ nodes: [node(conv())], tensors: weights });
    for (const bytes of [whole.slice(0, 200), Buffer.from('no model at all, but a text'), Buffer.alloc(100, 0xff)]) {
      writeFileSync(path.join(folder, 'bad.onnx'), bytes);
      await expect(loadModel('bad.onnx', folder)).rejects.toThrow(ExperimentError);
      await expect(loadModel('bad.onnx', folder)).rejects.toThrow(/bad\.onnx/);
    }
  });
});
