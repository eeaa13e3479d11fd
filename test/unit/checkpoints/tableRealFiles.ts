/** What is known of the files in ../shared/data, from their authors and from counting them with their own frameworks. */

export interface RealFile {
  /** In the data folder. */
  readonly file: string;
  readonly format: string;
  /** All that is listed, baggage too. */
  readonly tensors: number;
  /** Weights and buffers. */
  readonly total: { readonly count: number; readonly zeros: number };
  /** Weights alone: what a framework calls parameters. */
  readonly parameters: number;
  readonly prunable: { readonly count: number; readonly zeros: number };
  /** Prunable tensors that are 0 throughout. */
  readonly empty?: readonly string[];
}

export const realFiles: readonly RealFile[] = [
  {
    file: 'checkpoints/distiller/checkpoint_trained_4D_regularized_5Lremoved.pth.tar',
    format: 'PyTorch (legacy pickle)',
    tensors: 177,
    total: { count: 274_042, zeros: 18_432 },
    parameters: 272_474,
    prunable: { count: 270_896, zeros: 18_432 },
    empty: [
      'layer1.0.conv1.weight',
      'layer1.0.conv2.weight',
      'layer1.1.conv1.weight',
      'layer1.1.conv2.weight',
      'layer2.2.conv2.weight',
    ],
  },
  {
    file: 'checkpoints/distiller/checkpoint_trained_dense.pth.tar',
    format: 'PyTorch (legacy pickle)',
    tensors: 172,
    total: { count: 274_042, zeros: 0 },
    parameters: 272_474,
    prunable: { count: 270_896, zeros: 0 },
  },
  {
    // 59 parameters and 38 running statistics
    file: 'checkpoints/resnet-cifar10/resnet20-12fca82f.th',
    format: 'PyTorch (legacy pickle)',
    tensors: 97,
    total: { count: 271_098, zeros: 0 },
    parameters: 269_722,
    prunable: { count: 268_336, zeros: 0 },
  },
  {
    file: 'checkpoints/mnistweb/mnist.pt',
    format: 'PyTorch (zip)',
    tensors: 6,
    total: { count: 669_706, zeros: 0 },
    parameters: 669_706,
    prunable: { count: 668_672, zeros: 0 },
  },
  {
    file: 'checkpoints/mnistweb/mnist.onnx',
    format: 'ONNX',
    tensors: 6,
    total: { count: 669_706, zeros: 0 },
    parameters: 669_706,
    prunable: { count: 668_672, zeros: 0 },
  },
  {
    // the exporter folded batch normalisation into the convolutions before it
    file: 'models/net.onnx',
    format: 'ONNX',
    tensors: 10,
    total: { count: 54_458, zeros: 38_041 },
    parameters: 54_458,
    prunable: { count: 54_344, zeros: 38_041 },
  },
  {
    // beside the weights two whole numbers, for a Reshape
    file: 'checkpoints/mnistweb/model.json',
    format: 'TensorFlow.js graph model',
    tensors: 7,
    total: { count: 669_708, zeros: 0 },
    parameters: 669_706,
    prunable: { count: 668_672, zeros: 0 },
  },
  {
    // zeros are where stored × scale + min is 0
    file: 'checkpoints/face-api/tiny_face_detector_model-weights_manifest.json',
    format: 'TensorFlow.js weights',
    tensors: 19,
    total: { count: 193_321, zeros: 6_725 },
    parameters: 193_321,
    prunable: { count: 192_288, zeros: 6_710 },
  },
  {
    file: 'checkpoints/face-api/face_landmark_68_tiny_model-weights_manifest.json',
    format: 'TensorFlow.js weights',
    tensors: 28,
    total: { count: 77_224, zeros: 3_807 },
    parameters: 77_224,
    prunable: { count: 76_416, zeros: 3_802 },
    // all their bytes are 0, and so is min
    empty: ['dense0/conv2/depthwise_filter', 'dense0/conv2/pointwise_filter'],
  },
  ...['net.pt', 'net.safetensors'].map(name => ({
    file: `models/${name}`,
    format: name === 'net.pt' ? 'PyTorch (zip)' : 'safetensors',
    tensors: 20,
    total: { count: 54_556, zeros: 38_041 },
    parameters: 54_506,
    prunable: { count: 54_344, zeros: 38_041 },
  })),
  // without PyTorch's counters of batches
  ...Object.entries({ h5: 'Keras (.h5)', 'weights.h5': 'Keras weights (.weights.h5)', keras: 'Keras (.keras)' }).map(
    ([extension, format]) => ({
      file: `models/net.${extension}`,
      format,
      tensors: 18,
      total: { count: 54_554, zeros: 38_041 },
      parameters: 54_506,
      prunable: { count: 54_344, zeros: 38_041 },
    }),
  ),
];

export interface RefusedFile {
  readonly file: string;
  readonly reason: RegExp;
}

/** What lies beside checkpoints and is none. */
export const refusedFiles: readonly RefusedFile[] = [
  { file: 'README.md', reason: /it looks like text/ },
  { file: 'models/net.json', reason: /JSON without a weight manifest or index/ },
  { file: 'checkpoints/mnistweb/group1-shard1of1.bin', reason: /a shard of TensorFlow\.js.*open the model\.json/ },
  { file: 'checkpoints/face-api/tiny_face_detector_model-shard1', reason: /a shard of TensorFlow\.js/ },
  { file: 'mnist', reason: /a folder, not a file/ },
  { file: 'mnist/train-images-idx3-ubyte.gz', reason: /gzip: unpack it first/ },
];
