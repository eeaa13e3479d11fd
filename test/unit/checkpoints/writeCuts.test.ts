/** Which weights go: exact counts, ties, NaN, patterns, whole outputs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeTensor } from '../../../src/checkpoints/roles';
import { chooseTensors, groupTensors } from '../../../src/checkpoints/write/choice';
import type { Cut, Floats } from '../../../src/checkpoints/write/cut';
import { magnitudeCut } from '../../../src/checkpoints/write/magnitude';
import { neighbourCut } from '../../../src/checkpoints/write/neighbours';
import { chooseOutputs, outputCut, OutputNorms } from '../../../src/checkpoints/write/outputs';
import { goingOf, PruneOptionError } from '../../../src/checkpoints/write/pruneRule';

function apply(cut: Cut, parts: readonly Floats[]): number[] {
  let begin = 0;
  return parts.flatMap(values => {
    const gone = new Uint8Array(values.length);
    cut.mark(values, begin, gone);
    begin += values.length;
    return Array.from(gone);
  });
}

async function magnitude(parts: readonly Floats[], going: number): Promise<number[]> {
  const passes = (visit: (values: Floats) => void): Promise<void> => {
    parts.forEach(visit);
    return Promise.resolve();
  };
  const wide = parts.some(part => part instanceof Float64Array);
  return apply(await magnitudeCut(passes, wide, () => going), parts);
}

/** By sorting, NaN last, ties by position. */
function sorted(values: readonly number[], going: number): number[] {
  const order = values
    .map((value, place) => ({ size: Math.abs(value), place }))
    .filter(({ size }) => !Number.isNaN(size))
    .sort((a, b) => (a.size === b.size ? a.place - b.place : a.size - b.size));
  const gone = values.map(() => 0);
  for (const { place } of order.slice(0, going)) gone[place] = 1;
  return gone;
}

describe('the smallest weights', () => {
  const size = fc.oneof(fc.float(), fc.constantFrom(0, -0, 0.5, -0.5, Infinity, -Infinity, NaN, 1e-45));

  it('are those that a stable sort finds, whatever the values and the chunks (property)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(size, { maxLength: 60 }), fc.nat(60), fc.nat(60), async (values, going, cut) => {
        const parts = [values.slice(0, cut), values.slice(cut)].map(part => Float32Array.from(part));
        expect(await magnitude(parts, going)).toEqual(sorted(values, going));
      }),
    );
  });

  it('are so among doubles too, and where a file holds both (property)', async () => {
    const double = fc.oneof(fc.double(), fc.constantFrom(1, 1 + 2 ** -52, 1 - 2 ** -53, -1, 0, NaN, Infinity));
    await fc.assert(
      fc.asyncProperty(fc.array(double), fc.array(size), fc.nat(30), async (doubles, singles, going) => {
        const parts = [Float64Array.from(doubles), Float32Array.from(singles)];
        expect(await magnitude(parts, going)).toEqual(sorted([...doubles, ...singles], going));
      }),
    );
  });

  it('of equal size go from the front', async () => {
    expect(await magnitude([Float32Array.of(1, -1, 2), Float32Array.of(1, 1, 0)], 3)).toEqual([1, 1, 0, 0, 0, 1]);
  });

  it('are as many as asked for: rounded, of what stays or of what goes', () => {
    expect(goingOf({ sparsity: 0.25 }, 10)).toBe(3);
    expect(goingOf({ density: 0.25 }, 10)).toBe(7);
    expect([goingOf({ sparsity: 0 }, 10), goingOf({ density: 1 }, 10)]).toEqual([0, 0]);
  });
});

const tensor = (shape: number[], inputAxis: number | null, outputAxis: number | null = null) => ({
  ...describeTensor({ name: 'x.weight', dtype: 'F32', shape, bytes: 0, convention: 'torch' }),
  inputAxis,
  outputAxis,
});

describe('n of m neighbours', () => {
  it('stay along the input axis, the earliest of equals go', () => {
    const rows = neighbourCut(tensor([2, 4], 1), 2, 4) as Cut;
    expect(apply(rows, [Float32Array.of(1, -4, 3, 2, 5, 5, 5, 5)])).toEqual([1, 0, 0, 1, 1, 1, 0, 0]);
    // the same group down a column
    const columns = neighbourCut(tensor([4, 2], 0), 2, 4) as Cut;
    expect(apply(columns, [Float32Array.of(1, 5, -4, 5, 3, 5, 2, 5)])).toEqual([1, 1, 0, 1, 0, 0, 1, 0]);
  });

  it('take weights of one kernel position only', () => {
    const cut = neighbourCut(tensor([1, 2, 2], 1), 1, 2) as Cut;
    expect(cut.unit).toBe(4);
    expect(apply(cut, [Float32Array.of(1, 9, 2, 8)])).toEqual([1, 0, 0, 1]);
  });

  it('keep NaN, and say where there are no groups', () => {
    const cut = neighbourCut(tensor([1, 4], 1), 2, 4) as Cut;
    expect(apply(cut, [Float32Array.of(NaN, 7, 8, 9)])).toEqual([0, 1, 1, 0]);
    expect(neighbourCut(tensor([2, 3], 1), 2, 4)).toBe('its 3 inputs are no multiple of 4');
    expect(neighbourCut(tensor([2, 4], null), 2, 4)).toContain('not known');
  });
});

