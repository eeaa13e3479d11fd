/** The prunable kernels of a model, as the science sees them. */

/** What is needed of a plan's parameters; `PlanParameter` fits. */
export interface Parameter {
  /** Unique, e.g. `dense_1/kernel`. */
  readonly name: string;
  readonly layer: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly prunable: boolean;
}

export interface PrunableLayer extends Parameter {
  /** Belongs to the layer that gives the classes: it has a rate of its own. */
  readonly output: boolean;
  /** Of a convolution, depthwise or not: kernels with places in an image. */
  readonly convolution: boolean;
}

/**
 * @param parameters all of the model, in forward order; biases and normalisation (not prunable) are left out
 * @param outputLayer name of the layer that gives the classes
 */
export function prunableLayers(parameters: readonly Parameter[], outputLayer: string): PrunableLayer[] {
  return parameters
    .filter(({ prunable }) => prunable)
    .map(({ name, layer, shape, size, prunable }) => ({
      name,
      layer,
      shape,
      size,
      prunable,
      output: layer === outputLayer,
      // [height, width, in, out], while a dense kernel is [in, out]
      convolution: shape.length > 2,
    }));
}
