import { describe, expect, it } from 'vitest';
import type { Experiment } from '../../../src/shared/experiment';
import type { RunNode } from '../../../src/shared/run';
import { planRuns, runKey, type GraphInput } from '../../../src/lottery/graph';
import { experiment, layer, lenet } from './support';

type Changes = Parameters<typeof experiment>[0];

function plan(changes: Changes = {}, input: Partial<GraphInput> = {}): RunNode[] {
  return planRuns({
    experiment: experiment(changes),
    model: { fingerprint: 'model', parameters: lenet, outputLayer: 'dense_3' },
    data: 'data',
    executor: { name: 'wasm', variant: '1' },
    ...input,
  });
}

const keys = (nodes: readonly RunNode[]) => new Set(nodes.map(({ key }) => key));
const only = (nodes: readonly RunNode[], method: RunNode['method'], level: number, replicate = 0) => {
  const found = nodes.filter(node => node.method === method && node.level === level && node.replicate === replicate);
  expect(found).toHaveLength(1);
  return found[0]!;
};

describe('the order of the runs', () => {
  it('goes level by level, the iterative ones of all replicates first', () => {
    const short = plan({ pruning: { levels: 2 } }).map(
      ({ method, level, replicate }) => `${method} ${level}.${replicate}`,
    );
    expect(short).toEqual([
      'iterative 0.0',
      'iterative 0.1',
      ...[1, 2].flatMap(level =>
        ['iterative', 'one-shot', 'random-reinit', 'random-mask'].flatMap(method => [
          `${method} ${level}.0`,
          `${method} ${level}.1`,
        ]),
      ),
    ]);
  });

  it('never puts a run before one that it needs; all keys differ, but one-shot level 1 is the first round itself', () => {
    for (const rewind of [0, 100, 5000]) {
      const nodes = plan({ rewind });
      const others = nodes.filter(({ method, level }) => method !== 'one-shot' || level > 1);
      expect(keys(others).size).toBe(others.length);
      expect(only(nodes, 'one-shot', 1).key).toBe(only(nodes, 'iterative', 1).key);
      const seen = new Set<string>();
      for (const { key, needs } of nodes) {
        expect(key).toMatch(/^[0-9a-f]{32}$/);
        for (const needed of needs) expect(seen).toContain(needed);
        seen.add(key);
      }
    }
  });
});

