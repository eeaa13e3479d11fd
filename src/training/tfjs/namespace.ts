/** TensorFlow.js as executors take it: one namespace, whose own core is the one that its backend belongs to. */
import type * as core from '@tensorflow/tfjs-core';
import type * as layers from '@tensorflow/tfjs-layers';

export type Tf = typeof core;
export type TfLayers = typeof layers;
export type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D, Variable } from '@tensorflow/tfjs-core';
export type { LayersModel } from '@tensorflow/tfjs-layers';

export interface TfBackend {
  readonly name: 'cpu' | 'tensorflow' | 'tensorflow-gpu';
  /** Of `tf.setBackend`. */
  readonly backend: 'cpu' | 'tensorflow';
  readonly tf: Tf;
  readonly layers: TfLayers;
  /** For people, e.g. "TensorFlow 2.9.1, AMD EPYC". */
  readonly device: string;
  readonly variant: string;
}
