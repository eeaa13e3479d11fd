import { expect, test } from 'vitest';
import { statusGroups } from '../../../src/host/statusActions';
import type { ExperimentEntry } from '../../../src/host/treeModel';
import { report } from './reports';

const entry = (name: string, more: Partial<ExperimentEntry>): ExperimentEntry => ({
  ref: { store: '/w/.winning-ticket', name },
  report,
  problem: null,
  failure: null,
  changed: 0,
  ...more,
});

test('what is at work comes first, then what waits in its order, then what can be resumed; the rest is left out', () => {
  const groups = statusGroups([
    entry('finished', {}),
    entry('paused', { report: { ...report, status: 'paused' }, changed: 9 }),
    entry('second', { queued: 2, changed: 8 }),
    entry('next', { queued: 1 }),
    entry('busy', { live: { progress: null } }),
  ]);
  expect(groups.map(({ ref, actions }) => [ref.name, ...actions.map(({ command }) => command)])).toEqual([
    ['busy', 'openPanel', 'pause', 'cancel'],
    ['next', 'cancel'],
    ['second', 'prioritise', 'cancel'],
    ['paused', 'resume'],
  ]);
  expect(groups.map(({ title }) => title).slice(1)).toEqual([
    'next: queued, 1st',
    'second: queued, 2nd',
    'paused: paused at 4 of 5 runs',
  ]);
});