describe('what a run is made of', () => {
  it('rewinds tickets, one-shot and random masks to θ₀ and trains them all the way', () => {
    const nodes = plan();
    const dense = only(nodes, 'iterative', 0).inputs;
    expect(dense.mask).toEqual({ kind: 'ones' });
    for (const method of ['iterative', 'one-shot', 'random-mask'] as const) {
      const { start, steps, orderSeed } = only(nodes, method, 2).inputs;
      expect(start).toEqual(dense.start);
      expect(steps).toEqual({ from: 0, to: 5000, total: 5000 });
      expect(orderSeed).toBe(dense.orderSeed);
    }
  });

  it('takes masks from the trunk', () => {
    const nodes = plan();
    const trunk = [0, 1, 2].map(level => only(nodes, 'iterative', level).key);
    expect(only(nodes, 'iterative', 2).inputs.mask).toMatchObject({ kind: 'magnitude', run: trunk[1], rate: 0.2 });
    expect(only(nodes, 'one-shot', 2).inputs.mask).toMatchObject({
      kind: 'magnitude-to',
      run: trunk[0],
      countsOf: trunk[2],
    });
    expect(only(nodes, 'random-reinit', 2).inputs.mask).toEqual({ kind: 'same', run: trunk[2] });
    expect(only(nodes, 'random-mask', 2).inputs.mask).toMatchObject({ kind: 'shuffled', run: trunk[2] });
    expect(only(nodes, 'one-shot', 2).needs).toEqual([trunk[0], trunk[2]]);
  });

  it('rewinds to step k by the final weights of a run of k steps; fresh weights train from 0', () => {
    const nodes = plan({ rewind: 250 });
    const prefix = only(nodes, 'prefix', 0);
    const dense = only(nodes, 'iterative', 0);
    expect(prefix.inputs.steps).toEqual({ from: 0, to: 250, total: 5000 });
    expect(prefix.inputs.start).toEqual(dense.inputs.start);
    for (const method of ['iterative', 'one-shot', 'random-mask'] as const) {
      const node = only(nodes, method, 1);
      expect(node.inputs.start).toEqual({ kind: 'final', run: prefix.key });
      expect(node.inputs.steps).toEqual({ from: 250, to: 5000, total: 5000 });
      expect(node.needs).toContain(prefix.key);
    }
    const reinit = only(nodes, 'random-reinit', 1).inputs;
    expect(reinit.start.kind).toBe('initial');
    expect(reinit.steps.from).toBe(0);
  });

  it('draws other weights for every replicate, level and seed', () => {
    const seeds = [0, 1].flatMap(seed =>
      plan({ seed }).flatMap(({ inputs, method }) =>
        inputs.start.kind === 'initial' && (method === 'random-reinit' || inputs.mask.kind === 'ones')
          ? [inputs.start.seed]
          : [],
      ),
    );
    expect(seeds).toHaveLength(2 * (2 + 2 * 3));
    expect(new Set(seeds).size).toBe(seeds.length);
    const shuffles = plan().flatMap(({ inputs }) => (inputs.mask.kind === 'shuffled' ? [inputs.mask.seed] : []));
    expect(new Set(shuffles).size).toBe(6);
    for (const seed of [...seeds, ...shuffles]) expect(Number.isSafeInteger(seed)).toBe(true);
  });

  it('starts from the weights of the file where asked, but re-initialises at random', () => {
    const nodes = plan({ start: 'file' });
    expect(only(nodes, 'iterative', 1).inputs.start).toEqual({ kind: 'file' });
    expect(only(nodes, 'random-reinit', 1).inputs.start.kind).toBe('initial');
  });
});

