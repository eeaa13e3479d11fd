/** Reads masks and weights of runs for the panel, by ranges of the store's files. No vscode: tests use it on plain folders. */
import path from 'node:path';
import type { Checkpoint } from '../checkpoints/checkpoint';
import { openFile } from '../checkpoints/source';
import { safetensorsReader } from '../checkpoints/safetensorsReader';
import type { TensorInfo } from '../shared/inspection';
import { kernelAxes, maskLimits, type MaskPart, type MaskRequest } from '../shared/mask';
import type { Report } from '../shared/report';
import { kernelRanges, kernelView, maskPacker } from '../sparsity/maskPart';
import type { Values } from '../sparsity/structure';
import { runDirectory } from './store';

/** Positions that are read at a time: between two reads the host has time for others. */
const positionsAtOnce = 2 ** 18;

/** Why a request is refused before any file is opened; null: it is not. */
export function maskRefusal(report: Report | null, { run, layer, region, block }: MaskRequest): string | null {
  const known = report?.layers.find(({ name }) => name === layer);
  if (!known) return `The report has no layer ${JSON.stringify(layer.slice(0, 100))}.`;
  if (!report?.runs.some(({ key, status }) => key === run && status === 'done')) {
    return `The report has no finished run ${run}.`;
  }
  const { outputs, inputs, height, width } = kernelAxes(known.shape);
  if (region.output + region.outputs > outputs || region.input + region.inputs > inputs) {
    return `The layer has ${outputs} outputs and ${inputs} inputs: the region lies beyond.`;
  }
  const weights = region.outputs * region.inputs * height * width;
  if (weights > (block ? maskLimits.blockWeights : maskLimits.weights)) {
    return `${weights} weights are too many for one request.`;
  }
  const blocks = block ? Math.ceil(region.outputs / block.outputs) * Math.ceil(region.inputs / block.inputs) : 0;
  return blocks > maskLimits.blocks ? `${blocks} blocks are too many for one request.` : null;
}

/**
 * @param shape of the layer in the report: the files must agree with it
 * @throws Error that names the file and says what to do
 */
export async function readMask(store: string, shape: readonly number[], request: MaskRequest): Promise<MaskPart> {
  const directory = runDirectory(store, request.run);
  const opened: Opened[] = [];
  const open = async (name: string): Promise<Opened> => {
    const file = path.join(directory, `${name}.safetensors`);
    const one = { file, checkpoint: await openTensors(file) };
    opened.push(one);
    return one;
  };
  try {
    const masks = await open('mask');
    const kernel = kernelNamed(masks.checkpoint, request.layer, shape);
    const mask = valuesOf(masks, { name: kernel, dtype: 'U8', shape });
    const weights = valuesOf(await open(request.weights), { name: kernel, dtype: 'F32', shape });
    const view = kernelView(shape);
    const packer = maskPacker(view, request);
    for (const { begin, end } of kernelRanges(view, request.region, positionsAtOnce)) {
      packer.add(begin, await mask(begin, end), await weights(begin, end));
    }
    return packer.finish();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${why}. Delete the folder ${directory}, if it is there, and run again: only this run is computed anew.`,
    );
  } finally {
    await Promise.all(opened.map(({ checkpoint }) => checkpoint.close()));
  }
}

async function openTensors(file: string): Promise<Checkpoint> {
  const source = await openFile(file);
  try {
    return await safetensorsReader.open(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

interface Opened {
  readonly file: string;
  readonly checkpoint: Checkpoint;
}

/** The report names layers, or of several kernels in one each; the files parameters: "dense" is "dense/kernel" there. */
function kernelNamed({ tensors }: Checkpoint, layer: string, shape: readonly number[]): string {
  if (tensors.some(({ name }) => name === layer)) return layer;
  const own = tensors.filter(({ name }) => name.replace(/\/[^/]*$/, '') === layer);
  return (own.find(tensor => tensor.shape.join() === shape.join()) ?? own[0])?.name ?? layer;
}

/** @returns what reads its values */
function valuesOf(
  { file, checkpoint }: Opened,
  { name, dtype, shape }: Pick<TensorInfo, 'name' | 'dtype' | 'shape'>,
): (begin: number, end: number) => Promise<Values> {
  const damaged = (why: string): Error => new Error(`${file} is damaged: tensor ${name} ${why}`);
  const index = checkpoint.tensors.findIndex(tensor => tensor.name === name);
  const tensor = checkpoint.tensors[index];
  if (!tensor) throw damaged('is missing');
  if (tensor.error !== null) throw damaged(tensor.error);
  if (tensor.dtype !== dtype) throw damaged(`is ${tensor.dtype}, not ${dtype}`);
  if (tensor.shape.join() !== shape.join()) {
    throw damaged(`has the shape [${tensor.shape.join(', ')}], not [${shape.join(', ')}]`);
  }
  return (begin, end) => checkpoint.values(index, begin, end);
}
