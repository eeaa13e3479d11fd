import { UsageError } from './usageError';

export interface StoreCommand {
  readonly kind: 'store';
  readonly action: 'verify' | 'gc';
  readonly store: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

interface StoreValues {
  readonly store?: string;
  readonly 'dry-run'?: boolean;
  readonly json?: boolean;
}

/** @throws UsageError */
export function readStore([action, extra]: readonly string[], values: StoreValues): StoreCommand {
  if (action !== 'verify' && action !== 'gc') throw new UsageError('"store" needs what to do: verify or gc');
  if (extra !== undefined) throw new UsageError(`"store ${action}" takes no "${extra}"`);
  const { store = '.winning-ticket', 'dry-run': dryRun = false, json = false } = values;
  if (store === '') throw new UsageError('--store needs the path of a folder');
  if (dryRun && action === 'verify') throw new UsageError('--dry-run has no meaning for "store verify"');
  return { kind: 'store', action, store, dryRun, json };
}
