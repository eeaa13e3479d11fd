/** Masks and filter norms of torch.nn.utils.prune: global and per layer by |w|, and whole filters by their norm. */
import { z } from 'zod';
import { Mask } from '../../../src/lottery/mask';
import { pruneByMagnitude } from '../../../src/lottery/magnitude';
import type { PruningRule } from '../../../src/lottery/rule';
import { roundHalfEven } from '../../../src/lottery/counts';
import { filterPowers } from '../../../src/lottery/structured/importance';
import { passed, type GoldenCase, type Handler } from '../goldenCase';
import { relativeTolerance } from '../tolerance';

const schema = z.object({ hyperparameters: z.record(z.string(), z.unknown()) });

export const torchPruneMasks: Handler = golden => {
  const { hyperparameters } = schema.parse(golden.description);
  globalRounds(golden, amountIn(hyperparameters['global_l1']));
  perLayer(golden);
  filters(golden, amountIn(hyperparameters['ln_structured']));
  return passed;
};

/** "amount .2 applied twice; …" */
function amountIn(text: unknown): number {
  const match = /amount (\d*\.\d+|\d+)/.exec(typeof text === 'string' ? text : '');
  if (!match) throw new Error(`no amount in ${JSON.stringify(text)}`);
  return Number(match[1]);
}

function globalRounds(golden: GoldenCase, rate: number): void {
  const prefix = 'mask.global_l1_round_';
  const rounds = new Set(golden.namesUnder(prefix).map(name => Number.parseInt(name, 10)));
  let masks: Mask[] | null = null;
  for (const round of [...rounds].sort((a, b) => a - b)) {
    const names = golden.namesUnder(`${prefix}${round}.`);
    const pruned = prune(golden, names, masks, { scope: 'global', rate });
    names.forEach((name, i) => {
      golden.expectMask(`${prefix}${round}.${name}`, pruned[i]!);
    });
    masks = pruned;
  }
}

function perLayer(golden: GoldenCase): void {
  const prefix = 'mask.l1_unstructured_per_layer_';
  for (const key of golden.namesUnder(prefix)) {
    const match = /^(\d*\.\d+)\.(.+)$/.exec(key);
    if (!match) throw new Error(`${prefix}${key} is not understood`);
    const [mask] = prune(golden, [match[2]!], null, { scope: 'layer', rate: Number(match[1]) });
    golden.expectMask(`${prefix}${key}`, mask!);
  }
}

function prune(
  golden: GoldenCase,
  names: readonly string[],
  masks: readonly Mask[] | null,
  { scope, rate }: Pick<PruningRule, 'scope' | 'rate'>,
): Mask[] {
  const kernels = names.map((name, i) => {
    const weights = golden.floats(`weight.${name}`);
    return {
      name,
      shape: golden.shape(`weight.${name}`),
      output: false,
      weights,
      mask: masks?.[i] ?? Mask.ones(weights.length),
    };
  });
  return pruneByMagnitude(kernels, { scope, rate, outputRate: rate, exclude: [], counts: 'exact' });
}

/** The round(amount · filters) with the smallest norm of their weights go; PyTorch has outputs first. */
function filters(golden: GoldenCase, amount: number): void {
  for (const key of golden.namesUnder('score.ln_structured_n')) {
    const match = /^(\d+)\.(.+)$/.exec(key);
    if (!match) throw new Error(`score.ln_structured_n${key} is not understood`);
    const [, power, name] = match as unknown as [string, string, string];
    const [count] = golden.shape(`weight.${name}`);
    const weights = golden.floats(`weight.${name}`);
    const powers = filterPowers(outputsLast(weights, count!), count!, Number(power));
    const norms = Float32Array.from(powers, value => value ** (1 / Number(power)));
    const label = `ln_structured_n${key}`;
    golden.expectValues(`score.${label}`, norms, relativeTolerance(golden, `score.${label}`, 1e-6));
    const order = Array.from(powers.keys()).sort((a, b) => powers[a]! - powers[b]!);
    const removed = new Set(order.slice(0, roundHalfEven(amount * count!)));
    const each = weights.length / count!;
    const bytes = Uint8Array.from(weights, (_, i) => (removed.has(Math.floor(i / each)) ? 0 : 1));
    golden.expectMask(`mask.${label}`, Mask.fromBytes(bytes));
  }
}

function outputsLast(weights: Float32Array, outputs: number): Float32Array {
  const each = weights.length / outputs;
  return weights.map((_, i) => weights[(i % outputs) * each + Math.floor(i / outputs)]!);
}
