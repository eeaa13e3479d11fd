/** What a model was made for, where no data says it yet. */
import * as z from 'zod';
import { openCheckpoint } from '../checkpoints/open';
import { openFile } from '../checkpoints/source';
import { readTopology, type KerasTopology } from '../models/topology';
import { safeParse } from '../shared/check';
import type { ExampleShape } from '../shared/describeMessages';
import { orderLayers } from '../training/plan/order';

/** Where a model leaves height or width open. */
const usualSide = 32;
const declared = z.array(z.int().min(1).nullable()).min(2).max(8);

export interface OwnShape {
  readonly inputShape: readonly number[];
  /** Whether it is the only one that the model takes. */
  readonly fixed: boolean;
}

/** The shape of the examples that a model declares; null: it declares none. */
export function ownShape(topology: KerasTopology): OwnShape | null {
  const { input } = orderLayers(readTopology(topology));
  const parsed = safeParse(declared, input.config['batch_input_shape'] ?? input.config['batch_shape']);
  if (!parsed.success) return null;
  const shape = parsed.data.slice(1);
  return { inputShape: shape.map(size => size ?? usualSide), fixed: !shape.includes(null) };
}

/** Height and width of images that networks are made for, by their channels, which is all that their tensors tell. */
const usualSides = (channels: number): readonly number[] => [...(channels === 1 ? [28, 32] : [32, 28]), 64, 96, 224];
const mostGuesses = 40;

/** What a state_dict may have been trained on, likeliest first, by the shapes of its tensors. */
export async function guessesOfStateDict(file: string): Promise<readonly ExampleShape[]> {
  const checkpoint = await openCheckpoint(await openFile(file));
  try {
    const shapes = checkpoint.tensors.filter(({ role }) => role === 'weight').map(({ shape }) => shape);
    const dense = shapes.filter(shape => shape.length === 2);
    const [, channels] = shapes.find(shape => shape.length === 4) ?? [];
    // the last layer is the last, unless the file has sorted them by name
    const classes = [...new Set(dense.map(([units]) => units!))].reverse();
    const inputs =
      channels === undefined
        ? [...new Set(dense.map(([, features]) => [features!]))]
        : usualSides(channels).map(side => [side, side, channels]);
    return inputs.flatMap(inputShape => classes.map(count => ({ inputShape, classes: count }))).slice(0, mostGuesses);
  } finally {
    await checkpoint.close();
  }
}
