// The kernels of the wasm executor. All work on addresses in one linear memory that several threads share.
export { activationBackward, activationForward, softmaxBackward, softmaxForward } from './activation';
export { barrier } from './barrier';
export { convForward, convInputGradient } from './conv';
export { convSparseForward, convSparseInputGradient } from './convSparse';
export { convSparseUpdate, convUpdate } from './convUpdate';
export { denseForward, denseInputGradient, denseUpdate } from './dense';
export { augment, clearFrame, gatherBytes, gatherFloats, gatherLabels, listActive } from './gather';
export { crossEntropy, meanSquaredError, targetError, weightedCrossEntropy } from './loss';
export { addRows, clearRows, copyRows, dropout, passGradient } from './elementwise';
export {
  batchCombine,
  batchGradientCombine,
  batchGradientSums,
  batchInputGradient,
  batchStatistics,
  movingCoefficients,
  scaleRows,
  updateVector,
} from './normalization';
export { layerBackward, layerForward, layerParameterGradients } from './normalizationLayer';
export {
  averagePoolBackward,
  averagePoolForward,
  maxPoolBackward,
  maxPoolBackwardOverlapping,
  maxPoolForward,
} from './pool';
export { sparseForward, sparseInputGradient, sparseUpdate } from './sparse';
export { applyUpdate, moveAverage, squaredNorm } from './update';
export { winogradForward, winogradInputGradient } from './winograd';
export { winogradFilters, winogradGradient, winogradUpdate } from './winogradUpdate';
