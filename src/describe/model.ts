/** What a model is, or why it cannot be trained: by the very readers that the job uses. */
import path from 'node:path';
import { loadModel } from '../models/load';
import type { Model } from '../models/model';
import { readTopology, type KerasTopology } from '../models/topology';
import { fileWeights } from '../models/weights';
import type { BuiltinDescription, ExampleShape, ModelDescription } from '../shared/describeMessages';
import { ExperimentError } from '../shared/experiment';
import { plural } from '../shared/format';
import { lowerings } from '../training/plan/layers';
import { lowerModel, type LoweringTarget } from '../training/plan/lower';
import { PlanError, type Plan } from '../training/plan/plan';
import { guessesOfStateDict, ownShape } from './modelShape';
import { factsOf } from './planFacts';

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
      return { ...describeLoaded(spec, model, format, guess), fixedShape };
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
function describeLoaded(spec: string, model: Model, format: string, data: ExampleShape | null): ModelDescription {
  const topology = model.topology(data?.inputShape ?? [1], data?.classes ?? 2);
  const own = ownShape(topology);
  const inputShape = data?.inputShape ?? own?.inputShape;
  if (!inputShape) {
    throw new ExperimentError(
      'model',
      `${path.basename(spec)} does not say what shape of examples it takes; give its first layer an input shape and save it again`,
    );
  }
  const described = { format, fixedShape: own?.fixed ?? false };
  const foreign = foreignModel(topology, model);
  if (foreign) {
    const { outputs, ...rest } = foreign;
    return { ...described, ...rest, data: { inputShape, classes: data?.classes ?? outputs } };
  }
  const plan = lowered(spec, model, { inputShape, classes: data?.classes ?? null });
  const classes = data?.classes ?? plan.activations.at(-1)!.size;
  return {
    ...described,
    ...factsOf(plan),
    data: { inputShape, classes },
    hasWeights: hasAllWeights(plan, model),
    loss: plan.loss,
    tensorflowOnly: null,
  };
}

/** For cross-entropy, or else, where the model ends in what is no class for it, for mean squared error. */
function lowered(spec: string, model: Model, target: Omit<LoweringTarget, 'loss'>): Plan {
  try {
    const plan = lowerModel(model, { ...target, loss: 'mean-squared-error' });
    try {
      return lowerModel(model, { ...target, loss: 'cross-entropy' });
    } catch {
      return plan;
    }
  } catch (error) {
    throw error instanceof PlanError ? new ExperimentError('model', `${path.basename(spec)}: ${error.message}`) : error;
  }
}

function hasAllWeights(plan: Plan, model: Model): boolean {
  if (model.weights === null) return false;
  try {
    fileWeights(plan, model);
    return true;
  } catch (error) {
    if (error instanceof ExperimentError) return false;
    throw error;
  }
}

/** What can be said of a model with layers that no plan covers; null: it has none. */
function foreignModel(
  topology: KerasTopology,
  { weights }: Model,
): (Omit<ModelDescription, 'format' | 'data' | 'fixedShape'> & { readonly outputs: number }) | null {
  const { layers } = readTopology(topology);
  const foreign = layers.filter(({ className }) => !Object.hasOwn(lowerings, className));
  if (foreign.length === 0) return null;
  const counts = [...(weights?.values() ?? [])].map(({ shape, data }) => ({ rank: shape.length, size: data.length }));
  const sum = (all: typeof counts): number => all.reduce((total, { size }) => total + size, 0);
  const prunable = sum(counts.filter(({ rank }) => rank >= 2));
  const units = layers.map(({ config }) => config['units']).findLast(value => typeof value === 'number');
  const kinds = [...new Set(foreign.map(({ className }) => className))];
  return {
    layers: plural(layers.length, 'layer'),
    weights: sum(counts),
    prunable,
    // each kernel at least once; how often a recurrent one is used the plan would know
    multiplyAdds: prunable,
    hasWeights: weights !== null,
    loss: 'cross-entropy',
    tensorflowOnly: `layers of kind ${kinds.slice(0, 6).join(', ')}`,
    outputs: typeof units === 'number' && units > 0 ? units : 2,
  };
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
