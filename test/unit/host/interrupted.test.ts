import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { ExperimentIndex } from '../../../src/host/experimentIndex';
import { Interrupted } from '../../../src/host/interrupted';
import type { JobEvent, JobService } from '../../../src/host/jobService';
import type { Results } from '../../../src/host/results';
import { experimentDirectory, refKey, type ExperimentRef } from '../../../src/host/store';
import type { ExperimentEntry } from '../../../src/host/treeModel';
import { report } from './reports';

type Listener<T> = (value: T) => void;
const nothing = { dispose: () => undefined };

const window = vi.hoisted(() => ({
  trusted: true,
  setting: 'ask',
  updates: [] as unknown[][],
  isReadOnly: false,
  warnings: [] as string[],
  /** What the person answers; questions that were asked. */
  answer: undefined as string | undefined,
  questions: [] as string[],
  granted: (): void => undefined,
}));
vi.mock('vscode', async () => ({
  ...(await import('../../support/fakeVscode')),
  ConfigurationTarget: { Global: 1 },
  workspace: {
    get isTrusted() {
      return window.trusted;
    },
    onDidGrantWorkspaceTrust: (listener: () => void) => {
      window.granted = listener;
      return { dispose: () => undefined };
    },
    getConfiguration: () => ({
      get: () => window.setting,
      update: (...update: unknown[]) => {
        window.updates.push(update);
        return window.isReadOnly ? Promise.reject(new Error('settings.json is read-only')) : Promise.resolve();
      },
    }),
  },
  window: {
    showInformationMessage: (words: string) => {
      window.questions.push(words);
      return Promise.resolve(window.answer);
    },
    showWarningMessage: (words: string) => Promise.resolve(void window.warnings.push(words)),
  },
}));

const ref: ExperimentRef = { store: '/w/.winning-ticket', name: 'marathon' };
const cutOff = { ...report, status: 'running' } as const;
const entry = (more: Partial<ExperimentEntry> = {}): ExperimentEntry => ({
  ref,
  report: cutOff,
  problem: null,
  failure: null,
  changed: 0,
  ...more,
});

/** A window that opens on a store; what the last one was at work on is `remembered`. */
function opened(remembered: unknown, entries: ExperimentEntry[] = [entry()]) {
  let onJob: Listener<JobEvent> = () => undefined;
  let onIndex: Listener<undefined> = () => undefined;
  const jobs = {
    onEvent: (listener: Listener<JobEvent>) => {
      onJob = listener;
      return nothing;
    },
  };
  const index = {
    onDidChange: (listener: Listener<undefined>) => {
      onIndex = listener;
      return nothing;
    },
    entry: (wanted: ExperimentRef) =>
      entries.find(one => refKey(one.ref) === refKey(wanted)) ?? entry({ ref: wanted, report: null }),
  };
  const resumed: string[] = [];
  const memory = { kept: remembered };
  new Interrupted(
    jobs as unknown as JobService,
    index as unknown as ExperimentIndex,
    { resume: (one: ExperimentRef) => Promise.resolve(void resumed.push(one.name)) } as unknown as Results,
    {
      get: () => memory.kept,
      update: (_: string, value: unknown) => Promise.resolve(void (memory.kept = value)),
      keys: () => [],
    },
  );
  return {
    resumed,
    memory,
    entries,
    look: async (): Promise<void> => {
      onIndex(undefined);
      await new Promise(resolve => setImmediate(resolve));
    },
    job: (type: 'started' | 'ended') => {
      onJob({ type, live: { ref } } as unknown as JobEvent);
    },
  };
}

const remembered = [experimentDirectory(ref)];

describe('experiments that were at work when the window was closed', () => {
  beforeEach(() => {
    Object.assign(window, {
      trusted: true,
      setting: 'ask',
      updates: [],
      answer: undefined,
      questions: [],
      isReadOnly: false,
      warnings: [],
    });
  });

  test('are offered once, with how far they are, and go on where the person says so', async () => {
    window.answer = 'Resume';
    const { look, resumed, memory } = opened(remembered);
    await look();
    await look();
    expect(window.questions).toEqual(['marathon was interrupted at 4 of 5 runs. Resume goes on where it stopped.']);
    expect(resumed).toEqual(['marathon']);
    expect(memory.kept).toEqual([]);
  });

  test.each([['Not Now'], [undefined]])('stay as they are where the answer is %s', async answer => {
    window.answer = answer;
    const { look, resumed } = opened(remembered);
    await look();
    expect(window.questions).toHaveLength(1);
    expect(resumed).toEqual([]);
    expect(window.updates).toEqual([]);
  });

  test('always go on where the person wants that from now on, in every folder', async () => {
    window.answer = 'Always Resume';
    const { look, resumed } = opened(remembered);
    await look();
    expect(window.updates).toEqual([['resumeInterrupted', 'automatically', 1]]);
    expect(resumed).toEqual(['marathon']);
  });

  test('go on this time where that setting cannot be written, which is said', async () => {
    window.answer = 'Always Resume';
    window.isReadOnly = true;
    const { look, resumed } = opened(remembered);
    await look();
    expect(resumed).toEqual(['marathon']);
    expect(window.warnings).toEqual([
      'The setting winningTicket.resumeInterrupted was not written: settings.json is read-only',
    ]);
  });

  test('go on without a question where the setting says so, or stay without one', async () => {
    window.setting = 'automatically';
    const automatic = opened(remembered);
    await automatic.look();
    expect(automatic.resumed).toEqual(['marathon']);
    window.setting = 'never';
    const never = opened(remembered);
    await never.look();
    expect(never.resumed).toEqual([]);
    expect(window.questions).toEqual([]);
  });

  test('wait while their job is still saving, or another window has them', async () => {
    const { look, entries } = opened(remembered, [entry({ elsewhere: true })]);
    await look();
    expect(window.questions).toEqual([]);
    entries[0] = entry();
    await look();
    expect(window.questions).toHaveLength(1);
  });

  test('that this window was not at work on are none of its business', async () => {
    const { look } = opened([experimentDirectory({ ...ref, name: 'another' })]);
    await look();
    expect(window.questions).toEqual([]);
  });

  test.each([
    ['has begun again by other means', entry({ live: { progress: null } })],
    ['was paused', entry({ report: { ...report, status: 'paused' } })],
    ['is done', entry({ report })],
    ['waits in the queue, which goes on with it', entry({ queued: 1 })],
    ['has no report', entry({ report: null })],
  ])('are not offered where one %s', async (_, one) => {
    const { look } = opened(remembered, [one]);
    await look();
    expect(window.questions).toEqual([]);
  });

  test('are remembered while they are at work, and no longer', () => {
    const { job, memory } = opened([]);
    job('started');
    expect(memory.kept).toEqual(remembered);
    job('ended');
    expect(memory.kept).toEqual([]);
  });

  test('that a person has started himself are not offered any more', async () => {
    const { job, look } = opened(remembered);
    job('started');
    job('ended');
    await look();
    expect(window.questions).toEqual([]);
  });

  test('wait for trust in the folder', async () => {
    window.trusted = false;
    const { look } = opened(remembered);
    await look();
    expect(window.questions).toEqual([]);
    window.trusted = true;
    window.granted();
    expect(window.questions).toHaveLength(1);
  });

  test.each([
    ['no list', 'marathon'],
    ['an object', { 0: remembered[0] }],
    ['others in it', [1, null, '../x', '']],
  ])('are none where what was remembered is %s', async (_, kept) => {
    const { look } = opened(kept);
    await look();
    expect(window.questions).toEqual([]);
  });
});
