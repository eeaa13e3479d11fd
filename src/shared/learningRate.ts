/** The learning rate of a schedule: a pure function of the step. */
import type { ScheduleInSteps } from './experiment';

/** Learning rate at a step counted from 0. Warm-up rises linearly from 0, as in open_lth: the first step has rate 0. */
export function learningRate(base: number, schedule: ScheduleInSteps, step: number, totalSteps: number): number {
  const warm = schedule.warmup > 0 ? Math.min(1, step / schedule.warmup) : 1;
  switch (schedule.name) {
    case 'constant':
      return base * warm;
    case 'multi-step': {
      const passed = schedule.milestones.filter(milestone => milestone <= step).length;
      return base * warm * schedule.factor ** passed;
    }
    case 'cosine': {
      const length = Math.max(1, totalSteps - schedule.warmup);
      const done = Math.min(1, Math.max(0, step - schedule.warmup) / length);
      return warm * (schedule.minimum + (base - schedule.minimum) * 0.5 * (1 + Math.cos(Math.PI * done)));
    }
  }
}
