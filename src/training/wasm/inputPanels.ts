/** Brings examples of the data set into panels: in order, standardised, while training perhaps cropped and mirrored. */
import { imageChange } from '../draws';
import type { Kernels } from './kernels';
import { type DataLayout, lanes } from './memory';
import type { ActiveInputs } from './ops/operation';
import type { Program, ThreadArea } from './program';
import type { WasmMemory } from './webassembly';

export class InputPanels {
  private readonly choices: Uint8Array;
  private readonly stagedRows: number;

  constructor(
    private readonly kernels: Kernels,
    memory: WasmMemory,
    private readonly program: Program,
    private readonly data: DataLayout,
    private readonly area: ThreadArea,
  ) {
    this.choices = new Uint8Array(memory.buffer, area.choices, lanes * 4);
    this.stagedRows = area.choices + lanes * 4;
    new Uint32Array(memory.buffer, this.stagedRows, lanes).forEach((_, lane, rows) => (rows[lane] = lane));
  }

  /** `count` examples, whose numbers stand at `rows`, into a panel at `address`, the panel-th of its kind. */
  gather(
    { inputs }: { readonly inputs: number },
    rows: number,
    count: number,
    address: number,
    active: ActiveInputs | null,
    panel: number,
  ): void {
    const { kernels, data } = this;
    const { features, channels } = data;
    const gather = data.bytes ? kernels.gatherBytes : kernels.gatherFloats;
    gather(inputs, rows, count, features, channels, active ? data.unshiftedScales : data.scales, address);
    if (!active) return;
    const paddedFeatures = (features + 3) & ~3;
    const list = active.lists + panel * active.listStride;
    kernels.listActive(address, paddedFeatures, list, active.pairs + panel * active.pairStride);
  }

  /** As gather, for a batch of training: each example's crop and mirroring are drawn from the seed, the step and its place. */
  gatherAugmented(
    source: { readonly inputs: number },
    rows: number,
    count: number,
    address: number,
    active: ActiveInputs | null,
    panel: number,
    step: number,
  ): void {
    const { crop, flip } = this.program.regularization.augmentation;
    if (crop === 0 && !flip) {
      this.gather(source, rows, count, address, active, panel);
      return;
    }
    const { kernels, data, area, choices } = this;
    const [height, width, channels] = data.shape as [number, number, number];
    for (let lane = 0; lane < lanes; lane++) {
      const change = imageChange({ crop, flip }, this.program.orderSeed ?? 0, panel * lanes + lane, step);
      choices.set([change.row, change.column, Number(change.mirrored)], lane * 4);
    }
    const pixel = channels * (data.bytes ? 1 : 4);
    kernels.augment(source.inputs, rows, count, height, width, pixel, crop, area.choices, area.staging);
    this.gather({ inputs: area.staging }, this.stagedRows, count, address, active, panel);
  }
}
