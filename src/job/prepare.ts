/** From an experiment file to the plan of its runs: everything that is known before anything is trained. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { DataSet } from '../data/dataset';
import type { DecodedCache } from '../data/cache';
import { loadData } from '../data/load';
import { planRuns, type GraphInput } from '../lottery/graph';
import { trainingRecipe } from '../lottery/recipe';
import { couplingOf } from '../lottery/structured/coupling';
import { loadModel } from '../models/load';
import { fileWeights, initialWeights } from '../models/weights';
import { ExperimentError, type Experiment, type ParsedExperiment } from '../shared/experiment';
import { formatCount } from '../shared/format';
import { maximumExperimentLength, parseExperiment } from '../shared/parse';
import type { RunNode } from '../shared/run';
import { isPlan, type Network } from '../training/network';
import { networkOf } from '../training/networkOf';
import { PlanError } from '../training/plan/plan';
import { rescaleData } from '../training/plan/rescaling';
import type { Weights } from '../training/trainer';
import { errorCode } from './files';
import { outputLayerOf } from './outputLayer';
import { resolveExperiment } from './resolve';
import type { ModelDefinition } from './modelDefinition';
import type { RunnerParts } from './runner';
import { preparedTransfer, readTransferSite, type PreparedTransfer } from './studies/transferSite';

export interface Prepared {
  /** With the executor as the file names it. */
  readonly experiment: Experiment;
  readonly data: DataSet;
  readonly network: Network;
  /** What the network was read from, for who reads the store later. */
  readonly definition: ModelDefinition;
  readonly outputLayer: string;
  /** Every run, by the executor that computes what is missing. */
  readonly planFor: (executors: Pick<GraphInput, 'executor' | 'earlier'>) => RunNode[];
  /** Hash of model, data and training recipe. */
  readonly fingerprint: string;
  readonly initial: RunnerParts['initial'];
  /** Where tickets are transferred. */
  readonly transfer: PreparedTransfer | null;
  readonly dataDescription: string;
  readonly modelDescription: string;
}

const unreadable = new Map([
  ['ENOENT', 'there is no such file'],
  ['EISDIR', 'is a folder, not an experiment file'],
  ['EACCES', 'may not be read'],
]);

/** @throws ExperimentError where it cannot be read or is wrong */
export async function readExperiment(file: string): Promise<ParsedExperiment> {
  let text: string;
  try {
    const { size } = await stat(file);
    // UTF-8 takes up to four bytes a character
    if (size > 4 * maximumExperimentLength) throw new ExperimentError('', 'is too large for an experiment file', file);
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    throw new ExperimentError('', unreadable.get(code) ?? `cannot be read (${code})`, file);
  }
  return parseExperiment(text, file);
}

/**
 * @param file path of the experiment file: paths in it are relative to its folder
 * @param cache keeps decoded examples between starts; null: nowhere
 * @throws ExperimentError, DataError
 */
export async function prepare(
  parsed: ParsedExperiment,
  file: string,
  cache: DecodedCache | null = null,
): Promise<Prepared> {
  try {
    const directory = path.dirname(file);
    const { loss } = parsed.training;
    const data = await loadData(parsed.data, directory, { loss, cache });
    const { inputShape, classes, task } = data;
    const model = await loadModel(parsed.model, directory, { inputShape, classes, task });
    const network = await networkOf(model, { inputShape, classes, task, loss });
    const outputLayer = outputLayerOf(network);
    const structure = {
      parameters: network.parameters,
      outputLayer,
      coupling: parsed.pruning.structure === 'filters' && isPlan(network) ? couplingOf(network) : null,
    };
    const site =
      parsed.transfer &&
      (await readTransferSite(parsed, parsed.transfer, { data, model, outputLayer }, { directory, cache }));
    const experiment = resolveExperiment(parsed, { data, model: structure, elsewhere: site?.data ?? null });
    const ownWeights = parsed.start === 'file' ? fileWeights(network, model) : null;
    const fingerprint = ownWeights ? hash(model.fingerprint, model.weightsFingerprint) : model.fingerprint;
    const initial = initialSource(network, ownWeights);
    const transfer = site
      ? preparedTransfer(site, {
          fingerprint: site.data.classes === classes ? fingerprint : hash(fingerprint, String(site.data.classes)),
          initial: initialSource(site.network, ownWeights),
          source: { network, initial },
          dataDescription: describeData(site.data),
        })
      : null;
    const graph: Omit<GraphInput, 'executor'> = {
      experiment,
      model: { fingerprint, ...structure },
      data: data.fingerprint,
      ...(transfer && { elsewhere: transfer.elsewhere }),
    };
    return {
      experiment,
      data: isPlan(network) ? rescaleData(data, network) : data,
      network,
      definition: {
        fingerprint,
        description: model.description,
        topology: model.topology(inputShape, classes),
        ...{ inputShape, classes, task, loss, mean: data.mean, std: data.std },
      },
      outputLayer,
      planFor: executors => planRuns({ ...graph, ...executors }),
      fingerprint: hash(fingerprint, data.fingerprint, JSON.stringify(trainingRecipe(experiment.training))),
      initial,
      transfer,
      dataDescription: describeData(data),
      modelDescription: describeModel(model.description, network),
    };
  } catch (error) {
    throw inFile(error, file);
  }
}

/** Puts the experiment file before a message that lacks it. */
function inFile(error: unknown, file: string): unknown {
  if (error instanceof ExperimentError && error.file === undefined) {
    return new ExperimentError(error.field, error.reason, file);
  }
  return error instanceof PlanError ? new ExperimentError('model', error.message, file) : error;
}

export function hash(...parts: readonly (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Drawing θ₀ takes a while, and most runs of a trunk share it: the last two are kept. */
function initialSource(network: Network, fromFile: Weights | null): RunnerParts['initial'] {
  const drawn = new Map<number, Weights>();
  return recipe => {
    if (recipe.kind === 'file') return fromFile!;
    const weights = drawn.get(recipe.seed) ?? initialWeights(network, recipe.seed);
    drawn.delete(recipe.seed);
    drawn.set(recipe.seed, weights);
    if (drawn.size > 2) drawn.delete(drawn.keys().next().value!);
    return weights;
  };
}

function describeData({ name, training, validation, test }: DataSet): string {
  return `${name}: ${[training, validation, test].map(({ count }) => formatCount(count)).join(' / ')}`;
}

function describeModel(description: string, { parameters }: Network): string {
  const prunable = parameters.reduce((sum, one) => sum + (one.prunable ? one.size : 0), 0);
  return `${description}: ${formatCount(prunable)} prunable weights`;
}
