/** Statistics of one tensor over values that come in order in chunks of any size. Plain TypeScript: what the kernels are held against. */
import { histogramBins, type TensorStatistics } from '../shared/inspection';
import { histogramBin } from './histogram';
import { countOf, type TensorLayout } from './layout';
import { Moments } from './moments';
import { DeadSlices, EmptyBlocks, NeighbourGroups, type StructureCounter, type Values } from './structure';
import { structureOf } from './structurePlan';

/** Values whose mean is taken before they are merged with the rest. */
const momentBlock = 4096;

export class StatisticsAccumulator {
  private readonly count: number;
  private position = 0;
  private zeros = 0;
  private nans = 0;
  private infinities = 0;
  private minimum = Infinity;
  private maximum = -Infinity;
  private readonly moments = new Moments();
  private readonly histogram = new Array<number>(histogramBins).fill(0);
  private readonly outputs: DeadSlices | null;
  private readonly inputs: DeadSlices | null;
  private readonly patterns: readonly NeighbourGroups[];
  private readonly blocks: EmptyBlocks | null;
  private readonly structure: readonly StructureCounter[];

  constructor(layout: TensorLayout) {
    this.count = countOf(layout.shape);
    const plan = structureOf(layout);
    this.outputs = plan.outputs && new DeadSlices(plan.outputs);
    this.inputs = plan.inputs && new DeadSlices(plan.inputs);
    this.patterns = plan.patterns.map(({ n, m, axis }) => new NeighbourGroups(n, m, axis));
    this.blocks = plan.blocks && new EmptyBlocks(plan.blocks.columns);
    this.structure = [this.outputs, this.inputs, ...this.patterns, this.blocks].filter(counter => counter !== null);
  }

  /**
   * The next values, row-major.
   * @throws RangeError where there are more than the shape says: a mistake of the caller
   */
  add(values: Values): void {
    if (this.position + values.length > this.count) {
      throw new RangeError(`${this.position + values.length} values for a shape of ${this.count}`);
    }
    for (let begin = 0; begin < values.length; begin += momentBlock) {
      this.addBlock(values.subarray(begin, begin + momentBlock));
    }
    for (const counter of this.structure) counter.add(values, this.position);
    this.position += values.length;
  }

  /** @throws RangeError where values are missing: a mistake of the caller */
  result(): TensorStatistics {
    if (this.position !== this.count) {
      throw new RangeError(`${this.position} values for a shape of ${this.count}`);
    }
    const { count, zeros, nans, infinities, moments } = this;
    const finite = moments.count > 0;
    return {
      count,
      zeros,
      nans,
      infinities,
      // adding 0 turns −0 into 0
      minimum: finite ? this.minimum + 0 : null,
      maximum: finite ? this.maximum + 0 : null,
      mean: moments.mean,
      std: moments.std,
      histogram: this.histogram,
      deadOutputs: this.outputs?.result() ?? null,
      deadInputs: this.inputs?.result() ?? null,
      patterns: this.patterns.map(pattern => pattern.result()),
      emptyBlocks: this.blocks?.result() ?? null,
    };
  }

  private addBlock(values: Values): void {
    let finite = 0;
    let sum = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (Number.isFinite(value)) {
        finite++;
        sum += value;
        if (value < this.minimum) this.minimum = value;
        if (value > this.maximum) this.maximum = value;
        if (value === 0) this.zeros++;
        else this.histogram[histogramBin(value)]!++;
      } else if (Number.isNaN(value)) this.nans++;
      else this.infinities++;
    }
    if (finite === 0) return;
    const mean = sum / finite;
    let deviation = 0;
    for (let i = 0; i < values.length; i++) {
      const difference = values[i]! - mean;
      if (Number.isFinite(values[i])) deviation += difference * difference;
    }
    this.moments.merge(finite, mean, deviation);
  }
}
