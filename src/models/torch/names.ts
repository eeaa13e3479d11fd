import type { ParameterRole } from '../../training/plan/plan';

/** Name of a parameter in PyTorch's modules. */
export const torchNames: Readonly<Record<ParameterRole, string>> = {
  kernel: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  'moving-mean': 'running_mean',
  'moving-variance': 'running_var',
};
