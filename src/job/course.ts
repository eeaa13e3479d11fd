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
 * @param masks in force before; null where training begins
 * @throws LayerCollapseError, NanWeightError
 */
export type Course = (from: number, kernels: readonly Float32Array[], masks: readonly Mask[] | null) => Stage;

/** From where training goes on. */
export interface Beginning {
  readonly step: number;
  readonly weights: Weights;
  /** null where training begins. */
  readonly state: SessionState | null;
  /** In whose middle the step is; null: one begins there. */
  readonly stage: Stage | null;
}

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
  setup: Omit<TrainingSetup, 'weights' | 'fromStep' | 'masks' | 'state' | 'penalty'>,
  beginning: Beginning,
  course: Course,
  layers: readonly PrunableLayer[],
  end: number,
  work: (open: OpenStage) => Promise<boolean>,
): Promise<void> {
  const { network } = setup;
  let { step: from, weights, state }: Omit<Beginning, 'stage'> = beginning;
  let stage = beginning.stage ?? course(from, kernelsOf(weights, state, network, layers), null);
  for (;;) {
    const masks = byteMasks(stage.masks, network, layers);
    const penalty = stage.penalty && penaltyOf(stage.penalty, network, layers);
    const session = await executor.open({ ...setup, weights, state, fromStep: from, masks, penalty });
    let goesOn: boolean;
    try {
      goesOn = (await work({ stage, from, session })) && stage.to < end;
      if (goesOn) [weights, state] = [await session.weights(), await session.state()];
    } catch (error) {
      // what went wrong first is what to tell
      await session.close().catch(() => undefined);
      throw error;
    }
    await session.close();
    if (!goesOn) return;
    from = stage.to;
    stage = course(from, kernelsOf(weights, state, network, layers), stage.masks);
  }
}

/** Of the prunable layers, as training goes on from them. */
export function kernelsOf(
  weights: Weights,
  state: SessionState | null,
  { parameters }: Network,
  layers: readonly PrunableLayer[],
): Float32Array[] {
  const places = layers.map(({ name }) => parameters.findIndex(parameter => parameter.name === name));
  return places.map(place => state?.raw[place] ?? weights[place]!);
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
