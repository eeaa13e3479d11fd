/**
 * Convolutions with 3×3 kernels of stride 1 in the form of Winograd's F(4×4, 3×3): a quarter of the multiplications of the
 * direct form, all weights stored. It rounds otherwise than the direct form (bench/notes.md has its errors).
 */
import type { Conv2DOp, Padding } from '../../plan/plan';
import { packBlocks, padded, unpackBlocks } from '../format';
import type { Layout } from '../layout';
import { featureBytes } from '../memory';
import type { ConvForm } from './convForm';
import {
  type Binding,
  type GradientTarget,
  type Instruction,
  type Phase,
  type Placement,
  share,
  type Site,
  type Trainable,
  alone,
} from './operation';
import { points, tilesOf } from './winogradShape';

/** Of the 36 points of one channel of one tile. */
const tileBytes = points * featureBytes;
/** What the kernels leave between points, and need for themselves. */
const gapBytes = featureBytes;
const workspaceBytes = tileBytes;

/** Transformed inputs, and sums of a group of channels, of the tiles computed together: for the second-level cache. */
const inputBudget = 256 * 1024;
const sumBudget = 128 * 1024;
/** Transformed inputs and gradients of the tiles whose weight gradients are summed before they are added to the rest. */
const gradientBudget = 512 * 1024;
const fewestTiles = 8;
const mostTiles = 16;
/** Sums of weight gradients apart from each other: as many threads work without doing each other's transforms again. */
const mostShards = 4;
const fewestTilesOfShard = 8;
const shardsBudget = 32 * 1024 * 1024;

export interface PlacedWinograd extends Placement {
  readonly form: 'winograd';
  readonly padding: Padding;
  readonly inputs: readonly [buffer: number];
  readonly trainable: Trainable;
  readonly channels: number;
  /** Blocks of four outputs. */
  readonly blocks: number;
  /** Bytes of a block of the kernel. */
  readonly stride: number;
  /** Biases, or zeros. */
  readonly bias: number;
  /** Transformed, [point][block][input][4]. */
  readonly filters: number;
  readonly pointBytes: number;
  /** The same for the input gradient, [point][block of inputs][output][4]; 0: nobody wants it. */
  readonly flipped: number;
  readonly flippedPointBytes: number;
  /** Tiles of a panel of the output, and of the input. */
  readonly tiles: number;
  readonly inputTiles: number;
  /** Descriptions as src/kernels/winograd.ts and winogradUpdate.ts read them. */
  readonly forwardPass: number;
  readonly backwardPass: number;
  readonly updatePass: number;
  readonly sums: number;
  readonly shards: number;
  readonly shardBytes: number;
}

export const winogradForm: ConvForm<PlacedWinograd> = { place, prepare, forward, backward, update };

