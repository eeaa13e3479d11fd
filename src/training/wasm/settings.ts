/** What the optimiser needs to know at each step, written where src/kernels/update.ts reads it. */
import { learningRate } from '../../shared/learningRate';
import type { OptimizerConfig } from '../../shared/experiment';
import type { Program } from './program';

const rules = { sgd: 0, sgdMomentum: 1, sgdNesterov: 2, adam: 3, adamw: 4 } as const;

function ruleOf(optimizer: OptimizerConfig): number {
  if (optimizer.name !== 'sgd') return rules[optimizer.name];
  if (optimizer.momentum === 0) return rules.sgd;
  return optimizer.nesterov ? rules.sgdNesterov : rules.sgdMomentum;
}

export class StepSettings {
  constructor(
    private readonly program: Program,
    private readonly view: DataView,
  ) {
    const { optimizer } = program;
    this.view.setUint32(0, ruleOf(optimizer), true);
    this.float(8, optimizer.weightDecay);
    if (optimizer.name === 'sgd') {
      this.float(12, optimizer.momentum);
      return;
    }
    this.float(12, optimizer.beta1);
    this.float(16, 1 - optimizer.beta1);
    this.float(20, optimizer.beta2);
    this.float(24, 1 - optimizer.beta2);
    this.float(32, optimizer.epsilon);
  }

  /** Learning rate and Adam's bias corrections; the optimiser's own clock starts where its state was fresh. */
  write(step: number): void {
    const { optimizer, schedule, fromStep, updatesBefore, totalSteps } = this.program;
    const rate = learningRate(optimizer.learningRate, schedule, step, totalSteps);
    if (optimizer.name === 'sgd') {
      this.float(4, rate);
      return;
    }
    const time = updatesBefore + step - fromStep + 1;
    this.float(4, rate / (1 - optimizer.beta1 ** time));
    this.float(28, 1 / Math.sqrt(1 - optimizer.beta2 ** time));
    if (optimizer.name === 'adamw') this.float(8, rate * optimizer.weightDecay);
  }

  private float(offset: number, value: number): void {
    this.view.setFloat32(offset, value, true);
  }
}
