/** Statistics of parts of a tensor, taken by several threads, and the whole made of them. */
import { histogramBins, type PatternCompliance, type TensorStatistics } from '../shared/inspection';
import { Moments } from './moments';
import { blockSide, type StructurePlan } from './structurePlan';

/** Of a range of positions that begins and ends where no group and no block is cut. */
export interface PartialStatistics {
  readonly zeros: number;
  readonly nans: number;
  readonly infinities: number;
  /** Of the finite values; Infinity and -Infinity where there are none. */
  readonly minimum: number;
  readonly maximum: number;
  readonly finite: number;
  readonly mean: number;
  /** Σ (x − mean)² */
  readonly deviation: number;
  readonly histogram: readonly number[];
  /** A bit for each place of the axis, lowest first: set where it holds a value other than 0; null where it is not asked for. */
  readonly outputsAlive: Uint8Array | null;
  readonly inputsAlive: Uint8Array | null;
  /** Groups that hold too many values, for each pattern of the plan. */
  readonly violations: readonly number[];
  /** Blocks that are not empty. */
  readonly blocksKept: number;
}

/** Takes the parts in any order; moments are merged in that of the positions, so that the bits depend on no thread. */
export class PartialMerger {
  private readonly moments: Pick<PartialStatistics, 'finite' | 'mean' | 'deviation'>[] = [];
  private zeros = 0;
  private nans = 0;
  private infinities = 0;
  private minimum = Infinity;
  private maximum = -Infinity;
  private readonly histogram = new Array<number>(histogramBins).fill(0);
  private readonly outputsAlive: Uint8Array | null;
  private readonly inputsAlive: Uint8Array | null;
  private readonly violations: number[];
  private blocksKept = 0;

  /** @param count of all values */
  constructor(
    private readonly count: number,
    private readonly plan: StructurePlan,
  ) {
    this.outputsAlive = plan.outputs && new Uint8Array(Math.ceil(plan.outputs.size / 8));
    this.inputsAlive = plan.inputs && new Uint8Array(Math.ceil(plan.inputs.size / 8));
    this.violations = plan.patterns.map(() => 0);
  }

  /** @param place of the part among all */
  add(place: number, part: PartialStatistics): void {
    const { finite, mean, deviation } = part;
    this.moments[place] = { finite, mean, deviation };
    this.zeros += part.zeros;
    this.nans += part.nans;
    this.infinities += part.infinities;
    this.minimum = Math.min(this.minimum, part.minimum);
    this.maximum = Math.max(this.maximum, part.maximum);
    addTo(this.histogram, part.histogram);
    addTo(this.violations, part.violations);
    markIn(this.outputsAlive, part.outputsAlive);
    markIn(this.inputsAlive, part.inputsAlive);
    this.blocksKept += part.blocksKept;
  }

  /** After all parts. */
  result(): TensorStatistics {
    const { count, plan } = this;
    const moments = new Moments();
    for (const { finite, mean, deviation } of this.moments) moments.merge(finite, mean, deviation);
    const finite = moments.count > 0;
    return {
      count,
      zeros: this.zeros,
      nans: this.nans,
      infinities: this.infinities,
      // adding 0 turns −0 into 0
      minimum: finite ? this.minimum + 0 : null,
      maximum: finite ? this.maximum + 0 : null,
      mean: moments.mean,
      std: moments.std,
      histogram: this.histogram,
      deadOutputs: plan.outputs && deadOf(plan.outputs.size, this.outputsAlive!),
      deadInputs: plan.inputs && deadOf(plan.inputs.size, this.inputsAlive!),
      patterns: plan.patterns.map(({ n, m }, index): PatternCompliance => {
        const groups = count / m;
        return { n, m, groups, compliant: groups - this.violations[index]! };
      }),
      emptyBlocks: plan.blocks && emptyOf(plan.blocks, this.blocksKept),
    };
  }
}

function addTo(total: number[], part: readonly number[]): void {
  for (let i = 0; i < total.length; i++) total[i]! += part[i]!;
}

function markIn(alive: Uint8Array | null, part: Uint8Array | null): void {
  if (!alive || !part) return;
  for (let i = 0; i < alive.length; i++) alive[i]! |= part[i]!;
}

/** How many bits of a byte are set. */
const ones = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

function deadOf(size: number, alive: Uint8Array): { dead: number; total: number } {
  let dead = size;
  for (const byte of alive) dead -= ones[byte]!;
  return { dead, total: size };
}

function emptyOf(
  { rows, columns }: { readonly rows: number; readonly columns: number },
  kept: number,
): { empty: number; total: number } {
  const total = (rows / blockSide) * (columns / blockSide);
  return { empty: total - kept, total };
}
