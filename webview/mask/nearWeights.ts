/** Of a layer that is held in blocks, the single weights that are looked at: asked for as the view moves near. */
import { maskLimits, type KernelRegion } from '../../src/shared/mask';
import type { View } from '../charts/matrixModel';
import type { MaskLayout } from './layout';
import type { LoadedMask, MaskLoader } from './loader';
import type { MaskPicture } from './picture';

/** Moves of a hand come in bursts. */
const askMilliseconds = 80;

/** Whole kernels in view and some around them; null: too many for one request, or too small to tell them apart. */
export function nearRegion({ axes }: MaskLayout, view: View): KernelRegion | null {
  const { outputs, inputs, height, width } = axes;
  const range = (first: number, count: number, unit: number, all: number): readonly [number, number] => {
    const spare = count / 4;
    const from = Math.max(0, Math.floor((first - spare) / unit));
    return [from, Math.min(all, Math.ceil((first + count + spare) / unit)) - from];
  };
  const [output, down] = range(view.top, view.rows, height, outputs);
  const [input, across] = range(view.left, view.columns, width, inputs);
  const fits = down * across * height * width <= maskLimits.weights;
  return fits ? { output, outputs: down, input, inputs: across } : null;
}

function covers({ row, column, rows, columns }: MaskPicture, view: View): boolean {
  return (
    row <= view.top &&
    column <= view.left &&
    row + rows >= view.top + view.rows - 1e-6 &&
    column + columns >= view.left + view.columns - 1e-6
  );
}

export class NearWeights {
  private held: { readonly mask: LoadedMask; readonly picture: MaskPicture } | null = null;
  private timer: number | undefined;
  private asked = 0;

  constructor(private readonly loader: MaskLoader) {}

  /** What is there of a mask's single weights. */
  picture(mask: LoadedMask): MaskPicture | null {
    return this.held?.mask === mask ? this.held.picture : null;
  }

  /** @param done with what went wrong, or null */
  ask(mask: LoadedMask, view: View, done: (problem: string | null) => void): void {
    window.clearTimeout(this.timer);
    const asked = ++this.asked;
    const region = nearRegion(mask.layout, view);
    const there = this.picture(mask);
    if (!region || (there && covers(there, view))) return;
    this.timer = window.setTimeout(() => {
      this.loader.part(mask, region).then(
        picture => {
          // the view may have moved on: what came is still right, until what was asked for last comes
          if (asked === this.asked || !this.picture(mask)) this.held = { mask, picture };
          done(null);
        },
        (error: unknown) => {
          done(error instanceof Error ? error.message : String(error));
        },
      );
    }, askMilliseconds);
  }

  close(): void {
    window.clearTimeout(this.timer);
    this.held = null;
  }
}
