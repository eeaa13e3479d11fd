/** Brings masks from the host, piece by piece, and keeps those looked at last. */
import { kernelAxes, type KernelAxes, type KernelRegion, type MaskWeights } from '../../src/shared/mask';
import type { ReportLayer } from '../../src/shared/report';
import { emptyGrid, Pyramid, type CellGrid } from './cells';
import type { MaskLayout } from './layout';
import { emptyCounts, MaskPicture, type MaskCounts } from './picture';
import { blockSpan, layoutOf, mostHeld, piecesOf } from './pieces';
import type { MaskRequests } from './requests';

export interface MaskSource {
  readonly run: string;
  readonly layer: ReportLayer;
  readonly weights: MaskWeights;
}

export interface LoadedMask {
  readonly source: MaskSource;
  readonly layout: MaskLayout;
  readonly counts: MaskCounts;
  /** Every weight; null where the layer is too large, and `pyramid` begins with blocks. */
  readonly picture: MaskPicture | null;
  readonly pyramid: Pyramid;
}

/** Weights that are kept of masks looked at before, so that stepping back costs nothing. */
const mostKept = 2 * mostHeld;

export class MaskLoader {
  private readonly kept = new Map<string, LoadedMask>();

  constructor(private readonly requests: MaskRequests) {}

  /**
   * @param progress share of the layer that is there, 0 to 1
   * @throws Error with the host's words; the signal's reason
   */
  async load(source: MaskSource, signal: AbortSignal, progress: (share: number) => void): Promise<LoadedMask> {
    const key = `${source.run} ${source.weights} ${source.layer.name}`;
    const loaded = this.kept.get(key) ?? (await this.request(source, signal, progress));
    this.kept.delete(key);
    this.kept.set(key, loaded);
    this.forget();
    return loaded;
  }

  /** Single weights of a part of a layer that is not held. @throws Error with the host's words */
  async part({ source, layout }: LoadedMask, region: KernelRegion): Promise<MaskPicture> {
    const { height, width } = layout.axes;
    const part = await this.requests.weights({ ...name(source), region });
    const picture = new MaskPicture(
      layout,
      region.output * height,
      region.input * width,
      region.outputs * height,
      region.inputs * width,
    );
    picture.fill(region, part);
    return picture;
  }

  private request(source: MaskSource, signal: AbortSignal, progress: (share: number) => void): Promise<LoadedMask> {
    const axes = kernelAxes(source.layer.shape);
    const span = blockSpan(axes);
    return span === null
      ? this.whole(source, axes, signal, progress)
      : this.blocks(source, axes, span, signal, progress);
  }

  private async whole(
    source: MaskSource,
    axes: KernelAxes,
    signal: AbortSignal,
    progress: (share: number) => void,
  ): Promise<LoadedMask> {
    const layout = layoutOf(axes);
    const picture = new MaskPicture(layout);
    const counts = emptyCounts(layout);
    await this.each(axes, null, signal, progress, async region => {
      const part = await this.requests.weights({ ...name(source), region });
      picture.fill(region, part, counts);
    });
    return { source, layout, counts, picture, pyramid: new Pyramid(picture) };
  }

  private async blocks(
    source: MaskSource,
    axes: KernelAxes,
    span: number,
    signal: AbortSignal,
    progress: (share: number) => void,
  ): Promise<LoadedMask> {
    const { outputs, inputs, height, width } = axes;
    const layout = layoutOf(axes);
    const grid = emptyGrid(Math.ceil(outputs / span), Math.ceil(inputs / span), span * height, span * width);
    const counts = emptyCounts(layout);
    await this.each(axes, span, signal, progress, async region => {
      const part = await this.requests.blocks({ ...name(source), region, block: { outputs: span, inputs: span } });
      const [kept, positive] = [new Uint32Array(part.kept), new Uint32Array(part.positive)];
      place(grid, axes, region, span, { kept, positive, magnitude: new Float32Array(part.magnitude) });
      counts.largest = Math.max(counts.largest, part.largest);
      counts.kept += kept.reduce((sum, one) => sum + one, 0);
      counts.positive += positive.reduce((sum, one) => sum + one, 0);
      new Uint32Array(part.outputs).forEach((one, at) => {
        counts.outputs[region.output + at]! += one;
      });
      new Uint32Array(part.inputs).forEach((one, at) => {
        counts.inputs[region.input + at]! += one;
      });
    });
    return { source, layout, counts, picture: null, pyramid: new Pyramid(grid) };
  }

  /** Two pieces under way: the host reads one while the page takes the other. */
  private async each(
    axes: KernelAxes,
    span: number | null,
    signal: AbortSignal,
    progress: (share: number) => void,
    take: (region: KernelRegion) => Promise<void>,
  ): Promise<void> {
    const pieces = [...piecesOf(axes, span)];
    let next = 0;
    let done = 0;
    const work = async (): Promise<void> => {
      for (let piece = pieces[next++]; piece; piece = pieces[next++]) {
        signal.throwIfAborted();
        await take(piece);
        progress(++done / pieces.length);
      }
      signal.throwIfAborted();
    };
    await Promise.all([work(), work()]);
  }

  private forget(): void {
    let held = 0;
    for (const [key, { picture, pyramid }] of [...this.kept].reverse()) {
      held += picture?.bits.length ?? pyramid.grid(1, 1).all.length;
      if (held > mostKept) this.kept.delete(key);
    }
  }
}

function name({ run, layer, weights }: MaskSource): { run: string; layer: string; weights: MaskWeights } {
  return { run, layer: layer.name, weights };
}

/** Puts the blocks of a region where they belong. */
function place(
  grid: CellGrid,
  { height, width }: KernelAxes,
  region: KernelRegion,
  span: number,
  blocks: Pick<CellGrid, 'kept' | 'positive' | 'magnitude'>,
): void {
  const [top, left] = [region.output / span, region.input / span];
  const across = Math.ceil(region.inputs / span);
  for (let at = 0; at < blocks.kept.length; at++) {
    const [row, column] = [Math.floor(at / across), at % across];
    const cell = (top + row) * grid.columns + left + column;
    const [rows, columns] = [
      Math.min(span, region.outputs - row * span),
      Math.min(span, region.inputs - column * span),
    ];
    grid.all[cell] = rows * columns * height * width;
    grid.kept[cell] = blocks.kept[at]!;
    grid.positive[cell] = blocks.positive[at]!;
    grid.magnitude[cell] = blocks.magnitude[at]!;
  }
}
