/** The graph of training runs of an experiment. Every key is known before anything runs. */
import { createHash } from 'node:crypto';
import type { Comparison, Experiment } from '../shared/experiment';
import { ExperimentError } from '../shared/experiment';
import { Random } from '../shared/random';
import type { MaskRecipe, RunInputs, RunNode, StartRecipe } from '../shared/run';
import { prunableLayers, type Parameter } from './layers';
import { prefixRecipe, trainingRecipe } from './recipe';
import { pruningRule, type PruningRule } from './rule';

export interface GraphInput {
  readonly experiment: Experiment;
  readonly model: {
    readonly fingerprint: string;
    /** All parameters in forward order. */
    readonly parameters: readonly Parameter[];
    readonly outputLayer: string;
  };
  /** Fingerprint of the data set. */
  readonly data: string;
  /** The one that computes what is missing. */
  readonly executor: ExecutorId;
  readonly earlier?: Earlier;
}

type ExecutorId = RunInputs['executor'];

/** Executors that computed a part of the experiment before their device was lost. */
export interface Earlier {
  /** In the order in which they were used. */
  readonly executors: readonly ExecutorId[];
  /** Keys of the runs they had finished: these stay as they are, and others start from them. */
  readonly kept: ReadonlySet<string>;
}

/**
 * Every run of the experiment in the order in which to start them: level by level, in each the iterative runs of all
 * replicates, then the comparisons. So a run never stands before one it needs, and the curves grow from the left.
 *
 * With rewind step k > 0 a 'prefix' run goes from θ₀ to k; the tickets start from its final weights, schedule and data
 * order where they were at k. The dense run goes from 0 either way and is shared with experiments that rewind elsewhere.
 *
 * Name, `compare`, `replicates` and `levels` enter no key: adding to them afterwards computes only what is new.
 * @throws ExperimentError where the rewind step or an excluded layer is not there
 */
export function planRuns(input: GraphInput): RunNode[] {
  const { experiment, model } = input;
  const { rewind, replicates, pruning, compare } = experiment;
  if (rewind > experiment.training.steps) {
    throw new ExperimentError('rewind', `step ${rewind} lies beyond the ${experiment.training.steps} training steps`);
  }
  const rule = pruningRule(pruning, prunableLayers(model.parameters, model.outputLayer));
  const trunks = Array.from({ length: replicates }, (_, replicate) => new Replicate(input, rule, replicate));
  const nodes = trunks.flatMap(trunk => trunk.dense());
  for (let level = 1; level <= pruning.levels; level++) {
    nodes.push(...trunks.map(trunk => trunk.iterative(level)));
    // a name given twice is one comparison
    for (const comparison of new Set(compare)) nodes.push(...trunks.map(trunk => trunk.compared(comparison, level)));
  }
  return nodes;
}

/** The trunk of one replicate and what hangs off it. */
class Replicate {
  private readonly steps: number;
  private readonly rewind: number;
  private readonly theta0: StartRecipe;
  private readonly trunk: RunNode[] = [];
  private prefix: RunNode | null = null;

  constructor(
    private readonly input: GraphInput,
    private readonly rule: PruningRule,
    private readonly replicate: number,
  ) {
    const { experiment } = input;
    this.steps = experiment.training.steps;
    this.rewind = experiment.rewind;
    this.theta0 =
      experiment.start === 'file' ? { kind: 'file' } : { kind: 'initial', seed: this.seedFor('initial weights') };
  }

  /** Level 0, and before it the run to the rewind step, where that is neither the start nor the end of training. */
  dense(): RunNode[] {
    const dense = this.node('iterative', 0, { kind: 'ones' }, this.theta0, 0);
    this.trunk.push(dense);
    if (this.rewind === 0) return [dense];
    this.prefix = this.node('prefix', 0, { kind: 'ones' }, this.theta0, 0, this.rewind);
    if (this.prefix.key !== dense.key) return [this.prefix, dense];
    this.prefix = dense;
    return [dense];
  }

  iterative(level: number): RunNode {
    const parent = this.trunk[level - 1]!.key;
    const node = this.rewound('iterative', level, { kind: 'magnitude', run: parent, ...this.rule });
    this.trunk.push(node);
    return node;
  }

  compared(comparison: Comparison, level: number): RunNode {
    const ticket = this.trunk[level]!.key;
    switch (comparison) {
      case 'one-shot':
        // one round is one cut: the same recipe, so the same key, and nothing is trained twice
        if (level === 1) return { ...this.trunk[1]!, method: comparison };
        return this.rewound(comparison, level, {
          kind: 'magnitude-to',
          run: this.trunk[0]!.key,
          countsOf: ticket,
          scope: this.rule.scope,
          exclude: this.rule.exclude,
        });
      case 'random-reinit': {
        const fresh: StartRecipe = { kind: 'initial', seed: this.seedFor('random-reinit', level) };
        return this.node(comparison, level, { kind: 'same', run: ticket }, fresh, 0);
      }
      case 'random-mask':
        return this.rewound(comparison, level, {
          kind: 'shuffled',
          run: ticket,
          seed: this.seedFor('random-mask', level),
        });
    }
  }

  /** A run from θₖ (θ₀ where k is 0) to the end. */
  private rewound(method: RunNode['method'], level: number, mask: MaskRecipe): RunNode {
    const start: StartRecipe = this.prefix ? { kind: 'final', run: this.prefix.key } : this.theta0;
    return this.node(method, level, mask, start, this.rewind);
  }

  private node(
    method: RunNode['method'],
    level: number,
    mask: MaskRecipe,
    start: StartRecipe,
    from: number,
    to = this.steps,
  ): RunNode {
    const { experiment, model, data } = this.input;
    const { key, inputs } = this.keyed({
      version: 1,
      model: model.fingerprint,
      data,
      training: (method === 'prefix' ? prefixRecipe : trainingRecipe)(experiment.training),
      orderSeed: this.seedFor('data order'),
      steps: { from, to, total: this.steps },
      mask,
      start,
    });
    return { key, method, level, replicate: this.replicate, inputs, needs: neededRuns(inputs) };
  }

  /** By an earlier executor where that finished the run, else by the one that computes now. */
  private keyed(rest: Omit<RunInputs, 'executor'>): { readonly key: string; readonly inputs: RunInputs } {
    const { executor, earlier } = this.input;
    const by = ({ name, variant }: ExecutorId) => {
      const inputs: RunInputs = { ...rest, executor: { name, variant } };
      return { key: runKey(inputs), inputs };
    };
    const finished = earlier?.executors.map(by).find(({ key }) => earlier.kept.has(key));
    return finished ?? by(executor);
  }

  /** A whole number below 2⁵³ that depends on the experiment's seed, the replicate and the purpose only. */
  private seedFor(...purpose: readonly (string | number)[]): number {
    return Math.floor(new Random(this.input.experiment.seed, this.replicate, ...purpose).nextFloat() * 2 ** 53);
  }
}

/** 32 hexadecimal digits: the first half of SHA-256 over the canonical JSON of the inputs. */
export function runKey(inputs: RunInputs): string {
  return createHash('sha256').update(canonicalJson(inputs)).digest('hex').slice(0, 32);
}

function neededRuns({ mask, start }: RunInputs): string[] {
  const needs = new Set<string>();
  if (mask.kind !== 'ones') needs.add(mask.run);
  if (mask.kind === 'magnitude-to') needs.add(mask.countsOf);
  if (start.kind === 'final') needs.add(start.run);
  return [...needs];
}

/** JSON with the keys of every object sorted and absent fields left out: one text for one value. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
}
