import { describe, expect, test } from 'vitest';
import { escapeMarkdown, experimentNodes, type ExperimentEntry } from '../../../src/host/treeModel';
import type { Report } from '../../../src/shared/report';
import { entry, report, runKey } from './reports';

const only = (more: Partial<ExperimentEntry>) => experimentNodes([entry('lenet', more)])[0]!;

describe('experiments', () => {
  test('stand running first, then newest', () => {
    const nodes = experimentNodes([
      entry('old', { changed: 1 }),
      entry('new', { changed: 2 }),
      entry('busy', { changed: 0, live: { progress: null } }),
    ]);
    expect(nodes.map(node => node.label)).toEqual(['busy', 'new', 'old']);
  });

  test('that wait stand in the order of their turns, after what is at work elsewhere', () => {
    const nodes = experimentNodes([
      entry('newest', { changed: 9 }),
      entry('second', { changed: 8, queued: 2 }),
      entry('next', { changed: 0, queued: 1 }),
      entry('viewed', { changed: 0, elsewhere: true, report: { ...report, status: 'running' } }),
    ]);
    expect(nodes.map(node => node.label)).toEqual(['viewed', 'next', 'second', 'newest']);
  });

  test('runs at sparsities of their own and of studies stand in items beside the levels', () => {
    const more = { replicate: 0, status: 'done', seconds: 1 } as const;
    const key = 'a'.repeat(32);
    const runs = [
      ...report.runs,
      { ...more, key, method: 'snip', level: 2, sparsity: 0.98 } as const,
      { ...more, key, method: 'iterative', level: 1, study: { kind: 'sweep', rewind: 500 } } as const,
    ];
    const children = only({ report: { ...report, runs } }).children();
    expect(children.slice(-2).map(({ label, description }) => [label, description])).toEqual([
      ['98.0 % sparsity', '1 run'],
      ['studies', '1 run'],
    ]);
    expect(
      children
        .at(-2)!
        .children()
        .map(({ label }) => label),
    ).toEqual(['SNIP']);
    expect(
      children
        .at(-1)!
        .children()
        .map(({ label }) => label),
    ).toEqual(['rewound to step 500, level 1']);
    const level = children.find(({ label }) => label === 'level 2');
    expect(level!.children().map(({ label }) => label)).not.toContain('SNIP');
  });

  test('one that was paused before its first run ended tells no time', () => {
    const paused = { ...report, status: 'paused', seconds: { ...report.seconds, total: 0 } } as const;
    const { tooltip } = only({ report: paused });
    expect(tooltip).toMatch(/\bpaused\b/);
    expect(tooltip).not.toContain('0.00 s');
    expect(only({}).tooltip).toMatch(/, \d[\d:. ]*(s|min|h)?$/);
  });

  test('menus are told which was handed to a cluster, and in which state it is', () => {
    expect(only({ submitted: true }).context).toBe('experiment.idle.submitted');
    expect(only({}).context).toBe('experiment.idle');
  });

  test('a running one tells level, time left and the newest accuracy', () => {
    const progress = {
      runsDone: 3,
      runsTotal: 9,
      levels: 15,
      fraction: 0.3,
      secondsLeft: 38,
      run: { key: 'x', method: 'iterative', level: 9, replicate: 0, step: 1, steps: 10 },
    } as const;
    const node = only({ report: { ...report, status: 'running' }, live: { progress } });
    expect(node).toMatchObject({
      description: 'level 9 of 15 · 0:38 left · 98.22 %',
      icon: 'sync~spin',
      context: 'experiment.running',
    });
  });

  test.each([
    ['done', {}, 'check', 'ticket at 80.0 %'],
    [
      'without a ticket',
      { report: { ...report, verdict: { ...report.verdict, found: false } } },
      'check',
      'no ticket found',
    ],
    ['cancelled', { report: { ...report, status: 'cancelled' as const } }, 'circle-slash', 'cancelled'],
    ['failed', { failure: 'disk full' }, 'error', 'failed'],
  ])('one that is %s says so', (_, more, icon, description) => {
    expect(only(more)).toMatchObject({ icon, description, context: 'experiment.idle' });
  });

  test.each([
    ['interrupted', { status: 'running' as const, runs: [] }, {}, 'interrupted at 0 of 0 runs', 'experiment.paused'],
    ['paused', { status: 'paused' as const, runs: [] }, {}, 'paused at 0 of 0 runs', 'experiment.paused'],
    ['in the queue', { status: 'paused' as const }, { queued: 2 }, 'queued, 2nd', 'experiment.queued'],
  ])('one that is %s says so, and can be set going', (_, changes, more, description, context) => {
    expect(only({ report: { ...report, ...changes }, ...more })).toMatchObject({ description, context });
  });

  test('one that another process works on says so, and cannot be deleted from its menu', () => {
    const node = only({ report: { ...report, status: 'running' }, elsewhere: true });
    expect(node).toMatchObject({
      description: 'runs in another process · 98.22 %',
      icon: 'sync',
      context: 'experiment.elsewhere',
    });
  });

  test('one with an unreadable report is shown with the reason', () => {
    const node = only({ report: null, problem: 'not complete JSON' });
    expect(node).toMatchObject({ icon: 'warning', context: 'experiment.unreadable', expandable: false });
    expect(node.tooltip).toContain('not complete JSON');
  });

  test('a failed one tells why', () => {
    expect(only({ failure: 'disk full' }).tooltip).toContain('disk full');
  });

  test('several folders are told apart', () => {
    expect(only({ folder: 'web' }).description).toBe('ticket at 80.0 % · web');
  });
});

