/** Convolutions: each in the form that suits its shape and density (convForm.ts). */
import type { Conv2DOp } from '../../plan/plan';
import { chooseConvForm, type ConvForm, convFrames } from './convForm';
import { compressedForm, type PlacedCompressedConv } from './convCompressed';
import { directForm, type PlacedDirectConv } from './convDirect';
import type { OperationKind } from './operation';
import { type PlacedWinograd, winogradForm } from './winograd';

export type PlacedConv = PlacedDirectConv | PlacedCompressedConv | PlacedWinograd;

const forms = { direct: directForm, compressed: compressedForm, winograd: winogradForm };

/** The form it was placed in. */
function formOf(placed: PlacedConv): ConvForm<PlacedConv> {
  return forms[placed.form] as ConvForm<PlacedConv>;
}

export const conv2d: OperationKind<Conv2DOp, PlacedConv> = {
  framed: true,
  rectifies: true,
  meets: false,
  updates: 'all panels',
  keeps: () => ({ inputs: true, output: false }),
  frames: convFrames,
  place: (op, placement, site) => {
    const shapeOf = (id: number): readonly number[] => site.plan.activations[id]!.shape;
    const mask = site.mask(op.kernel);
    const density = mask === null ? 1 : mask.reduce((sum, bit) => sum + bit, 0) / mask.length;
    const form = chooseConvForm(op, shapeOf(op.inputs[0]!), shapeOf(op.output), density);
    return forms[form].place(op, placement, site);
  },
  forward: (placed, binding) => formOf(placed).forward(placed, binding),
  backward: (placed, binding) => formOf(placed).backward(placed, binding),
  prepare: (placed, binding) => formOf(placed).prepare?.(placed, binding) ?? [],
  update: (placed, binding) => formOf(placed).update(placed, binding),
};
