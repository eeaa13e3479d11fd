/** Options of `export`. */
import { exportFormats, exportParts, type ExportFormat, type ExportPart } from '../../export/ticket';
import { methods, type Method } from '../../shared/report';
import { UsageError } from './usageError';

export interface ExportCommand {
  readonly kind: 'export';
  /** An experiment file, a store, or an experiment of a store. */
  readonly operand: string;
  readonly store: string;
  readonly method: Method;
  readonly level: number;
  /** Counted from 0. */
  readonly replicate: number;
  readonly format: ExportFormat;
  readonly part: ExportPart;
  readonly pairs: boolean;
  readonly out: string;
  readonly overwrite: boolean;
  readonly json: boolean;
}

export const exportFlags = {
  level: { type: 'string' },
  replicate: { type: 'string' },
  format: { type: 'string' },
  what: { type: 'string' },
  'mask-pairs': { type: 'boolean' },
} as const;

export interface ExportValues {
  readonly level?: string | undefined;
  readonly replicate?: string | undefined;
  readonly format?: string | undefined;
  readonly what?: string | undefined;
  readonly 'mask-pairs'?: boolean | undefined;
  readonly method?: string | undefined;
  readonly store?: string | undefined;
  readonly out?: string | undefined;
  readonly overwrite?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** @throws UsageError */
export function readExport([operand, extra]: readonly string[], values: ExportValues): ExportCommand {
  if (!operand) throw new UsageError('"export" needs the path of an experiment file or of a store');
  if (extra !== undefined) throw new UsageError(`"export" takes one experiment, but "${extra}" is there too`);
  if (values.store === '') throw new UsageError('--store needs the path of a folder');
  if (values.level === undefined) throw new UsageError('"export" needs --level L: 0 is the dense network');
  if (!values.out) throw new UsageError('"export" needs --out FILE, where the ticket goes');
  const format = oneOf('format', values.format ?? formatOf(values.out), exportFormats);
  const pairs = values['mask-pairs'] ?? false;
  if (pairs && format !== 'pt') throw new UsageError('--mask-pairs has a meaning with --format pt only');
  return {
    kind: 'export',
    operand,
    store: values.store ?? '.winning-ticket',
    method: oneOf('method', values.method ?? 'iterative', methods),
    level: wholeNumber('level', values.level, 0),
    replicate: wholeNumber('replicate', values.replicate ?? '1', 1) - 1,
    format,
    part: oneOf('what', values.what ?? 'ticket', exportParts),
    pairs,
    out: values.out,
    overwrite: values.overwrite ?? false,
    json: values.json ?? false,
  };
}

/** By the name of the file, where it tells. */
function formatOf(out: string): string {
  const ending = /\.([a-z0-9]+)$/i.exec(out)?.[1]?.toLowerCase() ?? '';
  return { json: 'tfjs', hdf5: 'h5', pth: 'pt' }[ending] ?? ending;
}

function wholeNumber(flag: string, text: string, least: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least)) throw new UsageError(`--${flag} is a whole number from ${String(least)} on, not "${text}"`);
  return value;
}

function oneOf<T extends string>(flag: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find(name => name === value);
  if (found === undefined) throw new UsageError(`--${flag} is one of ${allowed.join(', ')}, not "${value}"`);
  return found;
}
