/** When a cluster is asked, and when no longer, where what is asked about changes meanwhile, or SLURM is not there. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Clusters, type ClusterParts } from '../../../src/host/cluster';
import { experimentDirectory, reportPath, type ExperimentRef } from '../../../src/host/store';
import { runProgram, type ClusterProgram } from '../../../src/job/cluster/program';
import { FakeStoreWatch } from '../../support/fakeStoreWatch';

interface File {
  readonly fsPath: string;
}

const window = vi.hoisted(() => ({
  trusted: true,
  granted: undefined as unknown as () => void,
  foldersChanged: undefined as unknown as () => void,
}));
vi.mock('vscode', async () => {
  const common = await import('../../support/fakeVscode');
  const { nothing } = common;
  const listening = (kind: 'granted' | 'foldersChanged') => (listener: () => void) => {
    window[kind] = listener;
    return nothing;
  };
  return {
    ...common,
    ProgressLocation: { Notification: 15 },
    workspace: {
      get isTrusted() {
        return window.trusted;
      },
      onDidGrantWorkspaceTrust: listening('granted'),
      onDidChangeWorkspaceFolders: listening('foldersChanged'),
      registerTextDocumentContentProvider: () => nothing,
      getWorkspaceFolder: () => undefined,
    },
    window: {
      showInputBox: () => Promise.resolve(''),
      showInformationMessage: () => Promise.resolve(undefined),
      withProgress: (_: unknown, act: (progress: unknown, token: unknown) => unknown) =>
        act({}, { onCancellationRequested: () => nothing }),
    },
  };
});

interface Question {
  readonly argv: readonly string[];
  readonly signal: AbortSignal;
}
const cli = vi.hoisted(() => ({
  asked: [] as Question[],
  answer: (): string | Promise<string> => '',
}));
vi.mock('../../../src/host/cliProcess', () => ({
  runCli: async ({ arguments: argv, signal }: { arguments: string[]; signal: AbortSignal }) => {
    cli.asked.push({ argv, signal });
    return cli.answer();
  },
}));

const ref = { store: '/w/.winning-ticket', name: 'orchard' };
const another = { ...ref, name: 'meadow' };
const fileOf = (one: ExperimentRef): File => ({ fsPath: path.join(experimentDirectory(one), 'cluster.json') });
const atWork = JSON.stringify({
  experiment: 'orchard',
  scheduler: 'slurm',
  runs: [{ key: 'a'.repeat(32), name: 'dense', state: 'running', job: '7_0' }],
  last: { job: '8', state: 'waiting' },
  over: false,
});
const answering = (): string => atWork;
const silent = (): never => {
  throw new Error('squeue: Unable to contact slurm controller');
};
const lacking = (): never => {
  throw new Error("squeue is not on the PATH: SLURM's programs are there on the login nodes of a cluster");
};
/** An answer that comes when the test wants it. */
function pending() {
  let give!: (answer: string) => void;
  let fail!: (error: Error) => void;
  const answer = new Promise<string>((resolve, reject) => {
    give = resolve;
    fail = reject;
  });
  return { answer, give, fail };
}
const day = 24 * 3_600_000;
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
/** Before it asks, it looks at reports on disk, which takes real time. */
async function untilAsked(times: number): Promise<void> {
  while (cli.asked.length < times) await new Promise(resolve => setImmediate(resolve));
}

const watch = new FakeStoreWatch();
const changed = (one: ExperimentRef): void => {
  watch.tell({ ref: one, name: 'cluster.json', exists: true });
};
const deleted = (one: ExperimentRef): void => {
  watch.tell({ ref: one, name: 'cluster.json', exists: false });
};

