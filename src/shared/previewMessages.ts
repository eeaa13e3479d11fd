/** Messages between the extension host and the page that shows a sample of the data before an experiment is written. */
import type { DataDescription } from './describeMessages';

/** What the person decides. */
export const previewAnswers = ['continue', 'other', 'cancel'] as const;
export type PreviewAnswer = (typeof previewAnswers)[number];

export type PreviewToHost = { readonly type: 'ready' } | { readonly type: 'answer'; readonly answer: PreviewAnswer };

export interface PreviewState {
  /** File or folder, as it stands in the window. */
  readonly name: string;
  /** In words: format, shape, classes, counts. */
  readonly facts: string;
  readonly data: DataDescription;
  /** The model that it is for, in words; null: it is chosen later. */
  readonly model: { readonly name: string; readonly facts: readonly string[] } | null;
  /** Whether other data can be chosen instead. */
  readonly others: boolean;
}

export type HostToPreview = { readonly type: 'show'; readonly state: PreviewState };
