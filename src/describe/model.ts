/** What a model is, or why it cannot be trained: by the very readers that the job uses. */
import path from 'node:path';
import { loadModel } from '../models/load';
import type { Model } from '../models/model';
import { fileWeights } from '../models/weights';
import type { BuiltinDescription, ExampleShape, ModelDescription } from '../shared/describeMessages';
import { ExperimentError } from '../shared/experiment';
import { isPlan, type Network } from '../training/network';
import { networkOf } from '../training/networkOf';
import { lowerModel, type LoweringTarget } from '../training/plan/lower';
import { PlanError } from '../training/plan/plan';
import { guessesOfStateDict, ownShape } from './modelShape';
import { factsOf, factsOfLayers } from './planFacts';

const formats: readonly (readonly [endings: RegExp, format: string])[] = [
  [/\.json$/i, 'TensorFlow.js layers model'],
  [/\.keras$/i, 'Keras (.keras)'],
  [/\.(h5|hdf5)$/i, 'Keras (HDF5)'],
  [/\.onnx$/i, 'ONNX'],
];
const stateDict = /\.(pt|pth|th|ckpt|bin|pth\.tar|safetensors)$/i;

/**
 * @param data what it is for; null: what it was made for itself
 * @throws Error that names the file, the node or layer, and what to do
 */
export async function describeModel(
  spec: string,
  folder: string,
  data: ExampleShape | null,
): Promise<ModelDescription> {
  if (stateDict.test(spec)) return describeStateDict(spec, folder, data);
  const model = await loadModel(spec, folder, data ?? undefined);
  const format = formats.find(([endings]) => endings.test(spec))?.[1] ?? 'built in';
  return describeLoaded(spec, model, format, data);
}

async function describeStateDict(spec: string, folder: string, data: ExampleShape | null): Promise<ModelDescription> {
  const guesses = data ? [data] : await guessesOfStateDict(path.resolve(folder, spec));
  let refused: ExperimentError | null = null;
  for (const guess of guesses) {
    try {
      const model = await loadModel(spec, folder, guess);
      const architecture = nameOf(model, guess);
      const format = `PyTorch weights that fit ${architecture}`;
      // dense layers know how many values an example has, convolutions need not
      const fixedShape = guess.inputShape.length === 1;
      return { ...(await describeLoaded(spec, model, format, guess)), fixedShape };
    } catch (error) {
      if (!(error instanceof ExperimentError)) throw error;
      refused ??= error;
    }
  }
  throw (
    refused ??
    new ExperimentError(
      'model',
      `${path.resolve(folder, spec)} holds no weights of layers; export the whole model by torch.onnx.export and name the .onnx file`,
    )
  );
}

function nameOf(model: Model, { inputShape, classes }: ExampleShape): string {
  const { config } = model.topology(inputShape, classes);
  const name = typeof config === 'object' && config !== null && 'name' in config ? config.name : null;
  // Keras allows no hyphens in names
  return typeof name === 'string' ? name.replaceAll('_', '-') : 'a built-in model';
}

/** @param data what it is for; null: what it was made for */
async function describeLoaded(
  spec: string,
  model: Model,
  format: string,
  data: ExampleShape | null,
): Promise<ModelDescription> {
  const own = ownShape(model.topology(data?.inputShape ?? [1], data?.classes ?? 2));
  const inputShape = data?.inputShape ?? own?.inputShape;
  if (!inputShape) {
    throw new ExperimentError(
      'model',
      `${path.basename(spec)} does not say what shape of examples it takes; give its first layer an input shape and save it again`,
    );
  }
  const network = await networkFor(spec, model, { inputShape, classes: data?.classes ?? null });
  const outputs = isPlan(network) ? network.activations.at(-1)!.size : network.outputs;
  return {
    format,
    fixedShape: own?.fixed ?? false,
    ...(isPlan(network) ? factsOf(network) : factsOfLayers(network)),
    data: { inputShape, classes: data?.classes ?? outputs },
    hasWeights: hasAllWeights(network, model),
    loss: network.loss,
    tensorflowOnly: isPlan(network) ? null : `layer ${network.uncovered.layer} is ${network.uncovered.className}`,
  };
}

/** For cross-entropy, or else, where the model ends in what is no class for it, for mean squared error. */
async function networkFor(spec: string, model: Model, target: Omit<LoweringTarget, 'loss'>): Promise<Network> {
  try {
    return await networkOf(model, { ...target, loss: 'cross-entropy' });
  } catch (refused) {
    if (!(refused instanceof PlanError)) throw refused;
    try {
      return await networkOf(model, { ...target, loss: 'mean-squared-error' });
    } catch {
      throw new ExperimentError('model', `${path.basename(spec)}: ${refused.message}`);
    }
  }
}

function hasAllWeights(network: Network, model: Model): boolean {
  if (model.weights === null) return false;
  try {
    fileWeights(network, model);
    return true;
  } catch (error) {
    if (error instanceof ExperimentError) return false;
    throw error;
  }
}

/** Each built-in model on such data, in the order of the names. */
export async function describeBuiltins(
  names: readonly string[],
  data: ExampleShape,
): Promise<readonly BuiltinDescription[]> {
  const described: BuiltinDescription[] = [];
  for (const name of names) {
    try {
      const model = await loadModel(name, '.', data);
      const { layers, weights, prunable, multiplyAdds } = factsOf(
        lowerModel(model, { ...data, loss: 'mean-squared-error' }),
      );
      described.push({ name, ok: true, layers, weights, prunable, multiplyAdds });
    } catch (error) {
      if (!(error instanceof ExperimentError || error instanceof PlanError)) throw error;
      described.push({ name, ok: false, reason: error instanceof ExperimentError ? error.reason : error.message });
    }
  }
  return described;
}
