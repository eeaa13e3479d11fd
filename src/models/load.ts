/** Turns the `model` of an experiment into a model: built in, or read from a file. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { ExperimentError } from '../shared/experiment';
import { builtinModel } from './builtins';
import { withLinearEnd } from './builtins/linearEnd';
import { readKerasFile } from './files/kerasFile';
import type { ModelData, ModelFile } from './files/modelFile';
import { withStatistics } from './files/statistics';
import { readTfjsFile } from './files/tfjsFile';
import type { Model, NamedWeight } from './model';
import { readOnnxFile } from './onnx/onnxFile';
import type { KerasTopology } from './topology';
import { readTorchFile } from './torch/torchFile';

interface Kind {
  readonly endings: RegExp;
  readonly read: (file: string, data: ModelData) => Promise<ModelFile>;
}

const anyData: ModelData = { inputShape: [32, 32, 3], classes: 10 };

const kinds: readonly Kind[] = [
  { endings: /\.json$/i, read: readTfjsFile },
  { endings: /\.(keras|h5|hdf5)$/i, read: readKerasFile },
  { endings: /\.onnx$/i, read: readOnnxFile },
  { endings: /\.(pt|pth|th|ckpt|bin|pth\.tar|safetensors)$/i, read: readTorchFile },
];

/**
 * @param spec `builtin:…`, or the path of a model file, relative to `baseDirectory`
 * @param data that it is for; built-in models are fitted to it later
 * @throws ExperimentError (field "model")
 */
export async function loadModel(spec: string, baseDirectory: string, data = anyData): Promise<Model> {
  if (spec.startsWith('builtin:')) {
    const builtin = builtinModel(spec.slice('builtin:'.length));
    // any shape that every model takes will do: the data is hashed elsewhere
    const fingerprint = hashDefinition(builtin.topology(anyData.inputShape, anyData.classes));
    const { description, topology } = data.task === 'regression' ? withLinearEnd(builtin) : builtin;
    return { kind: 'builtin', description, topology, weights: null, fingerprint, weightsFingerprint: null };
  }
  const kind = kinds.find(({ endings }) => endings.test(spec));
  if (kind === undefined) {
    throw new ExperimentError(
      'model',
      `"${spec}" cannot be read: it must be the model.json of a TensorFlow.js LayersModel, a model that Keras has saved ` +
        '(.keras, .h5), an ONNX model, weights of PyTorch (.pt, .pth, .bin, .safetensors) that fit a built-in model, or a ' +
        'built-in model such as "builtin:lenet-300-100"',
    );
  }
  const file = path.resolve(baseDirectory, spec);
  const { topology: written, weights } = await kind.read(file, data);
  const topology = withStatistics(written, weights);
  return {
    kind: 'file',
    description: path.basename(file),
    topology: () => topology,
    weights,
    fingerprint: hashDefinition(topology),
    weightsFingerprint: weights === null ? null : hashWeights(weights),
  };
}

function hashDefinition(topology: KerasTopology): string {
  return createHash('sha256').update(JSON.stringify(topology)).digest('hex');
}

function hashWeights(weights: ReadonlyMap<string, NamedWeight>): string {
  const hash = createHash('sha256');
  for (const [name, { shape, data }] of weights) {
    hash.update(JSON.stringify([name, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
