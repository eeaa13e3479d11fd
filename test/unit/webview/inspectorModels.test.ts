import { describe, expect, test } from 'vitest';
import { histogramWords, shownBins } from '../../../webview/inspector/cells';
import {
  compareFacts,
  iouOf,
  maskTotal,
  pairFacts,
  PairStore,
  relativeDistance,
  unpairedText,
} from '../../../webview/inspector/compareModel';
import { compareText } from '../../../webview/inspector/compareText';
import { histogramBars, normBars, placeWords } from '../../../webview/inspector/detailModel';
import { guidelineText, summaryModel } from '../../../webview/inspector/summaryModel';
import { TensorStore } from '../../../webview/inspector/tensorStore';
import {
  comparisonOf,
  detailsOf,
  pairsOf,
  residualNetwork,
  statisticsOf,
  tensor,
  transformer,
} from '../../support/sampleInspection';

describe('the store of a file', () => {
  const tensors = residualNetwork();

  test('takes pages in order, and results for tensors that are there', () => {
    const store = new TensorStore();
    store.add(5, tensors.slice(5, 9));
    expect(store.tensors).toEqual([]);
    store.add(0, tensors.slice(0, 5));
    store.add(5, tensors.slice(5, 9));
    expect(store.tensors).toEqual(tensors.slice(0, 9));
    store.setResult(50, { ok: false, error: 'no' });
    expect(store.counted).toBe(0);
    store.setResult(3, { ok: false, error: 'cut off' });
    store.setResult(3, { ok: false, error: 'cut off' });
    expect(store.counted).toBe(1);
    expect([store.isPending(3), store.isPending(4), store.error(3)]).toEqual([false, true, 'cut off']);
  });

  test('a tensor that cannot be read is never waited for', () => {
    const store = new TensorStore();
    store.add(0, [tensor('a', [2], { error: 'out of range' })]);
    expect(store.isPending(0)).toBe(false);
    expect(store.error(0)).toBe('out of range');
  });
});

describe('the summary', () => {
  const fact = (model: ReturnType<typeof summaryModel>, label: string) =>
    model.facts.find(one => one.label === label)?.value;

  test('biases, normalisation and buffers are never prunable, tied memory counts once, optimiser state not at all', () => {
    const tensors = transformer(1);
    const model = summaryModel(tensors, () => null, false);
    const prunable = 8000 * 512 + 4 * 512 ** 2 + 2 * 2048 * 512;
    expect(fact(model, 'prunable')).toContain(prunable.toLocaleString('en-US'));
    expect(fact(model, 'parameters')).toBe((prunable + 2 * 512).toLocaleString('en-US'));
    expect(fact(model, 'tied')).toBe('1 tensor');
    expect(fact(model, 'not counted')).toMatch(/^1 tensor, 16 MiB$/);
    expect(fact(model, 'zeros')).toBe('…');
  });

  test('zeros are "so far" until all is counted', () => {
    const tensors = [tensor('a', [10, 10]), tensor('b', [10, 10])];
    const known = (count: number) => (index: number) =>
      index < count ? { ...statisticsOf(tensors[index]!, 0), zeros: 50 } : null;
    expect(fact(summaryModel(tensors, known(1), false), 'zeros')).toBe('50 so far');
    expect(fact(summaryModel(tensors, known(2), true), 'zeros')).toBe('100');
    expect(fact(summaryModel(tensors, known(2), true), 'sparsity')).toBe('50.0 %');
    expect(fact(summaryModel(tensors, known(2), true), 'effective size')).toBe('400 B of 800 B');
  });

  test('parts of a transformer stand against the guideline; other networks have none', () => {
    const tensors = transformer(1);
    const model = summaryModel(
      tensors,
      index => ({ ...statisticsOf(tensors[index]!, 0), zeros: tensors[index]!.count * 0.55 }),
      true,
    );
    const where = Object.fromEntries(model.kinds.map(kind => [kind.kind, guidelineText(kind).where]));
    expect(where).toEqual({ embedding: 'above', attention: 'within', 'feed-forward': 'below' });
    expect(summaryModel(residualNetwork(), () => null, true).kinds).toEqual([]);
  });
});

