/** Options of `prune`. */
import { policyKinds, type PolicyKind, type PruneRule, type PruneTarget } from '../../checkpoints/write/pruneRule';
import { UsageError } from './usageError';

export interface PruneCommand {
  readonly kind: 'prune';
  readonly file: string;
  readonly out: string;
  readonly overwrite: boolean;
  readonly rule: PruneRule;
  readonly exclude: readonly string[];
  readonly json: boolean;
}

export const pruneFlags = {
  out: { type: 'string', short: 'o' },
  overwrite: { type: 'boolean' },
  method: { type: 'string' },
  density: { type: 'string' },
  sparsity: { type: 'string' },
  scope: { type: 'string' },
  norm: { type: 'string' },
  pattern: { type: 'string' },
  exclude: { type: 'string', multiple: true },
  'role-policy': { type: 'string' },
} as const;

export type PruneValues = {
  readonly [flag in keyof typeof pruneFlags]?: (typeof pruneFlags)[flag] extends { readonly multiple: true }
    ? string[] | undefined
    : (typeof pruneFlags)[flag]['type'] extends 'boolean'
      ? boolean | undefined
      : string | undefined;
} & { readonly json?: boolean | undefined };

/** @throws UsageError */
export function readPrune([file, extra]: readonly string[], values: PruneValues): PruneCommand {
  if (!file) throw new UsageError('"prune" needs the path of a checkpoint');
  if (extra !== undefined) {
    throw new UsageError(
      `"prune" takes one checkpoint, but "${extra}" is there too (several patterns: --exclude A --exclude B)`,
    );
  }
  if (!values.out) throw new UsageError('"prune" needs --out FILE, where the copy goes');
  const exclude = values.exclude ?? [];
  if (exclude.includes('')) throw new UsageError('--exclude needs a name');
  return {
    kind: 'prune',
    file,
    out: values.out,
    overwrite: values.overwrite ?? false,
    rule: readRule(values),
    exclude,
    json: values.json ?? false,
  };
}

function readRule(values: PruneValues): PruneRule {
  const method = oneOf('method', values.method ?? 'magnitude', ['magnitude', 'structured', 'n:m'] as const);
  const meaningless = (flags: readonly (keyof PruneValues)[]): void => {
    const flag = flags.find(name => values[name] !== undefined);
    if (flag) throw new UsageError(`--${flag} has no meaning with --method ${method}`);
  };
  if (method === 'n:m') {
    meaningless(['density', 'sparsity', 'scope', 'norm', 'role-policy']);
    return { method, ...readPattern(values.pattern ?? '2:4') };
  }
  meaningless(method === 'magnitude' ? ['pattern', 'norm'] : ['pattern']);
  const target = readTarget(values);
  const policy = readPolicy(values['role-policy']);
  if (!target && policy.size === 0) {
    throw new UsageError('how much should go? --sparsity 0.9 (or --density 0.1, or --role-policy) says it');
  }
  const ranked = { scope: oneOf('scope', values.scope ?? 'global', ['global', 'layer'] as const), target, policy };
  if (method === 'magnitude') return { method, ...ranked };
  return { method, norm: oneOf('norm', values.norm ?? 'l2', ['l1', 'l2'] as const), ...ranked };
}

function readTarget({ density, sparsity }: PruneValues): PruneTarget | null {
  if (density !== undefined && sparsity !== undefined) {
    throw new UsageError('--density and --sparsity say the same thing twice: give one');
  }
  if (sparsity !== undefined) return { sparsity: share('--sparsity', sparsity) };
  if (density === undefined) return null;
  const value = number(density);
  if (!(value > 0 && value <= 1)) throw new UsageError(`--density is a share above 0, up to 1, not "${density}"`);
  return { density: value };
}

function readPattern(text: string): { readonly n: number; readonly m: number } {
  const [n, m] = (/^(\d{1,2}):(\d{1,2})$/.exec(text)?.slice(1) ?? []).map(Number);
  if (n === undefined || m === undefined || n < 1 || m < 2 || n >= m || m > 32) {
    throw new UsageError(`--pattern is how many of how many neighbours stay, as 2:4 (up to 32), not "${text}"`);
  }
  return { n, m };
}

function readPolicy(text: string | undefined): ReadonlyMap<PolicyKind, number> {
  const policy = new Map<PolicyKind, number>();
  if (text === undefined) return policy;
  for (const part of text.split(',')) {
    const [kind, value, extra] = part.trim().split('=');
    const known = policyKinds.find(name => name === kind);
    if (!known || value === undefined || extra !== undefined) {
      throw new UsageError(`--role-policy is KIND=SPARSITY,… with ${policyKinds.join(', ')}, not "${part}"`);
    }
    if (policy.has(known)) throw new UsageError(`--role-policy names "${known}" twice`);
    policy.set(known, share('--role-policy', value));
  }
  return policy;
}

function share(flag: string, text: string): number {
  const value = number(text);
  if (!(value >= 0 && value < 1)) throw new UsageError(`${flag} is a share from 0 to below 1, not "${text}"`);
  return value;
}

/** Decimal; NaN for anything else, as "0x1", "50%" or nothing. */
function number(text: string): number {
  return /^(\d+\.?\d*|\.\d+)(e-?\d+)?$/i.test(text) ? Number(text) : NaN;
}

function oneOf<T extends string>(flag: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find(name => name === value);
  if (found === undefined) throw new UsageError(`--${flag} is ${allowed.join(' or ')}, not "${value}"`);
  return found;
}
