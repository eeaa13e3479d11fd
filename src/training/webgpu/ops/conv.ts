/**
 * Convolutions as products whose operands gather pixels (implicit im2col): rows are output pixels, or for the gradient of
 * the input its own pixels. Groups have kernels of their own (groupedConv.ts), a convolution of 1 × 1 is linear.
 */
import type { Conv2DOp } from '../../plan/plan';
import { type Dispatch, reads } from '../dispatch';
import { product } from '../wgsl/product';
import { fixed, perExample, u32 } from '../wgsl/text';
import { type ConvShape, convShape, inputPixel, outputPixel } from './convShape';
import { groupedConv } from './groupedConv';
import { inputGradient, linear, output, weightGradient } from './linear';
import type { Operation } from './operation';

export const conv: Operation<Conv2DOp> = (op, node, site) => {
  const { kernel, bias, layer, groups } = op;
  const shape = convShape(op, node);
  if (groups > 1) return groupedConv(op, node, site);
  const { inputs, outputs, taps, outputPixels, inputPixels } = shape;
  if (isLinear(op, shape)) return linear({ kernel, bias, layer, rows: outputPixels, inputs, outputs }, node, site);
  const declarations = `${inputPixel(op, shape)}
fn gathered(row: u32, k: u32) -> f32 {
  let pixel = inputPixel(row, k / ${u32(inputs)});
  if (pixel < 0) { return 0.0; }
  return x[u32(pixel) * ${u32(inputs)} + k % ${u32(inputs)}];
}`;
  const x = reads('x', site.values(node.inputs[0]!));
  const w = reads('w', site.weights(kernel));
  const rows = perExample(site.batch, outputPixels);
  const forward = product(
    {
      label: `${layer} forward`,
      rows,
      columns: outputs,
      inner: fixed(taps * inputs),
      a: { contiguous: 'inner', value: 'gathered(row, k)' },
      b: { contiguous: 'outer', value: `w[k * ${u32(outputs)} + column]` },
      bindings: [x, w],
      declarations,
      store: output({ node, site, kernel, bias, rows: taps * inputs, columns: outputs }),
    },
    site.scratch,
  );
  if (!site.training) return { forward, backward: [] };

  const dy = reads('dy', site.gradients(node.output));
  const backward: Dispatch[] = [];
  if (node.gradients[0]) {
    backward.push(
      ...product(
        {
          label: `${layer} input gradient`,
          rows: perExample(site.batch, inputPixels),
          columns: inputs,
          inner: fixed(taps * outputs),
          a: { contiguous: 'inner', value: 'spread(row, k)' },
          b: {
            contiguous: 'inner',
            value: `w[((k / ${u32(outputs)}) * ${u32(inputs)} + column) * ${u32(outputs)} + k % ${u32(outputs)}]`,
          },
          bindings: [dy, w],
          declarations: `${outputPixel(op, shape)}
fn spread(row: u32, k: u32) -> f32 {
  let pixel = outputPixel(row, k / ${u32(outputs)});
  if (pixel < 0) { return 0.0; }
  return dy[u32(pixel) * ${u32(outputs)} + k % ${u32(outputs)}];
}`,
          store: inputGradient(node, site, inputs),
        },
        site.scratch,
      ),
    );
  }
  backward.push(
    ...weightGradient(site, site.parameterGradient(kernel), {
      label: `${layer} weight gradient`,
      weights: taps * inputs,
      hasBias: bias !== null,
      columns: outputs,
      inner: rows,
      a: { contiguous: 'outer', value: 'gathered(k, row)' },
      b: { contiguous: 'outer', value: `dy[k * ${u32(outputs)} + column]` },
      bindings: [x, dy],
      declarations,
    }),
  );
  return { forward, backward };
};

function isLinear({ kernelSize, strides, padding }: Conv2DOp, { inputPixels, outputPixels }: ConvShape): boolean {
  const isUnit = [...kernelSize, ...strides].every(n => n === 1);
  return isUnit && Object.values(padding).every(n => n === 0) && inputPixels === outputPixels;
}
