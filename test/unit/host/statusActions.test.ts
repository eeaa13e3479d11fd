import { expect, test } from 'vitest';
import { statusGroups, statusItem } from '../../../src/host/statusActions';
import { entry, report } from './reports';

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
    ['next', 'removeFromQueue'],
    ['second', 'prioritise', 'removeFromQueue'],
    ['paused', 'resume'],
  ]);
  expect(groups.map(({ title }) => title).slice(1)).toEqual([
    'next: queued, 1st',
    'second: queued, 2nd',
    'paused: paused at 4 of 5 runs',
  ]);
});

const progress = (secondsLeft: number) => ({ runsDone: 0, runsTotal: 2, levels: 1, fraction: 0.1, secondsLeft });

test('the status bar tells what is at work in this window first, what another process does, and how much waits', () => {
  const elsewhere = { elsewhere: true, report: { ...report, status: 'running' } } as const;
  const item = statusItem([
    entry('viewed', { ...elsewhere, progress: progress(90) }),
    entry('next', { queued: 1 }),
    entry('second', { queued: 2 }),
    entry('busy', { live: { progress: progress(38) } }),
    entry('finished', {}),
  ]);
  expect(item).toEqual({
    text: '$(beaker) 0 of 2 runs · 0:38 left (+1) · 2 queued',
    tooltip:
      'Winning Ticket: busy, 0 of 2 runs · 0:38 left\nviewed, 0 of 2 runs · 1:30 left, in another process\n2 queued',
    label: 'Winning Ticket, busy, 0 of 2 runs · 0:38 left, 2 queued',
  });
  expect(statusItem([entry('viewed', { ...elsewhere, progress: progress(90) })])?.text).toBe(
    '$(beaker) 0 of 2 runs · 1:30 left',
  );
});

test('the status bar has nothing to tell of what has ended, and little of what only waits', () => {
  expect(statusItem([entry('finished', {}), entry('paused', { report: { ...report, status: 'paused' } })])).toBeNull();
  expect(statusItem([entry('next', { queued: 1 })])?.text).toBe('$(clock) 1 queued');
});
