/** Between the fuzzer's main thread and the one that runs the cases. */
export interface FuzzJob {
  readonly seed: number;
  readonly seconds: number;
  /** Targets that are run. */
  readonly chosen: readonly number[];
  /** For the files of the case at work. */
  readonly directory: string;
  /** [target, number] of the case at work: memory that both see, since a thread that hangs sends nothing. */
  readonly atWork: SharedArrayBuffer;
  /** Only this case. */
  readonly only: { readonly target: number; readonly index: number } | null;
}

export interface FuzzResult {
  readonly target: number;
  readonly index: number;
  readonly outcome: 'valid' | 'refused' | 'failed';
  /** Of a failure: the error with its stack. */
  readonly error?: string;
}
