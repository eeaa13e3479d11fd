/** Plain TensorFlow.js, bundled as dist/tfjs.js, which plain.ts loads. */
import '@tensorflow/tfjs-backend-cpu';
// layers call operations as methods of tensors
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';

export * as tf from '@tensorflow/tfjs-core';
export * as layers from '@tensorflow/tfjs-layers';
