import { describe, expect, test } from 'vitest';
import { CompareSession } from '../../../src/host/inspector/compareSession';
import {
  InspectorCrash,
  type InspectorAnswer,
  type InspectorProcess,
} from '../../../src/host/inspector/inspectorProcess';
import { InspectSession } from '../../../src/host/inspector/inspectSession';
import type { HostToInspectorView } from '../../../src/shared/inspectorView';
import { comparisonOf, pairsOf, residualNetwork, statisticsOf, tileOf } from '../../support/sampleInspection';

const tensors = residualNetwork();

interface Asked {
  readonly question: { readonly type: string; readonly [field: string]: unknown };
  readonly answer: (answer: Partial<InspectorAnswer> & { readonly type: string }) => void;
  readonly end: (error?: Error) => void;
  readonly signal: AbortSignal;
  readonly tell?: (event: 'changed' | 'removed' | InspectorCrash) => void;
}

/** Stands in for the process: records what is asked, answers when told to. */
function fakeProcess() {
  const asked: Asked[] = [];
  const closed: number[] = [];
  const preferred: unknown[] = [];
  let next = 1;
  const ask = (
    question: Asked['question'],
    onAnswer: (answer: InspectorAnswer) => void,
    signal: AbortSignal,
    tell?: Asked['tell'],
  ) => {
    const id = next++;
    let end: Asked['end'] = () => undefined;
    const done = new Promise<void>((resolve, reject) => {
      end = error => {
        if (error) reject(error);
        else resolve();
      };
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
    asked.push({
      question,
      answer: answer => onAnswer({ id, ...answer } as InspectorAnswer),
      end,
      signal,
      ...(tell && { tell }),
    });
    return { id, done };
  };
  const process = {
    ask,
    open: (source: object, onAnswer: never, onEvent: never, signal: AbortSignal) =>
      ask({ type: 'open', source }, onAnswer, signal, onEvent),
    close: (file: number) => closed.push(file),
    prefer: (id: number, wanted: readonly number[]) => preferred.push({ id, wanted }),
  };
  return { process: process as unknown as InspectorProcess, asked, closed, preferred };
}

const settled = () => new Promise(resolve => setTimeout(resolve, 80));
const subject = { name: 'a.th', place: 'models/a.th', source: () => Promise.resolve({ path: '/models/a.th' }) };
const summary = { file: '/models/a.th', format: 'PyTorch (zip)', bytes: 9, tensors, metadata: [], notes: [] };

describe('a session of one file', () => {
  function session() {
    const posted: HostToInspectorView[] = [];
    const fake = fakeProcess();
    const one = new InspectSession(fake.process, { ...subject, actions: () => ['compare'] }, message =>
      posted.push(message),
    );
    return { ...fake, session: one, posted, types: () => posted.map(message => message.type) };
  }
  async function opened() {
    const all = session();
    all.session.start();
    await settled();
    all.asked[0]!.answer({ type: 'opened', summary, tensorCount: tensors.length, identity: 'x' });
    all.asked[0]!.end();
    await settled();
    return all;
  }

  test('shows the list before a value is read, then asks for all statistics', async () => {
    const { types, asked } = await opened();
    expect(types()).toEqual(['opening', 'opened', 'tensors']);
    expect(asked[1]!.question).toMatchObject({ type: 'statistics', file: 1 });
    expect(asked[1]!.question['tensors']).toHaveLength(tensors.length);
  });

  test('sends statistics in batches, and says when they are complete', async () => {
    const { posted, asked } = await opened();
    for (let tensor = 0; tensor < 20; tensor++) {
      asked[1]!.answer({
        type: 'statistics',
        tensor,
        result: { ok: true, statistics: statisticsOf(tensors[tensor]!, 1) },
      });
    }
    asked[1]!.end();
    await settled();
    const batches = posted.filter(message => message.type === 'statistics');
    expect(batches).toHaveLength(1);
    expect(batches[0]!.results.map(({ tensor }) => tensor)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(posted.at(-1)).toEqual({ type: 'complete' });
  });

  test('rows in view go first', async () => {
    const { session: one, preferred } = await opened();
    one.visible([7, 8]);
    expect(preferred).toEqual([{ id: 2, wanted: [7, 8] }]);
  });

  test('a question of the page is answered under its own number', async () => {
    const { session: one, asked, posted } = await opened();
    const region = { row: 0, column: 0, rows: 16, columns: 27 };
    one.receive({ type: 'tile', request: 41, tensor: 0, region, cells: { rows: 16, columns: 27 } });
    expect(asked[2]!.question).toMatchObject({ type: 'tile', file: 1, tensor: 0, region });
    const tile = tileOf({ rows: 16, columns: 27, kernelPositions: 9 }, region, { rows: 16, columns: 27 });
    asked[2]!.answer({ type: 'tile', tile });
    expect(posted.at(-1)).toEqual({ type: 'tile', request: 41, tile });
  });

  test('a question that failed says why; one that was forgotten says nothing', async () => {
    const { session: one, asked, posted } = await opened();
    one.receive({ type: 'details', request: 1, tensor: 3 });
    one.receive({ type: 'details', request: 2, tensor: 4 });
    one.receive({ type: 'forget', request: 2 });
    expect(asked[3]!.signal.aborted).toBe(true);
    asked[2]!.end(new Error('a.th: cut off'));
    await settled();
    expect(posted.filter(message => message.type === 'requestFailed')).toEqual([
      { type: 'requestFailed', request: 1, message: 'a.th: cut off' },
    ]);
  });

  test('a file that cannot be opened: why, and what to do', async () => {
    const { session: one, asked, posted, closed } = session();
    one.start();
    await settled();
    asked[0]!.end(new Error('a.th: a Git LFS pointer, not the file'));
    await settled();
    expect(posted.at(-1)).toEqual({
      type: 'failed',
      message: 'a.th: a Git LFS pointer, not the file',
      actions: ['reopen', 'reopenWith', 'showLog'],
    });
    expect(closed).toEqual([1]);
  });

  test('a source that cannot be read fails the same way', async () => {
    const posted: HostToInspectorView[] = [];
    const broken = {
      ...subject,
      actions: () => [],
      source: () => Promise.reject(new Error('not there in this revision')),
    };
    new InspectSession(fakeProcess().process, broken, message => posted.push(message)).start();
    await settled();
    expect(posted.at(-1)).toMatchObject({ type: 'failed', message: 'not there in this revision' });
  });

  test('a crash leaves what is shown, says so and offers to open the file again', async () => {
    const { asked, posted, types } = await opened();
    const crash = new InspectorCrash("The inspector's process stopped unexpectedly (signal SIGKILL).");
    asked[1]!.end(crash);
    asked[0]!.tell!(crash);
    await settled();
    expect(types()).not.toContain('failed');
    expect(posted.at(-1)).toMatchObject({ type: 'notice', actions: ['reopen', 'showLog'] });
  });

  test('a change on disk is told', async () => {
    const { asked, posted } = await opened();
    asked[0]!.tell!('changed');
    expect(posted.at(-1)).toMatchObject({ type: 'notice', actions: ['reopen'] });
  });

  test('a page that goes away gives up its file and all that is asked for it', async () => {
    const { session: one, asked, closed, posted } = await opened();
    const before = posted.length;
    one.stop();
    await settled();
    expect(asked[1]!.signal.aborted).toBe(true);
    expect(closed).toEqual([1]);
    expect(posted).toHaveLength(before);
  });

  test('a page that comes back gets everything again', async () => {
    const { session: one, types, asked } = await opened();
    one.start();
    await settled();
    expect(types().at(-1)).toBe('opening');
    expect(asked.at(-1)!.question).toMatchObject({ type: 'open' });
  });
});

describe('a session of two files', () => {
  test('opens both, pairs them, and sends comparisons', async () => {
    const posted: HostToInspectorView[] = [];
    const { process, asked } = fakeProcess();
    const right = { ...subject, name: 'b.th' };
    const session = new CompareSession(process, subject, right, { left: 'file:///a', right: 'file:///b' }, message =>
      posted.push(message),
    );
    session.start();
    await settled();
    for (const one of asked.slice(0, 2)) {
      one.answer({ type: 'opened', summary, tensorCount: tensors.length, identity: 'x' });
      one.end();
    }
    await settled();
    expect(asked[2]!.question).toEqual({ type: 'compare', left: 1, right: 2 });
    const kept = pairsOf(tensors);
    const pairs = kept.map(({ name }) => {
      const index = tensors.findIndex(tensor => tensor.name === name);
      return { name, left: index, right: index };
    });
    asked[2]!.answer({ type: 'pairs', pairs, unpaired: [{ name: 'x', left: [3], right: null }] });
    asked[2]!.answer({ type: 'comparison', pair: 4, result: { ok: true, comparison: comparisonOf(kept[4]!, 4) } });
    asked[2]!.end();
    await settled();
    expect(posted.map(({ type }) => type)).toEqual([
      'opening',
      'comparing',
      'pairs',
      'unpaired',
      'comparisons',
      'complete',
    ]);
    expect(posted[0]).toMatchObject({ mode: 'compare', state: { left: 'file:///a', right: 'file:///b' } });
    expect(posted[2]).toMatchObject({ first: 0, total: pairs.length });
    session.receive({ type: 'nextDifference', request: 9, pair: 4, from: 17 });
    const { left } = pairs[4]!;
    expect(asked[3]!.question).toEqual({
      type: 'nextDifference',
      left: { file: 1, tensor: left },
      right: { file: 2, tensor: left },
      from: 17,
    });
  });

  test('one that cannot be opened fails both, by its name', async () => {
    const posted: HostToInspectorView[] = [];
    const { process, asked, closed } = fakeProcess();
    new CompareSession(process, subject, { ...subject, name: 'b.th' }, {}, message => posted.push(message)).start();
    await settled();
    asked[1]!.end(new Error('b.th: cut off at byte 7'));
    await settled();
    expect(posted.at(-1)).toMatchObject({ type: 'failed', message: 'b.th: cut off at byte 7' });
    expect(closed.sort()).toEqual([1, 2]);
  });
});