describe('keys', () => {
  it('stay the same for ever: a store of today is read by later versions', () => {
    // Changing these loses the results people have: raise `version` in RunInputs only when a field changes its meaning.
    const nodes = plan({ rewind: 250, replicates: 1, pruning: { levels: 1 } });
    expect(nodes.map(({ method, key }) => [method, key])).toMatchInlineSnapshot(`
      [
        [
          "prefix",
          "164b459080d047999376bd6c86ec821c",
        ],
        [
          "iterative",
          "6268138b0ccef65a20642c3556c55b95",
        ],
        [
          "iterative",
          "ccf1edc0e939b9507c7efcfb0d37472e",
        ],
        [
          "one-shot",
          "ccf1edc0e939b9507c7efcfb0d37472e",
        ],
        [
          "random-reinit",
          "cca4086786bd76928e024fb83506213c",
        ],
        [
          "random-mask",
          "c6b2d904fe876664c8829748a098abe4",
        ],
      ]
    `);
  });

  it('stay the same where what a later version can do is not used', () => {
    const fields = Object.keys(plan()[0]!.inputs.training);
    expect(fields).toEqual(['optimizer', 'schedule', 'loss', 'batchSize', 'evaluateEvery']);
    const { mask } = only(plan(), 'iterative', 1).inputs;
    expect(Object.keys(mask)).toEqual(['kind', 'run', 'scope', 'rate', 'outputRate', 'exclude', 'counts']);
  });

  it('of new recipes stay the same for ever, too', () => {
    const training = {
      ...experiment().training,
      labelSmoothing: 0.1,
      clipNorm: 1,
      averageDecay: 0.999,
      earlyStopping: { patience: 5 },
      augmentation: { crop: 4, flip: true },
    };
    const pruning = { levels: 1, scope: 'layer', convolutionRate: 0.1 } as const;
    const parameters = [layer('conv', [3, 3, 1, 8]), layer('dense', [6272, 10], true)];
    const nodes = plan(
      { rewind: 250, replicates: 1, compare: [], training, pruning },
      { model: { fingerprint: 'model', parameters, outputLayer: 'dense' } },
    );
    expect(nodes.map(({ method, key }) => [method, key])).toMatchInlineSnapshot(`
      [
        [
          "prefix",
          "eb5415d0bc4cd196fea13d982ee91132",
        ],
        [
          "iterative",
          "3456276ff3ca02261427f5c090fafac0",
        ],
        [
          "iterative",
          "5aa05141d2755082dd45c650917eff14",
        ],
      ]
    `);
  });

  it('depend on what is in the inputs, not on the order of their fields', () => {
    const { inputs } = plan()[0]!;
    expect(runKey(Object.fromEntries(Object.entries(inputs).reverse()) as never)).toBe(runKey(inputs));
  });

  it.each<[string, Changes]>([
    ['another name', { name: 'other' }],
    ['more levels', { pruning: { levels: 5 } }],
    ['a target beside its levels', { pruning: { target: 0.4 } }],
    ['more replicates', { replicates: 5 }],
    ['fewer comparisons', { compare: [] }],
    ['a comparison named twice', { compare: ['one-shot', 'one-shot'] }],
    ['another output rate with global scope', { pruning: { outputRate: 0.4 } }],
    ['augmentation by nothing', { training: { ...experiment().training, augmentation: { crop: 0, flip: false } } }],
  ])('are shared with an experiment that has %s', (_, changes) => {
    const [base, other] = [keys(plan()), keys(plan(changes))];
    const [smaller, larger] = base.size < other.size ? [base, other] : [other, base];
    for (const key of smaller) expect(larger).toContain(key);
  });

  it('of an excluded layer are the same by layer and by kernel name, in any order', () => {
    const one = plan({ pruning: { exclude: ['dense_3', 'dense_1'] } });
    expect(keys(plan({ pruning: { exclude: ['dense_1/kernel', 'dense_3'] } }))).toEqual(keys(one));
  });

  it('of an output layer left whole are the same by rate 0 and by exclusion', () => {
    const byRate = plan({ pruning: { scope: 'layer', outputRate: 0 } });
    expect(keys(plan({ pruning: { scope: 'layer', exclude: ['dense_3'] } }))).toEqual(keys(byRate));
  });

  it('of the dense runs are shared between experiments that prune, rewind and compare differently', () => {
    const dense = keys(plan().filter(({ level }) => level === 0));
    for (const changes of [
      { rewind: 100 },
      { pruning: { scope: 'layer', counts: 'google', rate: 0.5, exclude: ['dense_3'], levels: 1 } },
    ] as const) {
      const nodes = plan(changes).filter(({ level, method }) => level === 0 && method === 'iterative');
      expect(keys(nodes)).toEqual(dense);
    }
  });

  const base = experiment().training;
  it.each<[string, Changes, Partial<GraphInput>]>([
    ['seed', { seed: 1 }, {}],
    ['steps', { training: { ...base, steps: 6000 } }, {}],
    ['batch size', { training: { ...base, batchSize: 64 } }, {}],
    ['loss', { training: { ...base, loss: 'mean-squared-error' } }, {}],
    ['learning rate', { training: { ...base, optimizer: { ...base.optimizer, learningRate: 0.1 } } }, {}],
    ['evaluation', { training: { ...base, evaluateEvery: 50 } }, {}],
    ['label smoothing', { training: { ...base, labelSmoothing: 0.1 } }, {}],
    ['class weights', { training: { ...base, classWeights: [1, 2] } }, {}],
    ['clipping', { training: { ...base, clipNorm: 1 } }, {}],
    ['average of the weights', { training: { ...base, averageDecay: 0.99 } }, {}],
    ['patience', { training: { ...base, earlyStopping: { patience: 2 } } }, {}],
    ['crop', { training: { ...base, augmentation: { crop: 4, flip: false } } }, {}],
    ['flip', { training: { ...base, augmentation: { crop: 0, flip: true } } }, {}],
    ['start', { start: 'file' } satisfies Partial<Experiment>, {}],
    ['data', {}, { data: 'other' }],
    ['model', {}, { model: { fingerprint: 'other', parameters: lenet, outputLayer: 'dense_3' } }],
    ['numeric variant', {}, { executor: { name: 'wasm', variant: '2' } }],
  ])('all change with the %s', (_, changes, input) => {
    const before = keys(plan());
    for (const key of keys(plan(changes, input))) {
      expect(before).not.toContain(key);
    }
  });

  it('do not change with class weights that are all alike', () => {
    expect(keys(plan({ training: { ...base, classWeights: [2, 2, 2] } }))).toEqual(keys(plan()));
  });

  it('of the run to the rewind step do not depend on averages and patience: it hands on the raw weights of that step', () => {
    const prefix = (changes: object): RunNode =>
      only(plan({ rewind: 250, training: { ...base, ...changes } }), 'prefix', 0);
    const stopping = prefix({ averageDecay: 0.99, earlyStopping: { patience: 2 } });
    expect(stopping.inputs).toEqual(prefix({}).inputs);
    expect(prefix({ labelSmoothing: 0.1 }).key).not.toBe(stopping.key);
  });

  it('of convolutions left whole are the same by rate 0 and by exclusion', () => {
    const parameters = [layer('conv', [3, 3, 1, 8]), layer('dense', [6272, 10], true)];
    const model = { fingerprint: 'model', parameters, outputLayer: 'dense' };
    const byRate = plan({ pruning: { scope: 'layer', convolutionRate: 0 } }, { model });
    expect(keys(plan({ pruning: { scope: 'layer', exclude: ['conv'] } }, { model }))).toEqual(keys(byRate));
    const same = plan({ pruning: { scope: 'layer', convolutionRate: 0.2 } }, { model });
    expect(keys(plan({ pruning: { scope: 'layer' } }, { model }))).toEqual(keys(same));
  });

  it('do not see more of the executor than its name and variant', () => {
    const executor = { name: 'wasm', variant: '1', device: '2 threads' };
    expect(keys(plan({}, { executor }))).toEqual(keys(plan()));
  });

  it('of the tickets change with the rule, from the level on where it was used', () => {
    const [one, other] = [plan(), plan({ pruning: { rate: 0.3 } })];
    const common = [...keys(one)].filter(key => keys(other).has(key));
    expect(common).toEqual([...keys(one.filter(({ level }) => level === 0))]);
  });
});

