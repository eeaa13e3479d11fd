/** Kernels of PyTorch and ONNX, outputs and channels first, in the order of Keras. */

/** [filters, inputs, height × width] → [height × width, inputs, filters] */
export function kernelOf(data: Float32Array, filters: number, inputs: number, places: number): Float32Array {
  const result = new Float32Array(data.length);
  let at = 0;
  for (let place = 0; place < places; place++) {
    for (let input = 0; input < inputs; input++) {
      for (let filter = 0; filter < filters; filter++) {
        result[at++] = data[(filter * inputs + input) * places + place]!;
      }
    }
  }
  return result;
}

/** Columns × rows of rows × columns. */
export function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = data[row * columns + column]!;
  }
  return result;
}

/** @param order place of each row; null: they stay where they are */
export function rowsInOrder(kernel: Float32Array, units: number, order: Int32Array | null): Float32Array {
  if (order === null) return kernel;
  const result = new Float32Array(kernel.length);
  order.forEach((to, row) => {
    result.set(kernel.subarray(row * units, (row + 1) * units), to * units);
  });
  return result;
}
