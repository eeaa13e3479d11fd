/**
 * Every message between the processes, split by direction. A receiver validates what it gets: a child or a webview can
 * send anything.
 */
import type { Experiment } from './experiment';
import type { RunEvaluation } from './evaluation';
import type { MaskPart, MaskRequest } from './mask';
import type { CurvePoint, ExperimentStatus, Progress, Report } from './report';

/** Host → job, over IPC. */
export type HostToJob =
  | {
      readonly type: 'start';
      readonly experimentPath: string;
      readonly storeDirectory: string;
      /** For an experiment that says "auto" and has not been started before; absent: by a trial. */
      readonly executor?: Exclude<Experiment['executor'], 'auto'>;
      /** How often runs at work save how far they are; 0: only when they are told to stop. Absent: the job's default. */
      readonly checkpointSeconds?: number;
      /** Most runs side by side; absent: the job's default. */
      readonly parallel?: number;
    }
  /** All three save and stop. */
  | { readonly type: 'cancel' }
  | { readonly type: 'pause' }
  /** The host goes: as if the connection had ended. */
  | { readonly type: 'leave' };

/** Job → host, over IPC, in this order: log and progress at any time, `finished` last. */
export type JobToHost =
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'evaluation'; readonly run: string; readonly point: CurvePoint }
  /** After each run, and at start: the report as far as it goes; also on disk. */
  | { readonly type: 'report'; readonly report: Report }
  | { readonly type: 'log'; readonly level: 'info' | 'warn' | 'error'; readonly message: string }
  | {
      readonly type: 'finished';
      /** "running": it was told to leave, and the experiment is interrupted. */
      readonly status: ExperimentStatus;
      /** The experiment was wrong (field named) or the work failed. */
      readonly error?: { readonly message: string; readonly field?: string; readonly file?: string };
    };

/** What a page has made for a person to keep; the host asks where to, checks it and writes it. */
export interface SavedFile {
  /** Proposed, without its extension. */
  readonly name: string;
  readonly kind: (typeof savedKinds)[number];
  /** Text; of a PNG its bytes as base64. */
  readonly content: string;
}
export const savedKinds = ['svg', 'png', 'csv'] as const;

/** Webview of an experiment → host. */
export type PanelToHost =
  | { readonly type: 'ready' }
  | { readonly type: 'curves'; readonly runs: readonly string[] }
  | { readonly type: 'evaluations'; readonly runs: readonly string[] }
  | ({ readonly type: 'mask' } & MaskRequest)
  | { readonly type: 'run' }
  | { readonly type: 'cancel' }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  /** It waits in the queue, and is to be the next. */
  | { readonly type: 'prioritise' }
  | { readonly type: 'removeFromQueue' }
  | { readonly type: 'cancelOnCluster' }
  /** Adds the missing controls to the experiment file and runs it again. */
  | { readonly type: 'addControls' }
  | { readonly type: 'openExperiment' }
  | { readonly type: 'openReport' }
  | { readonly type: 'copyTable' }
  | { readonly type: 'showLog' }
  | { readonly type: 'save'; readonly file: SavedFile }
  /** The whole panel as one file that needs nothing else. */
  | { readonly type: 'savePage' }
  /** A level for other programs: the host asks which, in which format and where to. */
  | { readonly type: 'exportTicket' };

/** Host → webview of an experiment. */
export type HostToPanel =
  /** The whole state; sent on `ready` and whenever the report changes. `report` is null before the first. */
  | {
      readonly type: 'state';
      readonly name: string;
      readonly running: boolean;
      readonly report: Report | null;
      readonly progress: Progress | null;
      readonly error: string | null;
      /** Its place in the queue of its store, 1 for the next; absent where it does not wait. */
      readonly queued?: number;
      /** How far it is where it is computed on a cluster, in words; absent where it is not. */
      readonly away?: string;
    }
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'evaluation'; readonly run: string; readonly point: CurvePoint }
  /** Answer to `curves`; a run without a curve has an empty one. */
  | { readonly type: 'curves'; readonly curves: Readonly<Record<string, readonly CurvePoint[]>> }
  /** Answer to `evaluations`; null where a run has none: it was computed by an earlier version. */
  | { readonly type: 'evaluations'; readonly evaluations: Readonly<Record<string, RunEvaluation | null>> }
  /** Answers to `mask`: one of them. */
  | { readonly type: 'mask'; readonly request: number; readonly part: MaskPart }
  | { readonly type: 'maskFailed'; readonly request: number; readonly message: string };

/** Page that compares experiments → host. */
export type ComparisonToHost =
  | { readonly type: 'ready' }
  /** Shows the panel of one of them. */
  | { readonly type: 'open'; readonly index: number }
  | { readonly type: 'save'; readonly file: SavedFile };

export interface ComparedExperiment {
  readonly name: string;
  /** Where its results are, to tell apart those of one name. */
  readonly place: string;
  /** null before the first. */
  readonly report: Report | null;
}

/** Host → page that compares experiments; sent on `ready` and whenever a report changes. */
export type HostToComparison = { readonly type: 'experiments'; readonly experiments: readonly ComparedExperiment[] };

/** Side-panel chart → host. */
export type SidebarToHost = { readonly type: 'ready' } | { readonly type: 'open' };

/** Host → side-panel chart: the running or selected experiment. */
export type HostToSidebar = {
  readonly type: 'state';
  readonly name: string | null;
  readonly running: boolean;
  readonly report: Report | null;
  readonly progress: Progress | null;
  /** Learning curve of the run at work. */
  readonly curve: readonly CurvePoint[];
  /** How far it is where it is at work, but not in this window, in words. */
  readonly away?: string;
};