function place(op: Conv2DOp, placement: Placement, site: Site): PlacedWinograd {
  const inputShape = site.plan.activations[op.inputs[0]!]!.shape;
  const outputShape = site.plan.activations[op.output]!.shape;
  const channels = inputShape[2]!;
  const outputs = outputShape[2]!;
  const blocks = padded(outputs) / 4;
  const kernel = { inputs: 9 * channels, outputs };
  const stride = padded(kernel.inputs) * 16;
  const mask = site.mask(op.kernel);
  const trainable = site.trainable(
    {
      parameter: op.kernel,
      count: blocks * (stride / 4),
      pack: (values, stored) => {
        packBlocks(values, kernel, stored);
      },
      unpack: stored => unpackBlocks(stored, kernel),
      packMask:
        mask &&
        (stored => {
          packBlocks(
            mask.map(bit => (bit === 0 ? 0 : 255)),
            kernel,
            stored,
          );
        }),
    },
    op.bias,
  );
  const pointBytes = blocks * channels * 16;
  // whole blocks of four inputs are read to flip them
  const filters = site.allocate(points * pointBytes + 64);
  const flippedPointBytes = (padded(channels) / 4) * blocks * 64;
  const flipped = placement.gradients[0] ? site.allocate(points * flippedPointBytes) : 0;
  const shardBytes = points * pointBytes + blocks * 64;
  const { across, count } = tilesOf(outputShape);
  const most = Math.min(mostShards, site.panels, Math.floor((count * site.panels) / fewestTilesOfShard));
  const shards = clamp(Math.floor(shardsBudget / shardBytes), 1, Math.max(1, most));

  const [values, gradients] = [site.buffers[placement.inputs[0]!]!, site.buffers[placement.output]!];
  const describe = (words: readonly number[]): number =>
    site.allocate(words.length * 4, (memory, address) => {
      new Uint32Array(memory, address, words.length).set(words);
    });
  const product = (from: Layout, to: Layout, rectified: Layout, u: readonly [number, number, number]): number => {
    const { across, count } = tilesOf([to.height, to.width]);
    const { chunk, group } = sizesOf(from.channels, to.channels, count * site.panels);
    site.scratch(workspaceBytes + points * (chunk * (from.channels + group * 4) * featureBytes + 2 * gapBytes));
    return describe([
      ...[from.channels, to.channels, across, count, to.height, to.width, from.rowBytes, from.pixelBytes],
      ...[to.rowBytes, to.pixelBytes, rectified.rowBytes, ...u, chunk, group],
    ]);
  };
  const chunk = clamp(Math.floor(gradientBudget / (tileBytes * (channels + blocks * 4))), fewestTiles, mostTiles);
  site.scratch(workspaceBytes + points * (chunk * (channels + blocks * 4) * featureBytes + 2 * gapBytes));
  site.scratch(points * 16 + 18 * 16 + stride);
  return {
    ...placement,
    form: 'winograd',
    inputs: [placement.inputs[0]!],
    padding: op.padding,
    trainable,
    channels,
    blocks,
    stride,
    bias: trainable.bias === 0 ? site.allocate(outputs * 4) : trainable.bias,
    filters,
    pointBytes,
    flipped,
    flippedPointBytes,
    tiles: count,
    inputTiles: tilesOf(inputShape).count,
    forwardPass: product(values.values, gradients.values, gradients.values, [filters, pointBytes, channels * 16]),
    backwardPass: product(gradients.gradients, values.gradients, values.values, [
      flipped,
      flippedPointBytes,
      blocks * 64,
    ]),
    updatePass: describe([
      ...[channels, outputs, across, count, values.values.rowBytes, values.values.pixelBytes],
      ...[gradients.gradients.rowBytes, gradients.gradients.pixelBytes, chunk, pointBytes],
    ]),
    sums: site.allocate(shards * shardBytes),
    shards,
    shardBytes,
  };
}

