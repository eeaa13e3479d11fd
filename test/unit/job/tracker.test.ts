import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ProgressTracker } from '../../../src/job/tracker';
import type { RunNode, RunRecord } from '../../../src/shared/run';
import { planRuns } from '../../../src/lottery/graph';
import { experiment, lenet } from '../lottery/support';

let milliseconds: number;
beforeEach(() => {
  milliseconds = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => milliseconds);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const planned = experiment({ replicates: 1, compare: [], pruning: { levels: 3 } });
const nodes = planRuns({
  experiment: planned,
  model: { fingerprint: 'model', parameters: lenet, outputLayer: 'dense_3' },
  data: 'data',
  executor: { name: 'wasm', variant: '1' },
});
const done = (node: RunNode, seconds: number) =>
  ({ key: node.key, status: 'done', seconds: { train: seconds, evaluate: 0, total: seconds } }) as RunRecord;

it('never goes back, though a step takes longer than those before let expect', () => {
  const tracker = new ProgressTracker(planned, nodes);
  tracker.start(nodes[0]!, 1, null);
  tracker.finish(nodes[0]!, done(nodes[0]!, 10));
  const { fraction, secondsLeft } = tracker.progress();
  expect(fraction).toBeGreaterThan(0.2);
  tracker.start(nodes[1]!, 1, null);
  // a tenth of the run has taken ten times as long as the whole run before
  milliseconds = 100_000;
  tracker.step(nodes[1]!, 500);
  const later = tracker.progress();
  expect(later.secondsLeft!).toBeGreaterThan(5 * secondsLeft!);
  expect(later.fraction).toBe(fraction);
  for (const node of nodes.slice(1)) tracker.finish(node, done(node, 100));
  expect(tracker.progress()).toMatchObject({ fraction: 1, secondsLeft: 0, runsDone: 4 });
});

it('counts what a run took before it was cut off, from the first moment it goes on', () => {
  const [first] = nodes;
  const { from, to } = first!.inputs.steps;
  const half = from + (to - from) / 2;
  const tracker = new ProgressTracker(planned, nodes);
  tracker.start(first!, 1, null);
  milliseconds = 5_000;
  tracker.step(first!, half);
  const before = tracker.progress();
  const next = new ProgressTracker(planned, nodes);
  milliseconds = 100_000;
  next.start(first!, 1, { step: half, seconds: 5 });
  expect(next.progress()).toEqual(before);
});
