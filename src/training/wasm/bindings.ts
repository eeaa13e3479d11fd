/** Binds the ops of a program for one thread: the training step and the evaluation of two panels as lists of kernel calls. */
import type { Kernels } from './kernels';
import { bind } from './ops';
import { type Binding, type Instruction, type Phase, share } from './ops/operation';
import type { Clearing, Program, ProgramNode } from './program';
import type { WasmMemory } from './webassembly';

/** The batch at hand, as bound instructions see it. */
export interface Batch {
  position: number;
  count: number;
  step: number;
}

/** The two panels a thread evaluates by itself. */
const evaluationPanels = 2;

export class Binder {
  /** For the panels of a batch, which all threads share. */
  readonly training: Binding;
  /** For this thread's own two panels. */
  readonly evaluation: Binding;
  /** Whole panels for each thread: nothing crosses between threads but where an op says so. */
  private readonly isPanelLocal: boolean;

  constructor(
    private readonly kernels: Kernels,
    memory: WasmMemory,
    private readonly program: Program,
    thread: number,
    batch: Batch,
    private readonly barrier: Instruction,
  ) {
    const { buffers, areas, threads, panels, evaluationStride } = program;
    const { settings, scratch, active } = areas[thread]!;
    const common = { kernels, memory, buffers, scratch, settings, batch };
    this.isPanelLocal = panels % threads === 0;
    this.training = {
      ...common,
      panels,
      thread,
      threads,
      training: true,
      orderSeed: program.orderSeed ?? 0,
      activeInputs: program.active,
      values: (buffer, panel) => buffers[buffer]!.trainingValues + panel * buffers[buffer]!.values.panelBytes,
      gradients: (buffer, panel) => buffers[buffer]!.trainingGradients + panel * buffers[buffer]!.gradients.panelBytes,
      split: (units, bindUnits) => split(panels, units, thread, threads, bindUnits),
    };
    this.evaluation = {
      ...common,
      panels: evaluationPanels,
      thread: 0,
      threads: 1,
      training: false,
      orderSeed: 0,
      activeInputs: active,
      values: (buffer, panel) => buffers[buffer]!.evaluationValues[thread]! + panel * evaluationStride,
      gradients: () => 0,
      split: (units, bindUnits) => split(evaluationPanels, units, 0, 1, bindUnits),
    };
  }

  /** @param gather brings the examples in; @param loss and its gradient; both per panel */
  bindStep(gather: readonly Instruction[], loss: readonly Instruction[]): Instruction[] {
    const { nodes, updates } = this.program;
    const steps = [
      ...this.op([{ work: gather, meet: false }]),
      ...nodes.flatMap(node => this.op(this.clearing(node.clearForward, this.training), this.pass(node, 'forward'))),
      ...this.op([{ work: loss, meet: false }]),
    ];
    for (let index = nodes.length - 1; index >= 0; index--) {
      const node = nodes[index]!;
      const { before, within } = updates.stops[index]!;
      if (before.length > 0) steps.push(this.barrier, ...this.update(before));
      const waiting: Phase = { work: this.update(within), meet: false };
      const phases = this.pass(node, 'backward').flatMap(phase => (phase.meet ? [phase, waiting] : [phase]));
      steps.push(...this.op(this.clearing(node.clearBackward, this.training), phases));
    }
    // whatever comes next needs all panels' work, be it the loss only
    steps.push(this.barrier);
    return panelByPanel(steps);
  }

  /** Updates that were left for the end of the step. All threads have met. */
  bindLastUpdates(): Instruction[] {
    return this.update(this.program.updates.atEnd);
  }

  /** All threads meet before and after. @returns null where no op has any, whichever thread asks */
  bindPreparation(): Instruction[] | null {
    const phases = this.program.nodes.flatMap(node => this.pass(node, 'prepare'));
    return phases.length === 0 ? null : this.together(phases);
  }

  bindEvaluation(): Instruction[] {
    const steps = this.program.nodes.flatMap(node => [
      ...this.clearing(node.clearForward, this.evaluation).flatMap(({ work }) => work),
      ...bind(node.op, 'forward', this.evaluation).flatMap(({ work }) => work),
    ]);
    return panelByPanel(steps);
  }

  private update(nodes: readonly number[]): Instruction[] {
    return nodes.flatMap(index => this.together(this.pass(this.program.nodes[index]!, 'update')));
  }

  private pass({ op }: ProgramNode, pass: Parameters<typeof bind>[1]): readonly Phase[] {
    return bind(op, pass, this.training);
  }

  /** The phases of one op: all threads meet where it says so, and after it unless each has whole panels. */
  private op(...phases: (readonly Phase[])[]): Instruction[] {
    const all = phases.flat();
    const steps = this.together(all);
    return this.isPanelLocal || all.at(-1)?.meet ? steps : [...steps, this.barrier];
  }

  private together(phases: readonly Phase[]): Instruction[] {
    return phases.flatMap(({ work, meet }) => (meet ? [...work, this.barrier] : work));
  }

  private clearing(clearings: readonly Clearing[], binding: Binding): readonly Phase[] {
    const { clearFrame } = this.kernels;
    const needed = clearings.filter(({ whileTraining }) => whileTraining || !binding.training);
    return needed.map(({ layout, buffer, isGradient }) => {
      const { height, frame, rowBytes, pixelBytes } = layout;
      const address = isGradient ? binding.gradients : binding.values;
      const work = binding.split(1, panel => () => {
        const [left, right] = [frame.left * pixelBytes, frame.right * pixelBytes];
        clearFrame(address(buffer, panel), height, rowBytes, frame.top, frame.bottom, left, right);
      });
      // split by panels here, by other units in the op
      return { work, meet: !this.isPanelLocal && binding.training };
    });
  }
}

/**
 * Between two instructions that touch several panels (or let the threads meet), each panel goes through all ops before the
 * next does: what an op wrote is still in the cache when the next one reads it.
 */
function panelByPanel(steps: readonly Instruction[]): Instruction[] {
  const sorted: Instruction[] = [];
  let run: Instruction[] = [];
  for (const step of steps) {
    if (step.panel !== undefined) {
      run.push(step);
      continue;
    }
    sorted.push(...run.sort((a, b) => a.panel! - b.panel!), step);
    run = [];
  }
  return [...sorted, ...run.sort((a, b) => a.panel! - b.panel!)];
}

/** Splits an op of `units` units a panel between the threads and binds this thread's calls. */
function split(
  panels: number,
  units: number,
  thread: number,
  threads: number,
  bindUnits: (panel: number, begin: number, end: number) => Instruction,
): Instruction[] {
  const [first, last] = share(panels * units, thread, threads);
  const instructions: Instruction[] = [];
  for (let unit = first; unit < last;) {
    const panel = Math.floor(unit / units);
    const end = Math.min(last, (panel + 1) * units);
    const instruction = bindUnits(panel, unit - panel * units, end - panel * units);
    instruction.panel = panel;
    instructions.push(instruction);
    unit = end;
  }
  return instructions;
}
