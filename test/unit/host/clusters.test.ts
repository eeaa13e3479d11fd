import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ClusterParts, Clusters as ClustersClass } from '../../../src/host/cluster';
import { experimentDirectory, reportPath } from '../../../src/host/store';
import { FakeStoreWatch } from '../../support/fakeStoreWatch';

const window = vi.hoisted(() => ({ trusted: true }));
vi.mock('vscode', async () => {
  const common = await import('../../support/fakeVscode');
  const { nothing } = common;
  return {
    ...common,
    workspace: {
      get isTrusted() {
        return window.trusted;
      },
      onDidGrantWorkspaceTrust: () => nothing,
      onDidChangeWorkspaceFolders: () => nothing,
      registerTextDocumentContentProvider: () => nothing,
    },
    window: { showWarningMessage: () => Promise.resolve(undefined) },
  };
});

const cli = vi.hoisted(() => ({ answers: [] as (string | Error)[], asked: [] as string[][] }));
vi.mock('../../../src/host/cliProcess', () => ({
  runCli: ({ arguments: argv }: { arguments: string[] }) => {
    cli.asked.push(argv);
    const answer = cli.answers.length > 1 ? cli.answers.shift()! : cli.answers[0]!;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  },
}));

const ref = { store: '/w/.winning-ticket', name: 'orchard' };
const status = (over: boolean) =>
  JSON.stringify({
    experiment: 'orchard',
    scheduler: 'slurm',
    runs: [{ key: 'a'.repeat(32), name: 'dense', state: over ? 'done' : 'running', job: '7_0' }],
    last: { job: '8', state: over ? 'over' : 'waiting' },
    over,
  });
const silence = new Error('squeue: Unable to contact slurm controller');

describe('an experiment on a cluster', () => {
  let clusters: ClustersClass;
  let changes: number;
  const warnings: string[] = [];
  const watch = new FakeStoreWatch();

  beforeEach(async () => {
    vi.useFakeTimers();
    window.trusted = true;
    watch.found = [ref];
    Object.assign(cli, { answers: [status(false)], asked: [] });
    warnings.length = 0;
    const { Clusters } = await import('../../../src/host/cluster');
    const log = { warn: (line: string) => warnings.push(line) };
    clusters = new Clusters({ script: 'cli.js', watch, log } as unknown as ClusterParts);
    changes = 0;
    clusters.onDidChange(() => {
      changes++;
    });
  });
  afterEach(() => {
    clusters.dispose();
    vi.useRealTimers();
  });
  const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

  test('is asked about every ten seconds until it is over', async () => {
    await clusters.scan();
    expect(clusters.of(ref)).toMatchObject({ over: false });
    expect(cli.asked).toEqual([['cluster', 'status', 'orchard', '--store', ref.store, '--json']]);
    await pass(10_000);
    expect(cli.asked).toHaveLength(2);
    cli.answers = [status(true)];
    await pass(10_000);
    expect(clusters.of(ref)).toMatchObject({ over: true });
    await pass(3_600_000);
    expect(cli.asked).toHaveLength(3);
    expect(changes).toBeGreaterThan(2);
  });

  test('whose controller is silent is asked about later and later, and stays what it was; an answer ends that', async () => {
    await clusters.scan();
    cli.answers = [silence];
    await pass(10_000);
    expect(cli.asked).toHaveLength(2);
    expect(clusters.of(ref)).toMatchObject({ over: false });
    await pass(19_000);
    expect(cli.asked).toHaveLength(2);
    await pass(1_000);
    expect(cli.asked).toHaveLength(3);
    await pass(39_000);
    expect(cli.asked).toHaveLength(3);
    cli.answers = [status(false)];
    await pass(1_000);
    expect(cli.asked).toHaveLength(4);
    await pass(10_000);
    expect(cli.asked).toHaveLength(5);
    // as patient as at first
    cli.answers = [silence];
    await pass(10_000);
    expect(cli.asked).toHaveLength(6);
    await pass(20_000);
    expect(cli.asked).toHaveLength(7);
    expect(warnings).toHaveLength(4);
    expect(warnings[0]).toContain('orchard on the cluster: squeue: Unable');
  });

  test('whose cluster has never answered is given up, and said so, until somebody submits it anew', async () => {
    cli.answers = [silence];
    await clusters.scan();
    await pass(24 * 3_600_000);
    expect(cli.asked).toHaveLength(5);
    expect(warnings.at(-1)).toContain('not asked again');
    expect(clusters.of(ref)).toBeUndefined();
    // its logs can still be asked for
    expect(clusters.isSubmitted(ref)).toBe(true);
    cli.answers = [status(false)];
    watch.tell({ ref, name: 'cluster.json', exists: true });
    await pass(0);
    expect(clusters.of(ref)).toMatchObject({ over: false });
  });

  test.each([
    ['done', 0],
    ['cancelled', 0],
    ['running', 1],
  ])('whose report says %s is asked about %i times when the window opens', async (state, times) => {
    const store = path.join(mkdtempSync(path.join(tmpdir(), 'winning-ticket-clusters-')), '.winning-ticket');
    const there = { store, name: 'orchard' };
    mkdirSync(experimentDirectory(there), { recursive: true });
    writeFileSync(reportPath(there), JSON.stringify({ status: state }));
    watch.found = [there];
    await clusters.scan();
    expect(cli.asked).toHaveLength(times);
    expect(clusters.isSubmitted(there)).toBe(true);
    rmSync(path.dirname(store), { recursive: true });
  });

  test('that is gone is forgotten', async () => {
    await clusters.scan();
    watch.tell({ ref, name: 'cluster.json', exists: false });
    expect(clusters.of(ref)).toBeUndefined();
    expect(clusters.isSubmitted(ref)).toBe(false);
    await pass(3_600_000);
    expect(cli.asked).toHaveLength(1);
  });

  test('is not asked about in a folder without trust, nor after the window is closed', async () => {
    window.trusted = false;
    await clusters.scan();
    watch.tell({ ref, name: 'cluster.json', exists: true });
    await pass(3_600_000);
    expect(cli.asked).toEqual([]);
    window.trusted = true;
    await clusters.scan();
    clusters.dispose();
    await pass(3_600_000);
    expect(cli.asked).toHaveLength(1);
  });

  test('is not asked about where only its report has changed', async () => {
    watch.tell({ ref, name: 'report.json', exists: true });
    await pass(0);
    expect(cli.asked).toEqual([]);
  });
});