describe('after a device was lost', () => {
  const gpu = { name: 'webgpu', variant: '7' };
  const before = plan({ pruning: { levels: 2 } }, { executor: gpu });
  /** All of level 0 and the iterative runs of level 1. */
  const kept = keys(before.filter(({ level, method }) => level === 0 || (level === 1 && method === 'iterative')));
  const after = plan({ pruning: { levels: 2 } }, { earlier: { executors: [gpu], kept } });

  it('runs that were finished keep their keys, and the next executor does the others', () => {
    expect(after.map(({ inputs }) => inputs.executor.name)).toEqual(
      before.map(({ key }) => (kept.has(key) ? 'webgpu' : 'wasm')),
    );
    expect(after.filter(({ key }) => kept.has(key)).map(({ key }) => key)).toEqual(
      before.filter(({ key }) => kept.has(key)).map(({ key }) => key),
    );
  });

  it('the others go on from the finished ones', () => {
    const parent = only(before, 'iterative', 1);
    expect(only(after, 'iterative', 2).needs).toContain(parent.key);
    expect(only(after, 'random-mask', 1).inputs.mask).toMatchObject({ kind: 'shuffled', run: parent.key });
  });

  it('what hangs off a run that is not there any more is done anew as well', () => {
    const dense = keys(before.filter(({ level }) => level === 0));
    const gone = plan(
      { pruning: { levels: 2 } },
      { earlier: { executors: [gpu], kept: new Set([...kept].filter(key => !dense.has(key))) } },
    );
    expect(keys(gone)).toEqual(keys(plan({ pruning: { levels: 2 } })));
  });
});

