/** Turns the `model` of an experiment into a model: built in, or read from a file. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { ExperimentError } from '../shared/experiment';
import { builtinModel } from './builtins';
import { readLayersModel } from './layersModel';
import type { Model, NamedWeight } from './model';
import type { KerasTopology } from './topology';

/**
 * @param spec `builtin:…`, or the path of a TensorFlow.js `model.json`, relative to `baseDirectory`
 * @throws ExperimentError (field "model")
 */
export async function loadModel(spec: string, baseDirectory: string): Promise<Model> {
  if (spec.startsWith('builtin:')) {
    const { description, topology } = builtinModel(spec.slice('builtin:'.length));
    // any shape that every model takes will do: the data is hashed elsewhere
    const fingerprint = hashDefinition(topology([32, 32, 3], 10));
    return { kind: 'builtin', description, topology, weights: null, fingerprint, weightsFingerprint: null };
  }
  const extension = path.extname(spec).toLowerCase();
  if (extension !== '.json') {
    throw new ExperimentError(
      'model',
      `"${spec}" cannot be read: it must be the model.json of a TensorFlow.js LayersModel, or a built-in model such as "builtin:lenet-300-100"`,
    );
  }
  const file = path.resolve(baseDirectory, spec);
  const { topology, weights } = await readLayersModel(file);
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
