/** How a run goes: its stages, in each of which masks and penalty stay as they are. Most runs have one. */
import type { PrunableLayer } from '../lottery/layers';
import type { Mask } from '../lottery/mask';
import type { Network } from '../training/network';
import type { Executor, Penalty, SessionState, TrainingSession, TrainingSetup, Weights } from '../training/trainer';

export interface Stage {
  /** The step at which it ends. */
  readonly to: number;
  /** Those in force, of the prunable layers in forward order. */
  readonly masks: readonly Mask[];
  /** On the weights that `spared` does not keep. */
  readonly penalty: { readonly spared: readonly Mask[]; readonly strength: number } | null;
}

/**
 * The stage that begins at a step.
 * @param kernels of the prunable layers as training goes on from them: raw ones, where the recipe averages weights
 * @throws LayerCollapseError, NanWeightError
 */
export type Course = (from: number, kernels: readonly Float32Array[]) => Stage;

/** One stage to the end. */
export function straight(to: number, masks: readonly Mask[]): Course {
  return () => ({ to, masks, penalty: null });
}

/** A stage at work. */
export interface OpenStage {
  readonly stage: Stage;
  readonly from: number;
  readonly session: TrainingSession;
}

/**
 * Goes through the stages of a run up to step `end`, a session for each, opened with what the one before left.
 * @param work trains a session to the end of its stage, or returns false where the run shall end here
 */
export async function throughStages(
  executor: Executor,
  setup: Omit<TrainingSetup, 'masks' | 'state' | 'penalty'>,
  course: Course,
  layers: readonly PrunableLayer[],
  end: number,
  work: (open: OpenStage) => Promise<boolean>,
): Promise<void> {
  const { network } = setup;
  const places = layers.map(({ name }) => network.parameters.findIndex(parameter => parameter.name === name));
  let from = setup.fromStep;
  let carried: { weights: Weights; state: SessionState | null } | null = { weights: setup.weights, state: null };
  while (carried) {
    const { weights, state } = carried;
    const raw = places.map(place => state?.raw[place] ?? weights[place]!);
    const stage = course(from, raw);
    const masks = byteMasks(stage.masks, network, layers);
    const penalty = stage.penalty && penaltyOf(stage.penalty, network, layers);
    const session = await executor.open({ ...setup, ...carried, fromStep: from, masks, penalty });
    carried = null;
    try {
      const goesOn = await work({ stage, from, session });
      if (goesOn && stage.to < end) carried = { weights: await session.weights(), state: await session.state() };
    } catch (error) {
      // what went wrong first is what to tell
      await session.close().catch(() => undefined);
      throw error;
    }
    await session.close();
    from = stage.to;
  }
}

function penaltyOf(
  { spared, strength }: NonNullable<Stage['penalty']>,
  network: Network,
  layers: readonly PrunableLayer[],
): Penalty {
  return { masks: byteMasks(spared, network, layers), strength };
}

/** For every parameter of the network; null where it is not prunable or nothing is pruned. */
export function byteMasks(
  masks: readonly Mask[] | null,
  { parameters }: Network,
  layers: readonly PrunableLayer[],
): (Uint8Array | null)[] {
  return parameters.map(({ name }) => {
    const mask = masks?.[layers.findIndex(layer => layer.name === name)];
    return mask && mask.kept < mask.size ? mask.toBytes() : null;
  });
}
