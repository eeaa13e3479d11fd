/** The graph of training runs of an experiment. Every key is known before anything runs. */
import { createHash } from 'node:crypto';
import { comparisonConfig, levelsOf, sparsitiesOf, type ComparisonConfig } from '../shared/compareConfig';
import type { Experiment } from '../shared/experiment';
import { ExperimentError } from '../shared/experiment';
import { Random } from '../shared/random';
import type { MaskRecipe, OwnStart, RunInputs, RunNode, StartRecipe, TrainingRecipe } from '../shared/run';
import { comparedRun } from './compared';
import { prunableLayers, type Parameter } from './layers';
import { levelsFor, type LevelPlan } from './levels';
import { prefixRecipe, trainingRecipe } from './recipe';
import { pruningRule, type PruningRule } from './rule';
import type { Coupling } from './structured/coupling';
import { planStudies } from './studies/plan';

export interface GraphInput {
  readonly experiment: Experiment;
  readonly model: {
    readonly fingerprint: string;
    /** All parameters in forward order. */
    readonly parameters: readonly Parameter[];
    readonly outputLayer: string;
    /** Where filters go. */
    readonly coupling?: Coupling | null;
  };
  /** Fingerprint of the data set. */
  readonly data: string;
  /** The one that computes what is missing. */
  readonly executor: ExecutorId;
  readonly earlier?: Earlier;
  /** Where the experiment transfers. */
  readonly elsewhere?: Elsewhere;
}

/** The second data set, and the model as it is there: with other classes its output layer differs. */
export type Elsewhere = Pick<GraphInput, 'model' | 'data'>;

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
 * replicates, then the comparisons; then the comparisons with sparsities of their own, and last the studies. So a run never
 * stands before one it needs, and the curves grow from the left.
 *
 * With rewind step k > 0 a 'prefix' run goes from θ₀ to k; the tickets start from its final weights, schedule and data
 * order where they were at k. The dense run goes from 0 either way and is shared with experiments that rewind elsewhere.
 *
 * Name, `compare`, `replicates` and `levels` enter no key: adding to them afterwards computes only what is new.
 * @throws ExperimentError where the rewind step, an excluded layer or a level of a comparison is not there
 */
export function planRuns(input: GraphInput): RunNode[] {
  const { experiment, model } = input;
  const { rewind, replicates, pruning } = experiment;
  if (rewind > experiment.training.steps) {
    throw new ExperimentError('rewind', `step ${rewind} lies beyond the ${experiment.training.steps} training steps`);
  }
  const layers = prunableLayers(model.parameters, model.outputLayer);
  const rule = pruningRule(pruning, layers);
  const plan = levelsFor(pruning, layers, model.coupling);
  const trunks = Array.from({ length: replicates }, (_, replicate) => new Trunk(input, rule, plan, replicate));
  const compare = comparisonsOf(experiment);
  const nodes = trunks.flatMap(trunk => trunk.dense());
  for (let level = 1; level <= pruning.levels; level++) {
    nodes.push(...trunks.map(trunk => trunk.iterative(level)));
    for (const comparison of compare) {
      if (sparsitiesOf(comparison) || levelsOf(comparison)?.includes(level) === false) continue;
      nodes.push(...trunks.map(trunk => comparedRun(trunk, comparison, { level })));
    }
  }
  for (const comparison of compare) {
    sparsitiesOf(comparison)?.forEach((sparsity, i) => {
      nodes.push(...trunks.map(trunk => ({ ...comparedRun(trunk, comparison, { level: i + 1, sparsity }), sparsity })));
    });
  }
  return [...nodes, ...planStudies(trunks, input)];
}

/** A name given twice is one comparison. @throws ExperimentError (`compare`) where a level is not planned */
function comparisonsOf({ compare, pruning }: Experiment): readonly ComparisonConfig[] {
  return [...new Set(compare)].map(comparisonConfig).map(config => {
    const beyond = levelsOf(config)?.find(level => level > pruning.levels);
    if (beyond === undefined) return config;
    throw new ExperimentError(
      'compare',
      `${config.method} asks for level ${beyond}, but there are ${pruning.levels}: raise pruning.levels, or leave it out`,
    );
  });
}

/** What a node needs beside what its trunk knows. */
interface NodeParts {
  readonly method: RunNode['method'];
  readonly level: number;
  readonly density: number;
  readonly mask: MaskRecipe;
  readonly start: StartRecipe;
  readonly steps: RunInputs['steps'];
  readonly training: TrainingRecipe;
  /** Left out: that of the replicate. */
  readonly orderSeed?: number;
  /** Left out: here. */
  readonly elsewhere?: Elsewhere;
}

type RewoundParts = Pick<NodeParts, 'method' | 'level' | 'density' | 'mask' | 'orderSeed'>;

/** The iterative runs of one replicate, and what others hang off them. */
export class Trunk {
  /** θ₀. */
  readonly initial: OwnStart;
  private readonly runs: RunNode[] = [];
  private prefix: RunNode | null = null;
  private readonly others = new Map<string, RunNode>();