describe('mistakes', () => {
  it('a rewind step beyond the training is refused', () => {
    expect(() => plan({ rewind: 5001 })).toThrow(/step 5001 lies beyond the 5000/);
  });

  it('rewinding to the very end needs no run of its own: it is the dense one', () => {
    const nodes = plan({ rewind: 5000 });
    expect(nodes.some(({ method }) => method === 'prefix')).toBe(false);
    const dense = only(nodes, 'iterative', 0);
    expect(only(nodes, 'iterative', 1).inputs).toMatchObject({
      start: { kind: 'final', run: dense.key },
      steps: { from: 5000, to: 5000 },
    });
  });
});

describe('comparisons with points of their own', () => {
  it('stand at these levels of the trunk only, or after all levels at their sparsities', () => {
    const nodes = plan({
      replicates: 1,
      compare: [
        { method: 'random-mask', levels: [2] },
        { method: 'snip', sparsities: [0.5, 0.9], examples: 20 },
        { method: 'one-shot', sparsities: [0.3] },
      ],
    });
    expect(nodes.map(({ method, level }) => `${method} ${level}`)).toEqual([
      'iterative 0',
      'iterative 1',
      'iterative 2',
      'random-mask 2',
      'iterative 3',
      'snip 1',
      'snip 2',
      'one-shot 1',
    ]);
    const snip = only(nodes, 'snip', 2);
    expect(snip.inputs.mask).toMatchObject({ kind: 'scored', criterion: 'snip', sparsity: 0.9, examples: 20 });
    expect(snip.density).toBeCloseTo(0.1, 12);
    expect(snip.needs).toEqual([]);
    expect(only(nodes, 'one-shot', 1).inputs.mask).toMatchObject({ kind: 'magnitude-to', sparsity: 0.3 });
  });

  it('score θ₀ and train from step 0 where nothing else is said, whatever the rewind step', () => {
    const nodes = plan({ rewind: 250, replicates: 1, compare: ['synflow', 'random'] });
    const dense = only(nodes, 'iterative', 0).inputs;
    for (const method of ['synflow', 'random'] as const) {
      const { inputs, needs } = only(nodes, method, 2);
      expect(inputs.start).toEqual(dense.start);
      expect(inputs.steps).toEqual(dense.steps);
      const ticket = only(nodes, 'iterative', 2).key;
      expect(inputs.mask).toMatchObject({ kind: 'scored', start: dense.start, countsOf: ticket });
      expect(needs).toEqual([ticket]);
    }
    expect(only(nodes, 'synflow', 1).inputs.mask).toMatchObject({ rounds: 100 });
    const seeds = [1, 2].map(level => only(nodes, 'random', level).inputs.mask);
    expect(seeds[0]).not.toEqual(seeds[1]);
  });

  it('go on from trained weights, in series of their own: fine-tuning and learning-rate rewinding', () => {
    const training = {
      ...experiment().training,
      schedule: { name: 'multi-step', milestones: [1000, 2000], factor: 0.1, warmup: 0 },
    } as const;
    const nodes = plan({ training, rewind: 250, replicates: 1, compare: ['fine-tuning', 'learning-rate-rewinding'] });
    for (const method of ['fine-tuning', 'learning-rate-rewinding'] as const) {
      const [first, second] = [1, 2].map(level => only(nodes, method, level));
      const dense = only(nodes, 'iterative', 0).key;
      expect(first!.inputs).toMatchObject({
        mask: { kind: 'magnitude', run: dense },
        start: { kind: 'final', run: dense },
      });
      expect(second!.inputs).toMatchObject({ mask: { run: first!.key }, start: { run: first!.key } });
      expect(second!.inputs.steps).toEqual({ from: 250, to: 5000, total: 5000 });
    }
    const tuned = only(nodes, 'fine-tuning', 1).inputs.training;
    expect(tuned.optimizer.learningRate).toBeCloseTo(0.0012 * 0.01, 12);
    expect(tuned.schedule).toEqual({ name: 'constant', warmup: 0 });
    expect(only(nodes, 'learning-rate-rewinding', 1).inputs.training.schedule).toEqual(training.schedule);
  });

  it('are refused at levels that there are not', () => {
    expect(() => plan({ compare: [{ method: 'random-mask', levels: [4] }] })).toThrow(/random-mask asks for level 4/);
  });
});