let clusters: Clusters;
let said: string[];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  window.trusted = true;
  watch.found = [ref];
  Object.assign(cli, { asked: [], answer: answering });
  said = [];
  const say = (line: string) => void said.push(line);
  const runner = {
    fileOf: ({ store, name }: ExperimentRef) => ({ fsPath: path.join(path.dirname(store), `${name}.ticket.json`) }),
    refOfFile: ({ fsPath }: File) => ({ store: path.join(path.dirname(fsPath), '.winning-ticket'), name: 'orchard' }),
  };
  const memory = { get: () => '', update: () => undefined };
  const parts = { script: 'cli.js', log: { info: say, warn: say }, runner, watch, memory };
  clusters = new Clusters(parts as unknown as ClusterParts);
});
afterEach(() => {
  clusters.dispose();
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** The first question is answered after one of the experiments has gone. */
async function deletedWhileAsked(): Promise<void> {
  const asked = pending();
  cli.answer = () => asked.answer;
  const scanned = clusters.scan();
  await untilAsked(1);
  deleted(ref);
  asked.give(atWork);
  await scanned;
}

describe('on a machine without SLURM', () => {
  test('an experiment is asked about once, and no more by itself; one line in the log stands for all', async () => {
    watch.found = [ref, another];
    cli.answer = lacking;
    await clusters.scan();
    await pass(day);
    expect(cli.asked.map(({ argv }) => argv[2])).toEqual(['orchard', 'meadow']);
    expect(said).toEqual([expect.stringContaining('not followed from here: squeue is not on the PATH')]);
    expect(clusters.isSubmitted(another)).toBe(true);
  });

  test('it is asked about again when it is submitted anew, or the folders of the window change', async () => {
    cli.answer = lacking;
    await clusters.scan();
    changed(ref);
    await pass(day);
    expect(cli.asked).toHaveLength(2);
    window.foldersChanged();
    await untilAsked(3);
    await pass(day);
    expect(cli.asked).toHaveLength(3);
  });

  test('one that was known here is asked about on: the programs may be back', async () => {
    await clusters.scan();
    cli.answer = lacking;
    await pass(10_000);
    cli.answer = answering;
    await pass(20_000);
    expect(cli.asked).toHaveLength(3);
    expect(clusters.of(ref)).toMatchObject({ over: false });
  });

  test.each<[ClusterProgram]>([['sbatch'], ['squeue'], ['scancel']])(
    'is what the command line says of %s',
    async program => {
      vi.useRealTimers();
      vi.stubEnv('PATH', tmpdir());
      cli.answer = async () => (await runProgram(program, [])).output;
      await clusters.scan();
      expect(said).toEqual([expect.stringContaining('not followed from here')]);
    },
  );
});

describe('an experiment', () => {
  test('that was given up has all its turns again once it is submitted anew', async () => {
    cli.answer = silent;
    await clusters.scan();
    await pass(day);
    const before = cli.asked.length;
    changed(ref);
    await pass(day);
    expect(cli.asked).toHaveLength(2 * before);
  });

  test('that is deleted while the cluster is asked about it stays forgotten', async () => {
    await deletedWhileAsked();
    expect(clusters.of(ref)).toBeUndefined();
    await pass(day);
    expect(cli.asked).toHaveLength(1);
  });

  test('that is deleted while others are asked about is not asked about', async () => {
    watch.found = [another, ref];
    await deletedWhileAsked();
    expect(cli.asked.map(({ argv }) => argv[2])).toEqual(['meadow']);
  });

  test('whose file is written again and again is asked about by one process at a time, and once more at the end', async () => {
    const asked = pending();
    cli.answer = () => asked.answer;
    for (let writes = 0; writes < 20; writes++) changed(ref);
    changed(another);
    expect(cli.asked.map(({ argv }) => argv[2])).toEqual(['orchard', 'meadow']);
    cli.answer = answering;
    asked.give(atWork);
    await untilAsked(3);
    await pass(1);
    expect(cli.asked.map(({ argv }) => argv[2])).toEqual(['orchard', 'meadow', 'orchard']);
    await pass(10_000);
    expect(cli.asked).toHaveLength(5);
  });

  test('that is deleted and submitted anew while it is asked about is asked about again', async () => {
    const asked = pending();
    cli.answer = () => asked.answer;
    changed(ref);
    deleted(ref);
    changed(ref);
    cli.answer = answering;
    asked.give(atWork);
    await untilAsked(2);
    await pass(1);
    expect(clusters.of(ref)).toMatchObject({ over: false });
    expect(cli.asked).toHaveLength(2);
  });

  test('in a folder that is trusted now is asked about', async () => {
    window.trusted = false;
    await clusters.scan();
    expect(cli.asked).toEqual([]);
    window.trusted = true;
    window.granted();
    await untilAsked(1);
    expect(cli.asked).toHaveLength(1);
  });

  test('has no turn any more once the window is closed', async () => {
    await clusters.scan();
    expect(vi.getTimerCount()).toBe(1);
    clusters.dispose();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is not asked about any further by a window that is closed', async () => {
    const asked = pending();
    cli.answer = () => asked.answer;
    const scanned = clusters.scan();
    await untilAsked(1);
    clusters.dispose();
    expect(cli.asked[0]!.signal.aborted).toBe(true);
    asked.fail(new Error('aborted'));
    await scanned;
    expect(said).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('in a store on disk', () => {
  let store: string;
  let there: ExperimentRef;
  beforeEach(() => {
    vi.useRealTimers();
    store = path.join(mkdtempSync(path.join(tmpdir(), 'winning-ticket-asking-')), '.winning-ticket');
    there = { store, name: 'orchard' };
    mkdirSync(experimentDirectory(there), { recursive: true });
    watch.found = [there];
  });
  afterEach(() => {
    rmSync(path.dirname(store), { recursive: true });
  });

  test.each([
    ['paused', 1],
    ['failed', 0],
  ])('an experiment whose report says %s is asked about %i times when the window opens', async (status, times) => {
    writeFileSync(reportPath(there), JSON.stringify({ status }));
    await clusters.scan();
    expect(cli.asked).toHaveLength(times);
  });

  test('one that has ended is asked about when it is submitted anew', async () => {
    writeFileSync(reportPath(there), JSON.stringify({ status: 'done' }));
    await clusters.scan();
    changed(there);
    expect(cli.asked).toHaveLength(1);
  });

  test('one that was submitted from here is asked about, also where no watcher sees its file', async () => {
    cli.answer = () => {
      writeFileSync(fileOf(there).fsPath, '{}');
      return atWork;
    };
    await clusters.submit(there);
    expect(cli.asked.map(({ argv }) => argv[0])).toEqual(['submit', 'cluster']);
    expect(clusters.isSubmitted(there)).toBe(true);
  });

  test('one of which nothing was missing is not: it is on no cluster', async () => {
    await clusters.submit(there);
    expect(cli.asked.map(({ argv }) => argv[0])).toEqual(['submit']);
    expect(clusters.isSubmitted(there)).toBe(false);
  });
});
