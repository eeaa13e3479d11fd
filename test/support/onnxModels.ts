/** Whole ONNX models as bytes, for tests of what stands around them. */
import { drawn, floats, modelBytes } from './onnxNetworks';

/** Dense layers with ReLU between them, from widths of inputs, hidden layers and outputs, with drawn weights. */
export function perceptron(widths: readonly number[]): Uint8Array {
  const layers = widths.slice(1).map((units, i) => ({ units, inputs: widths[i]!, isLast: i === widths.length - 2 }));
  const nodes = layers.flatMap(({ isLast }, i) => {
    const [from, to] = [i === 0 ? 'x' : `r${i - 1}`, isLast ? 'y' : `h${i}`];
    const gemm = {
      op: 'Gemm',
      name: `g${i}`,
      inputs: [from, `fc${i}.weight`, `fc${i}.bias`],
      outputs: [to],
      attributes: { transB: 1 },
    };
    return isLast ? [gemm] : [gemm, { op: 'Relu', name: `a${i}`, inputs: [to], outputs: [`r${i}`] }];
  });
  const tensors = layers.flatMap(({ units, inputs }, i) => [
    floats(`fc${i}.weight`, [units, inputs], drawn(units * inputs)),
    floats(`fc${i}.bias`, [units], drawn(units)),
  ]);
  return modelBytes({ input: ['N', widths[0]!], nodes, tensors });
}
