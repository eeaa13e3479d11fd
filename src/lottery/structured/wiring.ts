/** What is needed of a training plan to see which channels hang together; `Plan` fits. */

export interface WiringOp {
  readonly kind: string;
  /** Name of the layer it came from. */
  readonly layer: string;
  /** Places in `Wiring.activations`. */
  readonly inputs: readonly number[];
  readonly output: number;
  /** Places in `Wiring.parameters`. */
  readonly kernel?: number;
  readonly bias?: number | null;
  readonly gamma?: number | null;
  readonly beta?: number | null;
  readonly movingMean?: number;
  readonly movingVariance?: number;
  /** Of a convolution; output channel o sees the input channels of group ⌊o · groups / out⌋. */
  readonly groups?: number;
  /** Rows and columns of zeros around an image. */
  readonly padding?: { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number };
  readonly activation?: string;
}

export interface WiringParameter {
  readonly name: string;
  readonly layer: string;
  readonly shape: readonly number[];
  readonly size: number;
}

export interface Wiring {
  /** Shapes without the batch, channels last; the first is the input. */
  readonly activations: readonly { readonly shape: readonly number[]; readonly size: number }[];
  /** In an order in which inputs come first; the last gives the outputs. */
  readonly ops: readonly WiringOp[];
  readonly parameters: readonly WiringParameter[];
}
