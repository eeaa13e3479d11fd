import { expect, test } from 'vitest';
import { runChoices } from '../../../src/host/inspector/runChoices';
import { report, runKey } from './reports';

test('the runs that are done, each with its level, method, share kept and accuracy', () => {
  expect(runChoices(report)).toEqual([
    { key: runKey(0), label: 'level 0, dense', description: '100 % kept · 97.95 %' },
    { key: runKey(1), label: 'level 1', description: '80.0 % kept · 98.10 %' },
    { key: runKey(3), label: 'level 1, random mask', description: '80.0 % kept · 97.50 %' },
    { key: runKey(2), label: 'level 2', description: '64.0 % kept · 98.22 %' },
  ]);
});

test('replicates are told apart where there are several', () => {
  const several = { ...report, experiment: { ...report.experiment, replicates: 2 } };
  expect(runChoices(several)[1]!.label).toBe('level 1, replicate 1');
});
