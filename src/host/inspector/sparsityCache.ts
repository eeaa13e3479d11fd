/** Sparsity of files that were counted before, for the explorer: kept with the window's folder, a few hundred of them. Pure. */

export interface KnownSparsity {
  /** Of the file when it was counted. */
  readonly size: number;
  readonly changed: number;
  /** Weights that pruning may touch, and those that are 0. */
  readonly prunable: number;
  readonly zeros: number;
}

/** The oldest go first. */
export const mostKnown = 500;

export type KnownFiles = Readonly<Record<string, KnownSparsity>>;

export function withFile(known: KnownFiles, file: string, sparsity: KnownSparsity): KnownFiles {
  const others = Object.entries(known).filter(([name]) => name !== file);
  return Object.fromEntries([...others, [file, sparsity] as const].slice(-mostKnown));
}

/** Reads what was kept, perhaps by an older version. */
export function readKnownFiles(value: unknown): KnownFiles {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, KnownSparsity] => isKnown(entry[1])),
  );
}

function isKnown(value: unknown): value is KnownSparsity {
  if (typeof value !== 'object' || value === null) return false;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return ['size', 'changed', 'prunable', 'zeros'].every(name => Number.isFinite(fields[name]));
}

/** At most two characters beside a name: percent, 1 to 99; nothing where there are no zeros, ∅ where there is nothing else. */
export function badgeOf({ prunable, zeros }: KnownSparsity): string | undefined {
  if (prunable === 0 || zeros === 0) return undefined;
  if (zeros === prunable) return '∅';
  return String(Math.min(99, Math.max(1, Math.round((100 * zeros) / prunable))));
}