/** Tiles, and blocks of four channels written, at a time. */
function sizesOf(from: number, to: number, tiles: number): { readonly chunk: number; readonly group: number } {
  const chunk = clamp(Math.floor(inputBudget / (tileBytes * from)), 1, Math.min(tiles, mostTiles));
  const group = clamp(Math.floor(sumBudget / (tileBytes * chunk * 4)), 1, padded(to) / 4);
  return { chunk, group };
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

/** Every thread has as many phases, with or without work. */
function onePhase(hasWork: boolean, instruction: Instruction): readonly Phase[] {
  return [{ work: hasWork ? [instruction] : [], meet: false }];
}

function prepare(placed: PlacedWinograd, { kernels, scratch, thread, threads }: Binding): readonly Phase[] {
  const { trainable, stride, channels, filters, pointBytes, flipped, flippedPointBytes, blocks } = placed;
  const [begin, end] = share(blocks, thread, threads);
  return onePhase(begin < end, () => {
    kernels.winogradFilters(
      trainable.kernel,
      stride,
      channels,
      filters,
      pointBytes,
      flipped,
      flippedPointBytes,
      begin,
      end,
      scratch,
    );
  });
}

/** An image in all panels: address of a pixel of panel 0, counted from its first, and bytes from panel to panel. */
function image(
  address: (panel: number) => number,
  { origin, rowBytes, pixelBytes }: Layout,
  row: number,
  column: number,
): [number, number] {
  return [address(0) + origin + row * rowBytes + column * pixelBytes, address(1) - address(0)];
}

function forward(placed: PlacedWinograd, binding: Binding): readonly Phase[] {
  const { kernels, buffers, panels, thread, threads, scratch } = binding;
  const { padding, output, inputs, tiles, forwardPass, bias } = placed;
  const [begin, end] = share(panels * tiles, thread, threads);
  const values = (buffer: number, row: number, column: number): [number, number] =>
    image(panel => binding.values(buffer, panel), buffers[buffer]!.values, row, column);
  const [x, xPanel] = values(inputs[0], -padding.top, -padding.left);
  const [y, yPanel] = values(output, 0, 0);
  const rectify = Number(placed.rectify);
  return overTiles(tiles, begin, end, (first, last) => () => {
    kernels.winogradForward(forwardPass, x, xPanel, y, yPanel, bias, first, last, rectify, scratch);
  });
}

function backward(placed: PlacedWinograd, binding: Binding): readonly Phase[] {
  const [target] = placed.gradients;
  return target ? inputGradient(placed, binding, target) : [];
}

function inputGradient(placed: PlacedWinograd, binding: Binding, target: GradientTarget): readonly Phase[] {
  const { kernels, buffers, panels, thread, threads, scratch } = binding;
  const { padding, output, inputs, inputTiles, backwardPass } = placed;
  const [begin, end] = share(panels * inputTiles, thread, threads);
  const gradients = (buffer: number, row: number, column: number): [number, number] =>
    image(panel => binding.gradients(buffer, panel), buffers[buffer]!.gradients, row, column);
  const [input] = inputs;
  const [dy, dyPanel] = gradients(output, padding.top - 2, padding.left - 2);
  const [dx, dxPanel] = gradients(input, 0, 0);
  const [x, xPanel] = target.rectify
    ? image(panel => binding.values(input, panel), buffers[input]!.values, 0, 0)
    : [0, 0];
  const accumulate = Number(target.accumulate);
  return overTiles(inputTiles, begin, end, (first, last) => () => {
    kernels.winogradInputGradient(backwardPass, dy, dyPanel, dx, dxPanel, x, xPanel, first, last, accumulate, scratch);
  });
}

/** Tiles of an image that are worth a call of their own, so that panels can be taken one by one. */
const tilesOfPanel = 16;

/** @param tiles of a panel; [begin, end) among those of all panels */
function overTiles(
  tiles: number,
  begin: number,
  end: number,
  bind: (begin: number, end: number) => Instruction,
): readonly Phase[] {
  if (tiles < tilesOfPanel) return onePhase(begin < end, bind(begin, end));
  const work: Instruction[] = [];
  for (let first = begin; first < end;) {
    const panel = Math.floor(first / tiles);
    const last = Math.min(end, (panel + 1) * tiles);
    const instruction = bind(first, last);
    instruction.panel = panel;
    work.push(instruction);
    first = last;
  }
  return alone(work);
}

/**
 * Weight gradients first per shard of the panels, in the transform; then each thread adds the shards of its blocks. Shards
 * do not depend on the number of threads, so neither do sums.
 */
function update(placed: PlacedWinograd, binding: Binding): readonly Phase[] {
  const { kernels, thread, threads, settings, scratch } = binding;
  const { blocks, shards, shardBytes, sums, stride, trainable, updatePass } = placed;
  const [begin, end] = share(blocks, thread, threads);
  const finish = (): void => {
    kernels.winogradUpdate(
      updatePass,
      sums,
      shards,
      shardBytes,
      stride,
      begin,
      end,
      trainable.block,
      settings,
      scratch,
    );
  };
  return [{ work: shardGradients(placed, binding), meet: true }, ...onePhase(begin < end, finish)];
}

function shardGradients(placed: PlacedWinograd, binding: Binding): Instruction[] {
  const { kernels, buffers, panels, thread, threads, scratch } = binding;
  const { padding, inputs, output, tiles, blocks, shards, shardBytes, updatePass } = placed;
  const [input] = inputs;
  const [x, xPanel] = image(panel => binding.values(input, panel), buffers[input]!.values, -padding.top, -padding.left);
  const [dy, dyPanel] = image(panel => binding.gradients(output, panel), buffers[output]!.gradients, 0, 0);
  const [first, last] = share(shards * blocks, thread, threads);
  const work: Instruction[] = [];
  for (let unit = first; unit < last;) {
    const shard = Math.floor(unit / blocks);
    const begin = unit - shard * blocks;
    const end = Math.min(blocks, last - shard * blocks);
    const [firstTile, lastTile] = share(panels, shard, shards).map(panel => panel * tiles) as [number, number];
    const to = placed.sums + shard * shardBytes;
    work.push(() => {
      kernels.winogradGradient(updatePass, x, xPanel, dy, dyPanel, to, firstTile, lastTile, begin, end, scratch);
    });
    unit += end - begin;
  }
  return work;
}
