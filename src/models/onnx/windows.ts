/** Where windows of convolutions and pools lie, from ONNX' attributes to Keras' paddings. */
import { paddingOf, windowed, type Window } from '../../training/plan/geometry';
import type { Padding, Pair } from '../../training/plan/plan';
import type { Site } from './site';
import { made, type Value } from './value';

export interface Placed {
  readonly window: Window;
  readonly padding: Padding;
  /** What Keras' "same" would be here. */
  readonly isSame: boolean;
  readonly isEmpty: boolean;
  /** Height and width of the output. */
  readonly size: Pair;
}

/** @param size of the window. @throws ExperimentError naming the node */
export function place(site: Site, { shape }: Value, size: readonly number[]): Placed {
  if (size.length !== 2) site.refuse(`works on ${size.length} axes; only images, with two, can be trained here`);
  const window: Window = {
    size: pair(site, 'its kernel', size),
    strides: pair(site, 'strides', site.integers('strides') ?? [1, 1]),
    dilations: pair(site, 'dilations', site.integers('dilations') ?? [1, 1]),
  };
  const same = paddingOf(shape, window, 'same');
  const padding = roundedUp(site, shape, window, padded(site, same));
  const output = windowed(shape, window, padding);
  if (output[0] < 1 || output[1] < 1) site.refuse(`has a window of ${size.join('×')} that does not fit on its input`);
  return {
    window,
    padding,
    isSame: equal(padding, same),
    isEmpty: equal(padding, { top: 0, bottom: 0, left: 0, right: 0 }),
    size: output,
  };
}

/** With ceil_mode a window that begins on the image, or on the padding before it, may end behind all. */
function roundedUp(site: Site, shape: readonly number[], { size, strides }: Window, padding: Padding): Padding {
  if (site.integer('ceil_mode', 0) === 0) return padding;
  const missing = (axis: 0 | 1, before: number, behind: number): number => {
    const length = shape[axis]! + before;
    const steps = Math.ceil((length + behind - size[axis]) / strides[axis]);
    const windows = (steps * strides[axis] >= length ? steps - 1 : steps) * strides[axis] + size[axis];
    return behind + Math.max(0, windows - length - behind);
  };
  const { top, bottom, left, right } = padding;
  return { top, bottom: missing(0, top, bottom), left, right: missing(1, left, right) };
}

/** Zeros around an image, as a layer of their own. */
export function surround(site: Site, value: Value, { top, bottom, left, right }: Padding): Value {
  const [height, width, channels] = value.shape as [number, number, number];
  const padding = [
    [top, bottom],
    [left, right],
  ];
  const layer = site.emit('ZeroPadding2D', { padding }, [value]);
  return made(layer, [height + top + bottom, width + left + right, channels], value.axes);
}

function padded(site: Site, same: Padding): Padding {
  const mode = site.text('auto_pad', 'NOTSET');
  if (mode === 'SAME_UPPER') return same;
  if (mode === 'SAME_LOWER') return { top: same.bottom, bottom: same.top, left: same.right, right: same.left };
  const [top, left, bottom, right] = mode === 'VALID' ? [0, 0, 0, 0] : (site.integers('pads') ?? [0, 0, 0, 0]);
  const padding = { top: top!, bottom: bottom!, left: left!, right: right! };
  const sound = Object.values(padding).every(n => Number.isSafeInteger(n) && n >= 0 && n <= 10_000);
  return sound ? padding : site.refuse('has pads that are no four whole numbers from 0 on; export the model again');
}

function pair(site: Site, what: string, values: readonly number[]): Pair {
  const [first, second] = values;
  const sound = values.length === 2 && values.every(n => Number.isSafeInteger(n) && n >= 1 && n <= 10_000);
  return sound ? [first!, second!] : site.refuse(`has ${what} [${values.join(', ')}], not two whole numbers from 1 on`);
}

function equal(a: Padding, b: Padding): boolean {
  return a.top === b.top && a.bottom === b.bottom && a.left === b.left && a.right === b.right;
}
