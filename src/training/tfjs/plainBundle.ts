/** Plain TensorFlow.js, bundled as dist/tfjs.js, which plain.ts loads. */
import '@tensorflow/tfjs-backend-cpu';

export * as tf from '@tensorflow/tfjs-core';
export * as layers from '@tensorflow/tfjs-layers';
