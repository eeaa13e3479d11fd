/** What comes to the host from the inspector's process and from its page, checked before use. */
import * as z from 'zod';
import { inspectorLimits, type InspectorToHost } from '../../shared/inspectorMessages';
import { copyFormats, inspectorActions, mostVisible, type InspectorViewToHost } from '../../shared/inspectorView';
import { list } from '../boundedList';
import { check, type Checked } from '../validate';

const id = z.int().positive();
const count = z.int().min(0);
const number = z.number().nullable();
const text = z.string().max(100_000);
const name = z.string().max(10_000);
const shape = z.array(count).max(64);
const words = z.enum(['info', 'warn', 'error']);

const tensor = z.object({
  name,
  dtype: z.string().max(200),
  shape,
  // products of shapes and sizes may go beyond what is exact
  count: z.number().min(0),
  bytes: z.number().min(0),
  role: z.enum(['weight', 'buffer', 'optimizer', 'other']),
  prunable: z.boolean(),
  kind: z
    .enum(['convolution', 'dense', 'embedding', 'attention', 'feed-forward', 'head', 'normalization', 'bias'])
    .nullable(),
  outputAxis: count.nullable(),
  inputAxis: count.nullable(),
  tiedTo: name.nullable(),
  error: text.nullable(),
});
const tensors = z.array(tensor).max(inspectorLimits.page);

const dead = z.object({ dead: count, total: count }).nullable();
const statistics = z.object({
  count: z.number().min(0),
  zeros: count,
  nans: count,
  infinities: count,
  minimum: number,
  maximum: number,
  mean: number,
  std: number,
  histogram: z.array(count).max(1_000),
  deadOutputs: dead,
  deadInputs: dead,
  patterns: z.array(z.object({ n: count, m: count, groups: count, compliant: count })).max(16),
  emptyBlocks: z.object({ empty: count, total: count }).nullable(),
});

const comparison = z.object({
  count: z.number().min(0),
  keptInBoth: count,
  onlyLeft: count,
  onlyRight: count,
  neither: count,
  signFlips: count,
  different: count,
  distance: z.number().or(z.nan()),
  leftNorm: z.number().or(z.nan()),
  rightNorm: z.number().or(z.nan()),
  notFinite: count,
  maskIou: number,
  chanceIou: number,
});

const failure = z.object({ ok: z.literal(false), error: text });
const matrix = z.object({ rows: z.number().min(0), columns: z.number().min(0), kernelPositions: z.number().min(0) });
const region = z.object({ row: count, column: count, rows: count, columns: count });
const side = z.int().min(0).max(inspectorLimits.cells);
const cell = z.int().positive();
const frame = { matrix, region, rows: side, columns: side, cellRows: cell, cellColumns: cell };
const floats = z.instanceof(Float32Array);
const counts = z.instanceof(Uint32Array);

const tile = z
  .object({
    ...frame,
    cells: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('weights'), values: floats }),
      z.object({ kind: z.literal('summary'), maximum: floats, mean: floats, zeroFraction: floats }),
    ]),
  })
  .refine(({ rows, columns, cells }) => {
    const all = cells.kind === 'weights' ? [cells.values] : [cells.maximum, cells.mean, cells.zeroFraction];
    return all.every(({ length }) => length === rows * columns);
  }, 'must hold as many cells as it says');

const maskTile = z
  .object({ ...frame, both: counts, onlyLeft: counts, onlyRight: counts })
  .refine(
    ({ rows, columns, both, onlyLeft, onlyRight }) =>
      [both, onlyLeft, onlyRight].every(({ length }) => length === rows * columns),
    'must hold as many cells as it says',
  );

const mostRows = 2 ** 20;
const details = z.object({
  matrix,
  statistics,
  histogram: z.object({ first: z.number(), width: z.number(), counts: z.array(count).max(10_000) }).nullable(),
  rowNorms: floats.refine(({ length }) => length <= mostRows).nullable(),
  rowZeros: counts.refine(({ length }) => length <= mostRows).nullable(),
});

/** A vocabulary, say, as one text. */
const mostMetadata = 2 ** 26;

const fromInspector = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('opened'),
    id,
    summary: z.object({
      file: name,
      format: z.string().max(1_000),
      bytes: z.number().min(0),
      tensors,
      metadata: list(z.tuple([text, z.string().max(mostMetadata)]), 1_000_000),
      notes: list(text, 100_000),
    }),
    tensorCount: count,
    identity: text,
  }),
  z.object({ type: z.literal('tensors'), id, first: count, tensors }),
  z.object({
    type: z.literal('statistics'),
    id,
    tensor: count,
    result: z.union([z.object({ ok: z.literal(true), statistics }), failure]),
  }),
  z.object({ type: z.literal('tile'), id, tile }),
  z.object({ type: z.literal('details'), id, details }),
  z.object({
    type: z.literal('pairs'),
    id,
    pairs: list(z.object({ name, left: count, right: count }), 1_000_000),
    unpaired: list(z.object({ name, left: shape.nullable(), right: shape.nullable() }), 2_000_000),
  }),
  z.object({
    type: z.literal('comparison'),
    id,
    pair: count,
    result: z.union([z.object({ ok: z.literal(true), comparison }), failure]),
  }),
  z.object({ type: z.literal('maskTile'), id, tile: maskTile }),
  z.object({
    type: z.literal('difference'),
    id,
    found: z.object({ position: count, row: count, column: count }).nullable(),
  }),
  z.object({ type: z.literal('done'), id }),
  z.object({ type: z.literal('cancelled'), id }),
  z.object({ type: z.literal('failed'), id, message: text }),
  z.object({ type: z.literal('changed'), file: id, reason: z.enum(['changed', 'removed']) }),
  z.object({ type: z.literal('log'), level: words, message: text }),
]);

const cells = z.object({
  rows: z.int().positive().max(inspectorLimits.cells),
  columns: z.int().positive().max(inspectorLimits.cells),
});
const askedRegion = z.object({ row: count, column: count, rows: id, columns: id });

const fromView = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('visible'), tensors: z.array(count).max(mostVisible) }),
  z.object({ type: z.literal('tile'), request: id, tensor: count, region: askedRegion, cells }),
  z.object({ type: z.literal('details'), request: id, tensor: count }),
  z.object({ type: z.literal('maskTile'), request: id, pair: count, region: askedRegion, cells }),
  z.object({ type: z.literal('nextDifference'), request: id, pair: count, from: count }),
  z.object({ type: z.literal('forget'), request: id }),
  z.object({ type: z.literal('counted'), prunable: count, zeros: count }),
  z.object({ type: z.literal('copy'), format: z.enum(copyFormats), text: z.string().max(2 ** 28), rows: count }),
  z.object({ type: z.literal('perform'), action: z.enum(inspectorActions) }),
]);

/** Of two files with as many tensors as a file may have, none like one of the other: names and shapes of all. */
const mostValues = 20_000_000;

export const checkInspectorMessage = (value: unknown): Checked<InspectorToHost> =>
  check(fromInspector, value, mostValues);
export const checkInspectorView = (value: unknown): Checked<InspectorViewToHost> => check(fromView, value);
