/**
 * A state_dict of PyTorch, from its own files or safetensors: weights without an architecture, fitted to the built-in model
 * whose parameters are these in order and shape. Nothing is guessed: none or several that fit are an error.
 */
import { openCheckpoint } from '../../checkpoints/open';
import { openFile } from '../../checkpoints/source';
import { ExperimentError } from '../../shared/experiment';
import { lowerModel } from '../../training/plan/lower';
import { PlanError, type Plan } from '../../training/plan/plan';
import { builtinModel, builtinNames } from '../builtins';
import { withLinearEnd } from '../builtins/linearEnd';
import {
  asModelError,
  checkCount,
  fault,
  isPartOfNetwork,
  readTensor,
  type ModelData,
  type ModelFile,
} from '../files/modelFile';
import type { NamedWeight } from '../model';
import type { KerasTopology } from '../topology';
import { fitTensors, toKeras, type Fit } from './fit';
import { inOrder, type StateTensor } from './order';

interface Candidate {
  readonly name: string;
  readonly topology: KerasTopology;
  readonly plan: Plan;
  readonly fit: Fit;
}

/** @throws ExperimentError (field "model") naming the file, the candidates and what to do */
export function readTorchFile(file: string, data: ModelData): Promise<ModelFile> {
  return asModelError(async () => {
    const checkpoint = await openCheckpoint(await openFile(file));
    try {
      const own = [...checkpoint.tensors.entries()].flatMap(([index, info]): StateTensor[] =>
        isPartOfNetwork(info) ? [{ index, info }] : [],
      );
      checkCount(
        file,
        own.reduce((sum, { info }) => sum + info.count, 0),
      );
      const { plan, topology, tensors } = choose(file, inOrder(own), data);
      const weights = new Map<string, NamedWeight>();
      for (const [i, parameter] of plan.parameters.entries()) {
        const { data: values } = await readTensor(file, checkpoint, tensors[i]!.index);
        weights.set(parameter.name, { shape: parameter.shape, data: toKeras(plan, parameter, values) });
      }
      return { topology, weights };
    } finally {
      await checkpoint.close();
    }
  });
}

function choose(
  file: string,
  tensors: readonly StateTensor[],
  data: ModelData,
): Pick<Candidate, 'plan' | 'topology'> & { readonly tensors: readonly StateTensor[] } {
  const candidates = builtinNames.flatMap(name => candidate(name, tensors, data));
  const sized = sizedName(tensors);
  // LeNet-300-100 is one by another name
  if (sized !== null && !candidates.some(fits)) candidates.unshift(...candidate(sized, tensors, data));
  const found = candidates.filter(fits);
  if (found.length > 1) {
    const names = found.map(({ name }) => `"builtin:${name}"`).join(', ');
    throw fault(file, `fits several built-in models, ${names}, and does not say which it is; ${remedy}`);
  }
  const [only] = found;
  if (only) return { ...only, tensors: only.fit.tensors };
  throw fault(file, `holds weights without layers, and fits no built-in model${nearest(candidates)}; ${remedy}`);
}

const remedy = 'export the whole model by torch.onnx.export and name the .onnx file';

function fits(one: Candidate): one is Candidate & { readonly fit: { readonly tensors: readonly StateTensor[] } } {
  return 'tensors' in one.fit;
}

/** None where the data is not what the model takes. */
function candidate(name: string, tensors: readonly StateTensor[], data: ModelData): Candidate[] {
  try {
    const { inputShape, classes, task } = data;
    const builtin = builtinModel(name);
    const { topology: make } = task === 'regression' ? withLinearEnd(builtin) : builtin;
    const plan = lowerModel({ topology: make }, { inputShape, classes, loss: 'cross-entropy' });
    return [{ name, topology: make(inputShape, classes), plan, fit: fitTensors(plan, tensors) }];
  } catch (error) {
    if (error instanceof ExperimentError || error instanceof PlanError) return [];
    throw error;
  }
}

/**
 * `mlp:…` where there are dense layers only, `resnet-a:…` where one stands behind as many 3×3 convolutions as a depth of it
 * has; null: it is neither.
 */
function sizedName(tensors: readonly StateTensor[]): string | null {
  const kernels = tensors.filter(({ info }) => info.shape.length !== 1).map(({ info }) => info.shape);
  const convolutions = kernels.slice(0, -1);
  if (convolutions.length > 0 && convolutions.every(([, , height, width]) => height === 3 && width === 3)) {
    return convolutions.length % 6 === 1 && convolutions.length > 1 ? `resnet-a:${convolutions.length + 1}` : null;
  }
  if (kernels.length < 2 || kernels.some(shape => shape.length !== 2)) return null;
  const widths = kernels.slice(0, -1).map(([units]) => String(units));
  return `mlp:${widths.join('-')}`;
}

function nearest(candidates: readonly Candidate[]): string {
  const names = candidates.map(({ name }) => `"builtin:${name}"`).join(', ');
  let closest: { readonly name: string; readonly fitted: number; readonly reason: string } | null = null;
  for (const { name, fit } of candidates) {
    if ('reason' in fit && (closest === null || fit.fitted > closest.fitted)) closest = { name, ...fit };
  }
  if (closest === null) return ' for this data';
  return ` (${names}). Closest is "builtin:${closest.name}", of which ${closest.fitted} parameters fit: ${closest.reason}`;
}