describe('the small histogram', () => {
  test('has the same axis in every row; what lies beyond gathers at its ends', () => {
    const histogram = new Array<number>(32).fill(0);
    histogram[0] = 3; // 2^-24
    histogram[4] = 2; // 2^-20
    histogram[31] = 5; // 2^7
    const shown = shownBins(histogram);
    expect(shown).toHaveLength(24);
    expect([shown[0], shown[23]]).toEqual([5, 5]);
    expect(histogramWords(histogram)).toBe('|w| from 2⁻²⁴ to 2⁸, most above 2⁷');
  });

  test('of nothing but zeros says nothing', () => {
    expect(histogramWords(new Array<number>(32).fill(0))).toBe('');
  });
});

describe('the details of a tensor', () => {
  const conv = tensor('conv', [18, 3, 3, 3]);
  const details = detailsOf(conv, statisticsOf(conv, 1));

  test('places are told as outputs, inputs and kernel positions', () => {
    expect(placeWords(3, 17, details.matrix, conv)).toBe('output 3, input 1, kernel position 8');
    expect(placeWords(0, 5, { rows: 1, columns: 9, kernelPositions: 1 }, tensor('bias', [9]))).toBe('weight 5');
    expect(
      placeWords(2, 5, { rows: 4, columns: 9, kernelPositions: 1 }, tensor('x', [4, 9], { outputAxis: null })),
    ).toBe('row 2, column 5');
  });

  test('an output whose weights are all 0 is marked and said to be dead', () => {
    const bars = normBars(details, conv)!;
    expect(bars.marked!(4)).toBe(true);
    expect(bars.words(4)).toMatch(/^output 4: norm 0, dead: all 0$/);
    expect(bars.marked!(5)).toBe(false);
  });

  test('the bin around zero is marked, zeros are told apart', () => {
    const bars = histogramBars(details)!;
    const marked = Array.from({ length: bars.values.length }, (_, bin) => bin).filter(bin => bars.marked!(bin));
    expect(marked).toHaveLength(1);
    expect(bars.title).toMatch(/without the [\d,]+ zeros/);
    expect(histogramBars({ ...details, histogram: null })).toBeNull();
    expect(normBars({ ...details, rowNorms: null }, conv)).toBeNull();
  });
});

describe('a comparison', () => {
  const pairs = pairsOf(residualNetwork());
  const store = new PairStore();
  store.add(0, pairs);
  pairs.forEach((pair, index) => {
    if (index !== 1) store.setResult(index, { ok: true, comparison: comparisonOf(pair, index) });
  });
  store.setResult(1, { ok: false, error: 'cut off' });

  test('sums up masks, and leaves out what could not be compared', () => {
    const total = maskTotal(store, [0, 1])!;
    const { keptInBoth, onlyLeft, onlyRight, count } = comparisonOf(pairs[0]!, 0);
    expect(total).toMatchObject({ count, both: keptInBoth, onlyLeft, onlyRight });
    expect(iouOf(total)).toBeCloseTo(keptInBoth / (keptInBoth + onlyLeft + onlyRight));
    expect(maskTotal(store, [1])).toBeNull();
  });

  test('distance is relative to the left side; from nothing there is no share', () => {
    const one = comparisonOf(pairs[0]!, 0);
    expect(relativeDistance(one)).toBe(0.25);
    expect(relativeDistance({ ...one, leftNorm: 0 })).toBeNull();
    expect(relativeDistance({ ...one, leftNorm: 0, distance: 0 })).toBe(0);
  });

  test('tells each pair and the whole', () => {
    expect(pairFacts(pairs[0]!, comparisonOf(pairs[0]!, 0))).toMatch(
      /kept in both · .* only left · .*distance 1.25 \(25.0 % of ‖left‖\)/,
    );
    expect(compareFacts(store, true).map(({ label }) => label)).toContain('mask overlap');
    expect(unpairedText({ name: 'a', left: [2, 3], right: null })).toBe('2×3, only left');
    expect(unpairedText({ name: 'a', left: [2], right: [3] })).toBe('2 → 3');
  });

  test('is copied row by row, in the order shown, with its errors', () => {
    const csv = compareText(store, [1, 0], 'csv', 'a ↔ b').split('\r\n');
    expect(csv[0]).toMatch(/^tensor,shape,/);
    expect(csv[1]).toMatch(/^bn1.weight,.*,cut off$/);
    expect(csv[2]).toMatch(/^conv1.weight,16×3×3×3,F32,F32,86,/);
    const markdown = compareText(store, [0], 'markdown', 'a_b ↔ c|d');
    expect(markdown).toContain('### a\\_b ↔ c\\|d');
    expect(markdown.trim().split('\n')).toHaveLength(5);
  });
});
