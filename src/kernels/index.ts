// The kernels of the wasm executor. All work on addresses in one linear memory that several threads share.
export { activationBackward, activationForward, dropout, softmaxBackward, softmaxForward } from './activation';
export { barrier } from './barrier';
export { denseForward, denseInputGradient, denseUpdate } from './dense';
export { gatherBytes, gatherFloats, gatherLabels, listActive } from './gather';
export { crossEntropy, meanSquaredError } from './loss';
export { sparseForward, sparseInputGradient, sparseUpdate } from './sparse';
