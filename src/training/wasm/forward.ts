/**
 * The forward passes of one thread over examples of a split, dropout off, two panels at a time: for the losses, or for the
 * outputs themselves. What an example comes to does not depend on who computes it, nor on how the split is cut.
 */
import type { SplitName } from '../trainer';
import type { InputPanels } from './inputPanels';
import { type DataLayout, lanes } from './memory';
import { type Instruction, share } from './ops/operation';
import { examplesFrom, type PanelLoss } from './panelLoss';
import type { Program, ThreadArea } from './program';
import { NeighbourReader } from './stream';
import type { WasmMemory } from './webassembly';

/** Examples of two panels. */
export const pairExamples = 2 * lanes;

export class ForwardPasses {
  private readonly area: ThreadArea;
  private readonly rows: Uint32Array;
  private readonly inputAddress: number;
  private readonly outputAddress: number;
  /** null: all inputs are in memory. */
  private readonly reader: NeighbourReader | null;

  /** @param work the whole model over this thread's two panels */
  constructor(
    private readonly memory: WasmMemory,
    private readonly program: Program,
    private readonly data: DataLayout,
    private readonly thread: number,
    private readonly inputs: InputPanels,
    private readonly loss: PanelLoss,
    private readonly work: readonly Instruction[],
  ) {
    this.area = program.areas[thread]!;
    this.rows = new Uint32Array(memory.buffer, this.area.rows, pairExamples);
    this.inputAddress = program.buffers[program.inputBuffer]!.evaluationValues[thread]!;
    this.outputAddress = program.buffers[program.outputBuffer]!.evaluationValues[thread]!;
    this.reader = program.stream && new NeighbourReader(memory, program.stream);
  }

  /** This thread's share of a split; loss and hits of each panel go to memory. */
  losses(splitName: SplitName): void {
    const { program, memory, loss, area } = this;
    const { count } = this.data.splits[splitName];
    const pairs = Math.ceil(count / pairExamples);
    const results = new Float64Array(memory.buffer, program.results, pairs * 4);
    const [begin, end] = share(pairs, this.thread, program.threads);
    for (let pair = begin; pair < end; pair++) {
      this.forward(splitName, pair);
      for (let panel = 0; panel < 2; panel++) {
        const z = this.outputAddress + panel * program.evaluationStride;
        const first = pair * pairExamples + panel * lanes;
        loss.evaluate(z, area.labels + panel * program.labelStride, examplesFrom(first, count));
        results.set(loss.result, (pair * 2 + panel) * 2);
      }
    }
  }

  /** This thread's share of the pairs [first, last) of a split; outputs go to memory, row-major. */
  outputs(splitName: SplitName, first: number, last: number): void {
    const { program, memory } = this;
    const { outputs } = program;
    const [begin, end] = share(last - first, this.thread, program.threads);
    for (let pair = begin; pair < end; pair++) {
      this.forward(splitName, first + pair);
      for (let panel = 0; panel < 2; panel++) {
        const values = new Float32Array(
          memory.buffer,
          this.outputAddress + panel * program.evaluationStride,
          outputs * lanes,
        );
        const rows = program.outputRows + (pair * 2 + panel) * lanes * outputs * 4;
        const target = new Float32Array(memory.buffer, rows, lanes * outputs);
        for (let output = 0; output < outputs; output++) {
          for (let lane = 0; lane < lanes; lane++) target[lane * outputs + output] = values[output * lanes + lane]!;
        }
      }
    }
  }

  close(): void {
    this.reader?.close();
  }

  private forward(splitName: SplitName, pair: number): void {
    const { program, inputs, loss, area, rows } = this;
    const split = this.data.splits[splitName];
    const first = pair * pairExamples;
    for (let i = 0; i < pairExamples; i++) rows[i] = first + i;
    const { stored } = split;
    if (stored) {
      this.reader!.read(stored, rows.subarray(0, Math.min(pairExamples, split.count - first)), area.neighbours);
    }
    for (let panel = 0; panel < 2; panel++) {
      const count = examplesFrom(first + panel * lanes, split.count);
      const at = area.rows + panel * lanes * 4;
      const address = this.inputAddress + panel * program.evaluationStride;
      const source = stored ? { inputs: area.neighbours } : split;
      const sourceRows = stored ? program.stream!.rows + panel * lanes * 4 : at;
      inputs.gather(source, sourceRows, count, address, area.active, panel);
      loss.gather(split, at, count, area.labels + panel * program.labelStride);
    }
    for (const instruction of this.work) instruction();
  }
}
