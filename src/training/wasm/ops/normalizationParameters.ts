/** γ and β of a normalisation, of which either may be missing. */
import type { ParameterId } from '../../plan/plan';
import { padded } from '../format';
import { featureBytes } from '../memory';
import type { Binding, Instruction, Site, Trainable } from './operation';

export interface ScaleAndShift {
  readonly gamma: Trainable | null;
  readonly beta: Trainable | null;
}

export function placeScaleAndShift(
  { gamma, beta }: { readonly gamma: ParameterId | null; readonly beta: ParameterId | null },
  site: Site,
): ScaleAndShift {
  return { gamma: vector(gamma, site), beta: vector(beta, site) };
}

function vector(parameter: ParameterId | null, site: Site): Trainable | null {
  if (parameter === null) return null;
  const { size } = site.plan.parameters[parameter]!;
  const mask = site.mask(parameter);
  const stored = {
    parameter,
    count: padded(size),
    pack: (values: Float32Array, to: Float32Array): void => {
      to.set(values);
    },
    unpack: (from: Float32Array): Float32Array => from.slice(0, size),
    packMask:
      mask === null
        ? null
        : (to: Uint8Array): void => {
            mask.forEach((kept, i) => {
              to[i] = kept * 255;
            });
          },
  };
  return site.trainable(stored, null);
}

/** Bytes of scratch for both gradients. */
export function gradientBytes(channels: number): number {
  return 2 * padded(channels) * 4;
}

/**
 * Both updates, once `sum` has written the gradients it is given places for (0: not wanted) to the thread's scratch.
 */
export function updateScaleAndShift(
  { gamma, beta }: ScaleAndShift,
  channels: number,
  { kernels, scratch, settings }: Binding,
  sum: (gammaGradient: number, betaGradient: number) => void,
): Instruction {
  const gammaGradient = gamma ? scratch : 0;
  const betaGradient = beta ? scratch + padded(channels) * 4 : 0;
  return () => {
    sum(gammaGradient, betaGradient);
    if (gamma) kernels.updateVector(gamma.block, settings, gammaGradient, channels);
    if (beta) kernels.updateVector(beta.block, settings, betaGradient, channels);
  };
}

/** Examples of the batch that lie in a panel. */
export function examplesIn(panel: number, count: number): number {
  const lanes = featureBytes / 4;
  return Math.max(0, Math.min(lanes, count - panel * lanes));
}
