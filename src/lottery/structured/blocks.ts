/**
 * Blocks of weights that go as one: a kernel is a matrix of a row for each input (of each kernel position) and a column for
 * each output, cut into blocks from its first row and column; those at the end may be smaller. As the `block_size` of
 * TensorFlow's model optimisation toolkit.
 */
import { Random } from '../../shared/random';
import { NanWeightError, type Kernel } from '../magnitude';
import { Mask } from '../mask';

export interface BlockSize {
  readonly rows: number;
  readonly columns: number;
}

/** A kernel as blocks. */
export class BlockGrid {
  readonly across: number;
  readonly count: number;
  private readonly columns: number;

  constructor(
    shape: readonly number[],
    private readonly size: BlockSize,
  ) {
    this.columns = shape.at(-1) ?? 1;
    const rows = shape.slice(0, -1).reduce((product, n) => product * n, 1);
    this.across = Math.ceil(this.columns / size.columns);
    this.count = Math.ceil(rows / size.rows) * this.across;
  }

  blockOf(index: number): number {
    const row = Math.floor(index / this.columns);
    const column = index % this.columns;
    return Math.floor(row / this.size.rows) * this.across + Math.floor(column / this.size.columns);
  }

  /** 1 for each block of which a weight is kept. */
  live(mask: Mask): Uint8Array {
    const live = new Uint8Array(this.count);
    for (let i = 0; i < mask.size; i++) if (mask.has(i)) live[this.blockOf(i)] = 1;
    return live;
  }

  mask(live: Uint8Array, size: number): Mask {
    return Mask.fromBytes(Uint8Array.from({ length: size }, (_, i) => live[this.blockOf(i)]!));
  }

  /**
   * Of each block the mean of |w|^p over its weights, so that smaller ones at the end can be ranked with the rest; weights
   * that are masked count as 0.
   * @throws NanWeightError
   */
  scores({ name, weights, mask }: Pick<Kernel, 'name' | 'weights' | 'mask'>, norm: 'l1' | 'l2'): Float64Array {
    const sums = new Float64Array(this.count);
    const counts = new Float64Array(this.count);
    for (let i = 0; i < weights.length; i++) {
      const block = this.blockOf(i);
      counts[block]!++;
      if (!mask.has(i)) continue;
      const weight = weights[i]!;
      if (Number.isNaN(weight)) throw new NanWeightError(name);
      sums[block]! += norm === 'l1' ? Math.abs(weight) : weight * weight;
    }
    return sums.map((sum, block) => sum / counts[block]!);
  }
}

/** Blocks of kernels that are ranked together. */
export interface RankedBlocks {
  readonly scores: Float64Array;
  /** 1 = still there; set to 0 where it goes. */
  readonly live: Uint8Array;
}

/** The `count` blocks that weigh least go; ties by position, the earliest layer and block first. */
export function removeBlocks(layers: readonly RankedBlocks[], count: number): void {
  const present = layers.flatMap(({ scores, live }, layer) =>
    Array.from(scores, (score, block) => ({ layer, block, score })).filter(({ block }) => live[block] === 1),
  );
  // the sort is stable
  present.sort((a, b) => a.score - b.score);
  for (const { layer, block } of present.slice(0, count)) layers[layer]!.live[block] = 0;
}

/** As many blocks, anywhere in the layer. */
export function shuffledBlocks(
  mask: Mask,
  shape: readonly number[],
  size: BlockSize,
  seed: number,
  layer: string,
): Mask {
  const grid = new BlockGrid(shape, size);
  return grid.mask(new Random(seed, 'shuffle', layer).shuffle(grid.live(mask)), mask.size);
}
