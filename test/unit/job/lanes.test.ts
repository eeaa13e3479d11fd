/** Runs in lanes: which goes when and on how many threads, and that an experiment comes to the same however many there are. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { Lanes, type LanesParts } from '../../../src/job/lanes';
import { planRuns } from '../../../src/lottery/graph';
import type { Experiment } from '../../../src/shared/experiment';
import type { Report } from '../../../src/shared/report';
import type { RunNode } from '../../../src/shared/run';
import type { DataSet } from '../../../src/data/dataset';
import { ThreadedDerivatives } from '../../../src/training/differentiation/threads';
import type { Executor, TrainingSession, TrainingSetup } from '../../../src/training/trainer';
import { contentsOf, executorOf, recordOf, run, stored, useFolder, wasm } from '../../support/choiceJobs';
import { fakeExecutor, type FakeBehaviour } from '../../support/fakeExecutor';
import { experiment, lenet } from '../lottery/support';

const plan = (changes: Partial<Omit<Experiment, 'pruning'>>, levels: number): RunNode[] =>
  planRuns({
    experiment: experiment({ ...changes, pruning: { levels } }),
    model: { fingerprint: 'model', parameters: lenet, outputLayer: 'dense_3' },
    data: 'data',
    executor: { name: 'wasm', variant: '1' },
  });
const nameOf = ({ method, level, replicate }: RunNode): string => `${method} ${level}.${replicate}`;
const memory = { data: 50, parameters: 20, activations: 30, total: 100 };

/** Lanes whose runs end when the test says so. */
class Scheduled {
  /** Names of the runs that began, with their threads. */
  readonly began: string[] = [];
  readonly told: string[] = [];
  readonly failed = new Set<string>();
  readonly result: Promise<unknown>;
  open = 0;
  private readonly lanes: Lanes;
  private readonly endings = new Map<string, (error?: Error) => void>();

  constructor(nodes: readonly RunNode[], processors: number, parts: Pick<LanesParts, 'parallel' | 'available'> = {}) {
    const create = (_: DataSet, threads?: number): Promise<Executor> => {
      this.open++;
      return Promise.resolve({
        ...{ name: 'fake', device: `${threads ?? 'all'}`, variant: '1' },
        open: () => Promise.resolve({ memory } as TrainingSession),
        close: () => {
          this.open--;
          return Promise.resolve();
        },
      });
    };
    this.lanes = new Lanes({
      ready: { name: 'wasm', usable: true, device: 'the machine', variant: '1', create, processors, notes: [] },
      data: {} as DataSet,
      tell: message => this.told.push(message),
      available: () => Infinity,
      ...parts,
    });
    this.result = this.lanes.run(nodes, new AbortController().signal, {
      compute: async (node, { executor, runs }, signal) => {
        this.began.push(`${nameOf(node)} of ${runs}`);
        expect(executor.device).toBe('the machine');
        await executor.open({} as TrainingSetup);
        await new Promise<void>((resolve, reject) => {
          this.endings.set(nameOf(node), error => (error ? reject(error) : resolve()));
          signal.addEventListener('abort', () => reject(new Error('stopped')));
        });
      },
      onDone: () => Promise.resolve(),
      possible: waiting => waiting.filter(node => !node.needs.some(key => this.failed.has(key))),
    });
    this.result.catch(() => undefined);
  }

  /** Those that began since the last call. */
  async next(): Promise<string[]> {
    await new Promise(resolve => setImmediate(resolve));
    return this.began.splice(0);
  }

  async end(name: string, error?: Error): Promise<string[]> {
    this.endings.get(name)!(error);
    return this.next();
  }
}

describe('of the runs that can start', () => {
  it('one alone has the machine, two share it, and none starts before what it needs is done', async () => {
    const work = new Scheduled(plan({ replicates: 1, compare: ['random-mask'] }, 2), 2);
    expect(await work.next()).toEqual(['iterative 0.0 of 1']);
    expect(await work.end('iterative 0.0')).toEqual(['iterative 1.0 of 1']);
    expect(await work.end('iterative 1.0')).toEqual(['iterative 2.0 of 2', 'random-mask 1.0 of 2']);
    expect(await work.end('iterative 2.0')).toEqual(['random-mask 2.0 of 2']);
    await work.end('random-mask 1.0');
    await work.end('random-mask 2.0');
    await work.result;
  });

  it('those go first that most others wait for', async () => {
    const work = new Scheduled(plan({ replicates: 2, compare: ['random-mask', 'random-reinit'] }, 2), 2);
    expect(await work.next()).toEqual(['iterative 0.0 of 2', 'iterative 0.1 of 2']);
    expect(await work.end('iterative 0.0')).toEqual(['iterative 1.0 of 2']);
    // its level 2 waits for it, the controls of level 1 do not have to
    expect(await work.end('iterative 1.0')).toEqual(['iterative 2.0 of 2']);
    expect(await work.end('iterative 2.0')).toEqual(['random-mask 1.0 of 2']);
    expect(await work.end('iterative 0.1')).toEqual(['iterative 1.1 of 2']);
  });

  it('they go in the order of the plan where one is at work at a time', async () => {
    const nodes = plan({ replicates: 1, compare: ['random-mask'] }, 2);
    const work = new Scheduled(nodes, 4, { parallel: 1 });
    const order: string[] = [];
    for (let began = await work.next(); began.length > 0; began = await work.end(began[0]!.split(' of')[0]!)) {
      expect(began).toHaveLength(1);
      order.push(...began);
    }
    expect(order).toEqual(nodes.map(node => `${nameOf(node)} of 1`));
    expect(work.open).toBe(1);
  });

  it('those that need a run that has failed are left out, the others go on', async () => {
    const nodes = plan({ replicates: 2, compare: [] }, 1);
    const work = new Scheduled(nodes, 2);
    await work.next();
    work.failed.add(nodes[0]!.key);
    expect(await work.end('iterative 0.0')).toEqual([]);
    expect(await work.end('iterative 0.1')).toEqual(['iterative 1.1 of 1']);
    await work.end('iterative 1.1');
    await work.result;
  });

  it('as many are at work as fit into memory, and that is said', async () => {
    // each takes its plan, and its parameters once more
    const work = new Scheduled(plan({ replicates: 4, compare: [] }, 1), 4, { available: () => 130 });
    expect(await work.next()).toHaveLength(2);
    expect(work.told).toEqual([
      '2 runs side by side instead of 4: each needs 100 B of memory, and 130 B are free beside the first',
    ]);
    expect(await work.end('iterative 0.0')).toHaveLength(1);
    expect(work.open).toBe(2);
  });

  it('none begins once one has stopped the work, and the first trouble is the one that is told', async () => {
    const work = new Scheduled(plan({ replicates: 3, compare: [] }, 2), 3);
    expect(await work.next()).toHaveLength(3);
    expect(await work.end('iterative 0.1', new Error('the disk is full'))).toEqual([]);
    await expect(work.result).rejects.toThrow('the disk is full');
  });
});

