/** What a click on the status bar offers while a job runs. Pure: experiments in, choices out. */
import { formatProgress, ordinal } from '../shared/format';
import type { ExperimentRef } from './store';
import { runsDone, sortEntries, stateOf, type ExperimentEntry } from './treeModel';

export interface StatusAction {
  readonly label: string;
  /** Command of this extension that does it, called with `ref`. */
  readonly command: 'openPanel' | 'pause' | 'cancel' | 'resume' | 'prioritise';
}

/** The actions on one experiment, under its name. */
export interface StatusGroup {
  readonly ref: ExperimentRef;
  /** Name and how it stands. */
  readonly title: string;
  readonly actions: readonly StatusAction[];
}

const cancel: StatusAction = { label: '$(debug-stop) Cancel', command: 'cancel' };

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
      return make(0, formatProgress(entry.live?.progress ?? entry.progress ?? null), [
        { label: '$(graph-line) Show Report', command: 'openPanel' },
        { label: '$(debug-pause) Pause', command: 'pause' },
        cancel,
      ]);
    case 'queued': {
      const place = entry.queued ?? 1;
      const front: StatusAction = { label: '$(arrow-up) Move to Front', command: 'prioritise' };
      // places in the queue keep their order
      return make(place, `queued, ${ordinal(place)}`, place > 1 ? [front, cancel] : [cancel]);
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
