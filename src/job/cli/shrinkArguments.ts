/** Options of `shrink`. */
import type { ExportFormat } from '../../export/ticket';
import type { TicketChoice } from '../ticketSource';
import { readExport, type ExportValues } from './exportArguments';
import { UsageError } from './usageError';

export interface ShrinkCommand {
  readonly kind: 'shrink';
  readonly operand: string;
  readonly store: string;
  /** null: the operand is a model file. */
  readonly run: TicketChoice | null;
  readonly part: 'trained' | 'start';
  readonly format: ExportFormat;
  readonly out: string;
  readonly overwrite: boolean;
  readonly json: boolean;
}

/** @throws UsageError */
export function readShrink(operands: readonly string[], values: ExportValues): ShrinkCommand {
  const [operand, extra] = operands;
  if (!operand) throw new UsageError('"shrink" needs the path of a model, an experiment file or a store');
  if (extra !== undefined) throw new UsageError(`"shrink" takes one model or experiment, but "${extra}" is there too`);
  if (!values.out) throw new UsageError('"shrink" needs --out FILE, where the smaller model goes');
  const isRun = values.level !== undefined;
  const meaningless = (['method', 'replicate', 'what', 'store'] as const).find(flag => values[flag] !== undefined);
  if (!isRun && meaningless) throw new UsageError(`--${meaningless} has a meaning with --level only, for a run`);
  if (values['mask-pairs'])
    throw new UsageError('--mask-pairs has no meaning for "shrink": nothing is masked any more');
  const { what = 'trained' } = values;
  if (what !== 'trained' && what !== 'start') throw new UsageError(`--what is trained or start, not "${what}"`);
  const { store, method, level, replicate, format, out, overwrite, json } = readExport(operands, {
    ...values,
    level: values.level ?? '0',
    what,
  });
  return {
    kind: 'shrink',
    operand,
    store,
    run: isRun ? { method, level, replicate } : null,
    part: what,
    format,
    out,
    overwrite,
    json,
  };
}