describe('an experiment in lanes', { timeout: 60_000 }, () => {
  useFolder();
  const inLanes = (behaviour: FakeBehaviour = {}) => fakeExecutor({ processors: 3, ...behaviour });
  const overlay = { executor: 'wasm', replicates: 2, compare: ['random-mask'] };
  const timeless = (report: Report): unknown =>
    JSON.parse(JSON.stringify(report, (key, value: unknown) => (key === 'seconds' ? undefined : value)));

  it('leaves what it leaves one after another, and the same report but for seconds', async () => {
    const executor = inLanes();
    const { report, events } = await run([executor], overlay);
    expect(executor.most()).toBe(3);
    expect(executor.alive()).toBe(0);
    const contents = contentsOf(report);
    const atWork = events.flatMap(event => (event.type === 'progress' ? [event.progress.runsAtWork ?? 1] : []));
    expect(Math.max(...atWork)).toBe(3);
    const fractions = events.flatMap(event => (event.type === 'progress' ? [event.progress.fraction] : []));
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    rmSync(stored(), { recursive: true });
    const alone = inLanes();
    const after = await run([alone], overlay, { parallel: 1 });
    expect(alone.most()).toBe(1);
    expect(contentsOf(after.report)).toEqual(contents);
    expect(timeless(after.report)).toEqual(timeless(report));
  });

  it('scores on no more threads than the lane has, alone on all', async () => {
    const create = vi.spyOn(ThreadedDerivatives, 'create');
    const threadsOf = async (parallel: number, seed: number) => {
      create.mockClear();
      const overlay = { executor: 'wasm', compare: ['snip'], pruning: { levels: 1 }, replicates: 2, seed };
      await run([inLanes({ processors: 2 })], overlay, { parallel });
      return create.mock.calls.map(([, threads]) => threads);
    };
    expect(await threadsOf(2, 1)).toContain(1);
    rmSync(stored(), { recursive: true });
    // of another seed: scores are remembered
    expect(new Set(await threadsOf(1, 2))).toEqual(new Set([undefined]));
    create.mockRestore();
  });

  it('tells seconds as the share of each run, so that they add up', async () => {
    const { report } = await run([inLanes({ secondsPerStep: () => 0.01, processors: 2 })], {
      ...overlay,
      pruning: { levels: 0 },
      compare: [],
    });
    expect(report.runs.map(({ key }) => recordOf(key).seconds.train)).toEqual([10, 10]);
  });

  it('saves every run at work when it is stopped, and goes on from there', async () => {
    const controller = new AbortController();
    const executor = inLanes({
      stepsAtATime: 100,
      onTrain: async (session, step) => {
        if (step < 500) return;
        // the first waits until the second has something to save, too
        if (session === 1) controller.abort();
        else await new Promise(resolve => controller.signal.addEventListener('abort', resolve));
      },
    });
    const { report } = await run([executor], overlay, { signal: controller.signal, parallel: 2 });
    expect(report.status).toBe('cancelled');
    const dense = report.runs.filter(({ level }) => level === 0).map(({ key }) => key);
    expect(dense.map(key => existsSync(stored('runs', key, 'resume.safetensors')))).toEqual([true, true]);
    const rest = await run([inLanes()], overlay);
    expect(rest.report.status).toBe('done');
    expect(rest.log.filter(line => line.includes('goes on from step'))).toHaveLength(2);
  });

  it('stops where one cannot be stored, and says why', async () => {
    const executor = inLanes({
      stepsAtATime: 100,
      onTrain: async (session, step) => {
        await new Promise(resolve => setImmediate(resolve));
        if (session > 0 || step < 2000) return;
        rmSync(stored('runs'), { recursive: true });
        writeFileSync(stored('runs'), '');
      },
    });
    const { report } = await run([executor], overlay, { parallel: 2 });
    expect(report).toMatchObject({ status: 'failed', error: expect.stringContaining('cannot be written') });
    expect(executor.opened.length).toBe(2);
    expect(executor.alive()).toBe(0);
  });

  it('hands all of it over where a device is lost', async () => {
    const losing = inLanes({ name: 'webgpu', loses: { session: 3, step: 1000, kind: 'lost' } });
    const { report } = await run([wasm(), losing], { ...overlay, executor: 'webgpu', compare: [] });
    expect(report.status).toBe('done');
    expect(new Set(executorOf(report))).toEqual(new Set(['webgpu', 'wasm']));
    expect(losing.alive()).toBe(0);
  });
});