describe('levels and runs', () => {
  const children = only({}).children();

  test('one item a level, the winning one starred', () => {
    expect(children.map(({ label, description, icon }) => [label, description, icon])).toEqual([
      ['level 0, dense', '97.95 %', 'pass'],
      ['level 1', '80.0 % kept · 98.10 %', 'star-full'],
      ['level 2', '64.0 % kept · 98.22 %', 'error'],
    ]);
  });

  test('under a level its runs with accuracy and time', () => {
    expect(children[1]!.children().map(({ label, description }) => [label, description])).toEqual([
      ['iterative', '98.10 % · 1.5 s'],
      ['random mask', '97.50 % · 1.5 s'],
    ]);
  });

  test('a failed run tells why', () => {
    expect(children[2]!.children()[1]).toMatchObject({ description: 'failed', icon: 'error' });
    expect(children[2]!.children()[1]!.tooltip).toContain('finite number');
  });

  test('weights are offered where a run is done: of the level, its iterative run', () => {
    expect(children.map(({ context, run }) => [context, run])).toEqual([
      ['level.done', runKey(0)],
      ['level.done', runKey(1)],
      ['level.done', runKey(2)],
    ]);
    expect(children[2]!.children().map(({ context }) => context)).toEqual(['run.done', 'run']);
  });

  test('ids are unique', () => {
    const ids = children.flatMap(level => [level.id, ...level.children().map(run => run.id)]);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('thousands of runs', () => {
  /** Levels 0 and 1, iterative and a control at level 1; counts how often a run, a point or a point's list of runs is looked at. */
  function large(replicates: number) {
    let looks = 0;
    const watched = <T extends object>(item: T): T =>
      new Proxy(item, { get: (target, name) => (looks++, Reflect.get(target, name)) });
    const counted = <T extends object>(items: readonly T[]): readonly T[] => items.map(watched);
    const keyOf = (run: number, replicate: number): string => runKey(run * replicates + replicate);
    const some = Array.from({ length: replicates }, (_, replicate) => replicate);
    const ofRuns = [report.runs[0]!, report.runs[1]!, report.runs[2]!].flatMap((run, i) =>
      some.map(replicate => ({ ...run, key: keyOf(i, replicate), replicate })),
    );
    const [iterative, control] = report.series;
    const pointOf = (run: number, point: Report['series'][number]['points'][number]) => ({
      ...point,
      testAccuracy: { mean: 0.5, std: 0, values: some.map(replicate => replicate / replicates) },
      runs: watched(some.map(replicate => keyOf(run, replicate))),
    });
    const series = [
      { ...iterative!, points: counted([0, 1].map(i => pointOf(i, iterative!.points[i]!))) },
      { ...control!, points: counted([pointOf(2, control!.points[0]!)]) },
    ];
    const experiment = { ...report.experiment, replicates };
    const node = only({ report: { ...report, experiment, series, runs: counted(ofRuns) } });
    return { node, looks: () => looks };
  }

  test('are not looked at before they are opened', () => {
    const few = large(1);
    const many = large(1000);
    expect(many.looks()).toBe(few.looks());
    expect(many.node.expandable).toBe(true);
  });

  test('are looked at a number of times that grows as they do, and show what is theirs', () => {
    const looksOf = (replicates: number): number => {
      const { node, looks } = large(replicates);
      for (const level of node.children()) level.children();
      return looks();
    };
    const [one, two, three] = [looksOf(100), looksOf(200), looksOf(300)];
    expect(three - two).toBe(two - one);
    const { node } = large(100);
    const [last] = node.children()[1]!.children().slice(-1);
    expect(last).toMatchObject({ label: 'random mask, replicate 100', description: '99.00 % · 1.5 s' });
  });
});

test('text of a workspace cannot become a link or a command', () => {
  expect(escapeMarkdown('[x](command:a)\n<img>')).toBe('\\[x\\]\\(command:a\\) \\<img\\>');
});
