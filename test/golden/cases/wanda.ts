/** locuslab/wanda `lib/prune.py`: scores from calibration, and what goes of each output; PyTorch has outputs first. */
import { z } from 'zod';
import { pruneByMagnitude } from '../../../src/lottery/magnitude';
import { Mask } from '../../../src/lottery/mask';
import { pruneToPattern } from '../../../src/lottery/structured/patterns';
import { pruneOutputs, pruneOutputsByShare, wandaScores } from '../../../src/lottery/wanda';
import { passed, type GoldenCase, type Handler } from '../goldenCase';
import { relativeTolerance } from '../tolerance';

const schema = z.looseObject({
  architecture: z.looseObject({
    layers: z.tuple([z.looseObject({ name: z.string(), in: z.int(), out: z.int() })]),
  }),
  tolerance: z.looseObject({ scaler_row_max_rel_err_float32_vs_float64: z.number() }),
});

export const wandaMasks: Handler = golden => {
  const { architecture, tolerance } = schema.parse(golden.description);
  const [{ name, in: inputs, out: outputs }] = architecture.layers;
  const relative = 10 * tolerance.scaler_row_max_rel_err_float32_vs_float64;
  const weights = transposed(golden.floats(`weight.${name}`), outputs, inputs);
  const squares = squaresPerSequence(golden, inputs);
  golden.expectValues(
    'score.scaler_row',
    Float32Array.from(squares),
    relativeTolerance(golden, 'score.scaler_row', relative),
  );
  const scores = wandaScores(
    weights,
    Float64Array.from(weights, (_, i) => squares[Math.floor(i / outputs)]!),
  );
  const metric = transposed(Float32Array.from(scores), inputs, outputs);
  golden.expectValues('score.metric', metric, relativeTolerance(golden, 'score.metric', relative));
  for (const rule of golden.namesUnder('mask.')) {
    const mask = rule.startsWith('wanda.')
      ? byWanda(rule, scores, inputs, outputs)
      : byMagnitude(rule, weights, outputs);
    golden.expectMask(`mask.${rule}`, Mask.fromBytes(transposed(mask, inputs, outputs)));
  }
  return passed;
};

/** Σ over all tokens of x² for each input, divided by the number of sequences. */
function squaresPerSequence(golden: GoldenCase, inputs: number): Float64Array {
  const x = golden.floats('input.x');
  const [sequences] = golden.shape('input.x');
  const squares = new Float64Array(inputs);
  x.forEach((value, i) => (squares[i % inputs]! += value * value));
  return squares.map(sum => sum / sequences!);
}

function byWanda(rule: string, scores: Float64Array, inputs: number, outputs: number): Uint8Array {
  const live = new Uint8Array(scores.length).fill(1);
  const [kind, amount] = parts(rule);
  if (kind === 'unstructured') pruneOutputs(scores, live, outputs, () => Math.trunc(inputs * amount));
  else if (kind === 'variant') pruneOutputsByShare(scores, live, outputs, amount);
  else return toPattern(rule, Float32Array.from(scores), outputs);
  return live;
}

/** The peer's threshold takes the weight of rank int(n · amount) along. */
function byMagnitude(rule: string, weights: Float32Array, outputs: number): Uint8Array {
  const [kind, amount] = parts(rule);
  if (kind !== 'unstructured') return toPattern(rule, weights, outputs);
  const kernel = { name: rule, output: false, weights, mask: Mask.ones(weights.length) };
  // open_lth's count is the same rule: everything up to sorted[⌈rate · n⌉] goes
  const rate = Math.trunc(weights.length * amount) / weights.length;
  const [mask] = pruneByMagnitude([kernel], {
    scope: 'global',
    rate,
    outputRate: rate,
    exclude: [],
    counts: 'open_lth',
  });
  return mask!.toBytes();
}

/** "wanda.2of4": 2 of each 4 inputs of an output go. */
function toPattern(rule: string, values: Float32Array, outputs: number): Uint8Array {
  const match = /\.(\d+)of(\d+)$/.exec(rule);
  if (!match) throw new Error(`mask.${rule} is not understood`);
  const [n, m] = [Number(match[1]), Number(match[2])];
  return pruneToPattern({ name: rule, weights: values, mask: Mask.ones(values.length) }, outputs, m, m - n).toBytes();
}

function parts(rule: string): [kind: string, amount: number] {
  const match = /\.([a-z]+)_(\d*\.\d+)$/.exec(rule);
  return match ? [match[1]!, Number(match[2])] : ['', 0];
}

/** [rows, columns] → [columns, rows] */
function transposed<T extends Float32Array | Uint8Array>(values: T, rows: number, columns: number): T {
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!) as T;
}
