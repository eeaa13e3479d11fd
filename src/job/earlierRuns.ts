/** Runs of versions that did not evaluate outputs: done later, from the weights in the store, without training. */
import type { RunNode, RunRecord } from '../shared/run';
import { DeviceLostError } from '../training/trainer';
import { DamagedRunError } from './care/damagedRun';
import type { Runner } from './runner';

/** Each once; not those to the rewind step, which no report shows. */
export function unevaluated(nodes: readonly RunNode[], records: ReadonlyMap<string, RunRecord>): RunRecord[] {
  const found = new Map<string, RunRecord>();
  for (const { key, method } of nodes) {
    const record = records.get(key);
    if (method !== 'prefix' && record?.status === 'done' && !record.measures) found.set(key, record);
  }
  return [...found.values()];
}

/**
 * A run that cannot be evaluated stays as it is: its results are whole without.
 * @param tell what could not be done
 * @throws DamagedRunError; the signal's reason
 */
export async function evaluateEarlier(
  records: readonly RunRecord[],
  runner: Pick<Runner, 'evaluate'>,
  onRecord: (record: RunRecord) => void,
  tell: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const record of records) {
    signal.throwIfAborted();
    try {
      onRecord(await runner.evaluate(record, signal));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof DamagedRunError) throw error;
      tell(`run ${record.key} is not evaluated: ${error instanceof Error ? error.message : String(error)}`);
      if (error instanceof DeviceLostError) return;
    }
  }
}
