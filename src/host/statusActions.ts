/** The item of the status bar while there is something at work, and what a click on it offers. Pure. */
import { formatProgress, ordinal } from '../shared/format';
import type { ExperimentRef } from './store';
import { runsDone, sortEntries, stateOf, type ExperimentEntry } from './treeModel';

export interface StatusAction {
  readonly label: string;
  /** Command of this extension that does it, called with `ref`. */
  readonly command: 'openPanel' | 'pause' | 'cancel' | 'resume' | 'prioritise' | 'removeFromQueue';
}

export interface StatusItem {
  readonly text: string;
  readonly tooltip: string;
  /** For a screen reader. */
  readonly label: string;
}

/** Of what is at work, in this window or elsewhere, and how much waits; null where that is nothing. */
export function statusItem(entries: readonly ExperimentEntry[]): StatusItem | null {
  const sorted = sortEntries(entries);
  const atWork = sorted.filter(entry => ['running', 'elsewhere'].includes(stateOf(entry)));
  const waiting = sorted.filter(entry => stateOf(entry) === 'queued').length;
  const wait = waiting > 0 ? [`${waiting} queued`] : [];
  const [first] = atWork;
  if (!first) {
    if (waiting === 0) return null;
    return {
      text: `$(clock) ${waiting} queued`,
      tooltip: `Winning Ticket: ${waiting} queued`,
      label: `Winning Ticket, ${waiting} queued`,
    };
  }
  const text = progressOf(first);
  const more = atWork.length > 1 ? ` (+${atWork.length - 1})` : '';
  const lines = atWork.map(
    entry => `${entry.ref.name}, ${progressOf(entry)}${entry.live ? '' : ', in another process'}`,
  );
  return {
    text: `$(beaker) ${[`${text}${more}`, ...wait].join(' · ')}`,
    tooltip: `Winning Ticket: ${[...lines, ...wait].join('\n')}`,
    label: ['Winning Ticket', first.ref.name, text, ...wait].join(', '),
  };
}

const progressOf = ({ live, progress }: ExperimentEntry): string => formatProgress(live?.progress ?? progress ?? null);

/** The actions on one experiment, under its name. */
export interface StatusGroup {
  readonly ref: ExperimentRef;
  /** Name and how it stands. */
  readonly title: string;
  readonly actions: readonly StatusAction[];
}

/** Of what is at work, waits or can be resumed, in this order. */
export function statusGroups(entries: readonly ExperimentEntry[]): StatusGroup[] {
  const groups = sortEntries(entries).flatMap(entry => groupOf(entry) ?? []);
  return groups.sort((a, b) => a.rank - b.rank).map(({ group }) => group);
}

function groupOf(entry: ExperimentEntry): { readonly rank: number; readonly group: StatusGroup } | null {
  const { ref, report } = entry;
  const make = (rank: number, standing: string, actions: readonly StatusAction[]) => ({
    rank,
    group: { ref, title: `${ref.name}: ${standing}`, actions },
  });
  const state = stateOf(entry);
  switch (state) {
    case 'running':
    case 'elsewhere':
      return make(0, progressOf(entry), [
        { label: '$(graph-line) Show Report', command: 'openPanel' },
        { label: '$(debug-pause) Pause', command: 'pause' },
        { label: '$(debug-stop) Cancel', command: 'cancel' },
      ]);
    case 'queued': {
      const place = entry.queued ?? 1;
      const front: StatusAction = { label: '$(arrow-up) Move to Front', command: 'prioritise' };
      const remove: StatusAction = { label: '$(close) Remove from Queue', command: 'removeFromQueue' };
      // places in the queue keep their order
      return make(place, `queued, ${ordinal(place)}`, place > 1 ? [front, remove] : [remove]);
    }
    case 'paused':
    case 'interrupted':
      return make(Number.MAX_SAFE_INTEGER, report ? `${state} at ${runsDone(report)}` : state, [
        { label: '$(debug-continue) Resume', command: 'resume' },
      ]);
    case 'cluster':
    case 'done':
    case 'failed':
    case 'cancelled':
    case 'unreadable':
      return null;
  }
}