describe('whole outputs', () => {
  it('of the smallest norm go, wherever chunks are cut and the axis lies', () => {
    const values = Float32Array.of(3, 0, 0, /* */ 2, 2, 2, /* */ 1, 1, 1);
    const first = { size: 3, stride: 3 };
    const norms = (norm: 'l1' | 'l2', axis = first): number[] => {
      const sums = new OutputNorms(axis, norm);
      sums.add(values.subarray(0, 4), 0);
      sums.add(values.subarray(4), 4);
      return Array.from(sums.result(3));
    };
    expect(norms('l1')).toEqual([1, 2, 1]);
    expect(norms('l2')).toEqual([Math.sqrt(3), 2, 1]);
    expect(norms('l1', { size: 3, stride: 1 })).toEqual([2, 1, 1]);
    const outputs = chooseOutputs([{ norms: Float64Array.from(norms('l2')), weightsOfOutput: 3 }], 3)[0]!;
    expect(Array.from(outputs)).toEqual([0, 0, 1]);
    expect(apply(outputCut(first, outputs), [values.subarray(0, 7), values.subarray(7)])).toEqual([
      0, 0, 0, 0, 0, 0, 1, 1, 1,
    ]);
    expect(apply(outputCut({ size: 3, stride: 1 }, outputs), [values])).toEqual([0, 0, 1, 0, 0, 1, 0, 0, 1]);
  });

  it('of several tensors are never more weights than asked for; ties go by position, NaN stays', () => {
    const ranked = [
      { norms: Float64Array.of(1, 5), weightsOfOutput: 4 },
      { norms: Float64Array.of(1, Infinity), weightsOfOutput: 2 },
    ];
    const chosen = (going: number) => chooseOutputs(ranked, going).map(gone => Array.from(gone));
    expect(chosen(3)).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(chosen(5)).toEqual([
      [1, 0],
      [0, 0],
    ]);
    expect(chosen(6)).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(chosen(100)).toEqual([
      [1, 1],
      [1, 0],
    ]);
  });
});

describe('the tensors that are pruned', () => {
  const named = (name: string, shape: number[], tiedTo: string | null = null) =>
    describeTensor({ name, dtype: 'F32', shape, bytes: 4, convention: 'torch', tiedTo });
  const list = [
    named('wte.weight', [8, 4]),
    named('h.0.attn.c_proj.weight', [4, 4]),
    named('h.0.attn.c_proj.bias', [4]),
    named('h.1.mlp.c_fc.weight', [4, 16]),
    named('lm_head.weight', [8, 4], 'wte.weight'),
  ];

  it('are kernels, tied memory once; a name, a module or a pattern leaves some out', () => {
    expect(chooseTensors(list, [])).toEqual([0, 1, 3]);
    expect(chooseTensors(list, ['h.1'])).toEqual([0, 1]);
    expect(chooseTensors(list, ['h.*.weight'])).toEqual([0]);
    expect(chooseTensors(list, ['h.0.attn.c_proj.weight'])).toEqual([0, 3]);
    // what is tied to it is the same memory
    expect(chooseTensors(list, ['lm_head'])).toEqual([1, 3]);
  });

  it('are named rightly or not at all', () => {
    expect(() => chooseTensors(list, ['h.2'])).toThrow(PruneOptionError);
    expect(() => chooseTensors(list, ['h.2'])).toThrow('no tensor is named "h.2"');
    expect(() => chooseTensors(list, ['*'])).toThrow('no kernels');
  });

  it('are ranked together, each by itself, or by kind', () => {
    const rule = { method: 'magnitude', target: { sparsity: 0.5 }, policy: new Map() } as const;
    const groups = (given: object) => groupTensors(list, [0, 1, 3], { ...rule, scope: 'global', ...given });
    expect(groups({})).toEqual([{ tensors: [0, 1, 3], target: { sparsity: 0.5 } }]);
    expect(groups({ scope: 'layer' }).map(({ tensors }) => tensors)).toEqual([[0], [1], [3]]);
    const policy = new Map([['attention', 0.7]]);
    expect(groups({ policy })).toEqual([
      { tensors: [0, 3], target: { sparsity: 0.5 } },
      { tensors: [1], target: { sparsity: 0.7 } },
    ]);
    expect(groups({ policy, target: null })).toEqual([{ tensors: [1], target: { sparsity: 0.7 } }]);
    expect(() => groups({ policy: new Map([['convolution', 0.1]]) })).toThrow('"convolution"');
  });
});
