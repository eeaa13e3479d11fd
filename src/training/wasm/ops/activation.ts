/** Activations that no other op takes upon itself, softmax among them. */
import type { Activation, ActivationOp } from '../../plan/plan';
import { noPadding } from '../layout';
import { alone, type Binding, type OperationKind, type Phase, type Placement } from './operation';
import { layoutsOf, settling, splitRows } from './rows';

type Elementwise = Exclude<Activation, 'linear' | 'softmax'>;

/** As src/kernels/activation.ts numbers them: up to hard-sigmoid the derivative is told from the output. */
const codes: Readonly<Record<Elementwise, number>> = {
  relu: 1,
  relu6: 2,
  'leaky-relu': 3,
  elu: 4,
  selu: 5,
  tanh: 6,
  sigmoid: 7,
  'hard-sigmoid': 8,
  gelu: 9,
  'gelu-tanh': 10,
  swish: 11,
  'hard-swish': 12,
};

export interface PlacedActivation extends Placement {
  readonly activation: Elementwise | 'softmax';
  readonly alpha: number;
}

export const activation: OperationKind<ActivationOp, PlacedActivation> = {
  framed: true,
  rectifies: false,
  meets: false,
  updates: null,
  keeps: ({ activation: name }) => {
    const output = name !== 'linear' && isToldFromOutput(name);
    return { inputs: name !== 'linear' && !output, output };
  },
  frames: () => ({ inputs: noPadding, outputGradient: noPadding }),
  place: ({ activation: name, alpha }, placement) => {
    if (name === 'linear') throw new Error(`${placement.layer}: a linear activation is no op to run`);
    return { ...placement, activation: name, alpha };
  },
  forward,
  backward,
};

function isToldFromOutput(name: PlacedActivation['activation']): boolean {
  return name === 'softmax' || codes[name] <= codes['hard-sigmoid'];
}

function forward(placed: PlacedActivation, binding: Binding): readonly Phase[] {
  const { kernels } = binding;
  const { activation: name, alpha, output } = placed;
  const input = placed.inputs[0]!;
  const from = binding.buffers[input]!.values;
  const to = binding.buffers[output]!.values;
  return alone(
    splitRows(binding, [from, to], name === 'softmax' ? from.channels : 1, (panel, { rows, bytes, offset }) => {
      const x = binding.values(input, panel) + offset(from);
      const y = binding.values(output, panel) + offset(to);
      return name === 'softmax'
        ? () => {
            kernels.softmaxForward(x, from.rowBytes, y, to.rowBytes, from.pixelBytes, rows, bytes);
          }
        : () => {
            kernels.activationForward(codes[name], alpha, x, from.rowBytes, y, to.rowBytes, rows, bytes);
          };
    }),
  );
}

function backward(placed: PlacedActivation, binding: Binding): readonly Phase[] {
  const { kernels } = binding;
  const { activation: name, alpha, output } = placed;
  const input = placed.inputs[0]!;
  const target = placed.gradients[0];
  if (!target) return [];
  const told = isToldFromOutput(name) ? output : input;
  const source = binding.buffers[told]!.values;
  const from = binding.buffers[output]!.gradients;
  const to = binding.buffers[input]!.gradients;
  const layouts = [source, ...layoutsOf(binding, target, input, output)];
  return alone(
    splitRows(binding, layouts, name === 'softmax' ? from.channels : 1, (panel, part) => {
      const { rows, bytes, offset } = part;
      const s = binding.values(told, panel) + offset(source);
      const dy = binding.gradients(output, panel) + offset(from);
      const dx = binding.gradients(input, panel) + offset(to);
      const { rectified, stride, accumulate } = settling(binding, target, input, panel, part);
      const images = [s, source.rowBytes, dy, from.rowBytes, dx, to.rowBytes, rectified, stride, accumulate] as const;
      return name === 'softmax'
        ? () => {
            kernels.softmaxBackward(...images, from.pixelBytes, rows, bytes);
          }
        : () => {
            kernels.activationBackward(codes[name], alpha, ...images, rows, bytes);
          };
    }),
  );
}