  constructor(
    private readonly input: GraphInput,
    readonly rule: PruningRule,
    private readonly plan: LevelPlan,
    private readonly replicate: number,
    readonly rewind = input.experiment.rewind,
  ) {
    const { experiment } = input;
    this.initial =
      experiment.start === 'file' ? { kind: 'file' } : { kind: 'initial', seed: this.seedFor('initial weights') };
  }

  get training(): Experiment['training'] {
    return this.input.experiment.training;
  }

  /** The same replicate with another rewind step; what does not depend on it has the same keys. */
  rewoundTo(step: number): Trunk {
    return new Trunk(this.input, this.rule, this.plan, this.replicate, step);
  }

  /** Level 0, and before it the run to the rewind step, where that is neither the start nor the end of training. */
  dense(): RunNode[] {
    const mask: MaskRecipe = { kind: 'ones' };
    const common = { level: 0, density: 1, mask, start: this.initial };
    const total = this.training.steps;
    const training = trainingRecipe(this.training);
    const dense = this.node({ ...common, method: 'iterative', steps: { from: 0, to: total, total }, training });
    this.runs.push(dense);
    if (this.rewind === 0) return [dense];
    this.prefix = this.node({
      ...common,
      method: 'prefix',
      steps: { from: 0, to: this.rewind, total },
      training: prefixRecipe(this.training),
    });
    if (this.prefix.key !== dense.key) return [this.prefix, dense];
    this.prefix = dense;
    return [dense];
  }

  iterative(level: number): RunNode {
    const mask: MaskRecipe = { kind: 'magnitude', run: this.run(level - 1).key, ...this.rule };
    const node = this.rewound({ method: 'iterative', level, density: this.density(level), mask });
    this.runs.push(node);
    return node;
  }

  /** The iterative run of a level. */
  run(level: number): RunNode {
    return this.runs[level]!;
  }

  /** Share of the prunable weights that a level keeps, by arithmetic. */
  density(level: number): number {
    return this.plan.kept[level]! / this.plan.total;
  }

  /** A run from θₖ (θ₀ where k is 0) to the end. */
  rewound(parts: RewoundParts): RunNode {
    return this.from(parts, this.rewindPoint(), this.rewind);
  }

  /** A run from given weights to the end. */
  from(parts: RewoundParts, start: StartRecipe, from: number, training = trainingRecipe(this.training)): RunNode {
    const total = this.training.steps;
    return this.node({ ...parts, start, steps: { from, to: total, total }, training });
  }

  /** A run on the second data set, from the beginning to the end of the training there. */
  transferred(
    parts: Pick<NodeParts, 'method' | 'level' | 'density' | 'mask' | 'start'>,
    elsewhere: Elsewhere,
    training: Experiment['training'],
  ): RunNode {
    const { steps: total } = training;
    const steps = { from: 0, to: total, total };
    return this.node({ ...parts, steps, training: trainingRecipe(training), elsewhere });
  }

  /** The run that a method made at a level before, where it is a series of its own that goes on from run to run. */
  previous(method: string, level: number): RunNode {
    return level === 1 ? this.run(0) : this.others.get(`${method} ${level - 1}`)!;
  }

  remember(node: RunNode): RunNode {
    this.others.set(`${node.method} ${node.level}`, node);
    return node;
  }

  /** A whole number below 2⁵³ that depends on the experiment's seed, the replicate and the purpose only. */
  seedFor(...purpose: readonly (string | number)[]): number {
    return Math.floor(new Random(this.input.experiment.seed, this.replicate, ...purpose).nextFloat() * 2 ** 53);
  }

  /** θₖ, or θ₀ where k is 0. */
  rewindPoint(): OwnStart {
    return this.prefix ? { kind: 'final', run: this.prefix.key } : this.initial;
  }

  private node({ method, level, density, mask, start, steps, training, ...rest }: NodeParts): RunNode {
    const { model, data } = rest.elsewhere ?? this.input;
    const { key, inputs } = this.keyed({
      version: 1,
      model: model.fingerprint,
      data,
      training,
      orderSeed: rest.orderSeed ?? this.seedFor('data order'),
      steps,
      mask,
      start,
    });
    return { key, method, level, replicate: this.replicate, density, inputs, needs: neededRuns(inputs) };
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
}

/** 32 hexadecimal digits: the first half of SHA-256 over the canonical JSON of the inputs. */
export function runKey(inputs: RunInputs): string {
  return createHash('sha256').update(canonicalJson(inputs)).digest('hex').slice(0, 32);
}

/** The runs that mask and starting weights come from, each once. */
function neededRuns({ mask, start }: RunInputs): string[] {
  const starts = (mask.kind === 'scored' ? [start, mask.start] : [start]).map(one =>
    one.kind === 'transferred' ? one.start : one,
  );
  const needs = [
    'run' in mask ? mask.run : undefined,
    'countsOf' in mask ? mask.countsOf : undefined,
    ...starts.map(one => (one.kind === 'final' ? one.run : undefined)),
  ];
  return [...new Set(needs.filter(key => key !== undefined))];
}

/** JSON with the keys of every object sorted and absent fields left out: one text for one value. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
}
