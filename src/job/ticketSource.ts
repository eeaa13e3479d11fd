/** Takes a ticket out of the store: which run is meant, its tensors, and where they come from. */
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { version } from '../../package.json';
import { kindsOf, nameIn, tensorsOf, type ExportPart, type Ticket } from '../export/ticket';
import { prunableLayers } from '../lottery/layers';
import { safeParse } from '../shared/check';
import { experimentSchema } from '../shared/experiment';
import { methods, type Method } from '../shared/report';
import type { RunRecord } from '../shared/run';
import { networkOf } from '../training/networkOf';
import type { Network } from '../training/network';
import { isMissing, readBounded, StoreError } from './files';
import { readDefinition, type ModelDefinition } from './modelDefinition';
import { outputLayerOf } from './outputLayer';
import { readExperiment } from './prepare';
import { keyPattern } from './runRecord';
import { RunStore } from './store';
import { StoredTensors } from './storedTensors';

export interface TicketChoice {
  readonly method: Method;
  readonly level: number;
  /** Counted from 0. */
  readonly replicate: number;
}

/** An experiment of a store. */
export interface Place {
  readonly store: string;
  readonly name: string;
}

const mostReportBytes = 64 * 1024 * 1024;
const count = z.int().min(0);
const reportFile = z.looseObject({
  experiment: z.looseObject({ seed: count, rewind: count, model: z.string() }),
  runs: z
    .array(
      z.looseObject({
        key: z.string().regex(keyPattern),
        method: z.enum(methods),
        level: count,
        replicate: count,
        study: z.looseObject({ kind: z.string() }).optional(),
      }),
    )
    .max(1_000_000),
});
type ReportFile = z.infer<typeof reportFile>;

/**
 * @param operand an experiment file; a store that holds one experiment; or `STORE/experiments/NAME`
 * @param store where the results of an experiment file are
 * @throws StoreError, ExperimentError
 */
export async function placeOf(operand: string, store: string): Promise<Place> {
  const given = path.resolve(operand);
  const kind = await stat(given).catch(() => null);
  if (!kind?.isDirectory()) return { store: path.resolve(store), name: (await readExperiment(given)).name };
  const around = path.dirname(given);
  if (path.basename(around) === 'experiments') return { store: path.dirname(around), name: path.basename(given) };
  const names = await readdir(path.join(given, 'experiments')).catch(() => []);
  const [only] = names;
  if (names.length === 1) return { store: given, name: only! };
  const what =
    names.length === 0
      ? 'is no store with experiments: name an experiment file or a store (.winning-ticket)'
      : `holds several experiments: name one of them, as ${path.join(operand, 'experiments', only!)}`;
  throw new StoreError(given, `${given} ${what}`);
}

/** @throws StoreError that says what there is, where there is no such run; PlanError, ExperimentError where its model is damaged */
export async function loadTicket({ store: directory, name }: Place, choice: TicketChoice): Promise<Ticket> {
  if (!safeParse(experimentSchema.shape.name, name).success) {
    throw new StoreError(directory, `"${name}" is not the name of an experiment`);
  }
  const report = await readReport(directory, name);
  const definition = await readDefinition(directory, name);
  const store = await RunStore.open(directory);
  const record = await recordOf(store, report, name, choice);
  if (record.inputs.model !== definition.fingerprint) {
    throw new StoreError(
      directory,
      `run ${record.key} belongs to another model than the experiment "${name}" has now: run the experiment again`,
    );
  }
  const { topology, inputShape, classes, task, loss } = definition;
  const network = await networkOf({ topology: () => topology }, { inputShape, classes, task, loss });
  const layers = prunableLayers(network.parameters, outputLayerOf(network));
  const stored = new StoredTensors(store, network, layers);
  const masks = new Map((await stored.masks(record.key)).map((mask, i) => [layers[i]!.name, mask.toBytes()]));
  const tensors = {
    network,
    topology,
    start: await stored.startWeights(record.key),
    trained: await stored.finalWeights(record.key),
    masks: network.parameters.map(parameter => masks.get(parameter.name) ?? null),
  };
  const facts = provenanceOf(record, { report, definition, name, choice, network });
  return { ...tensors, provenance: facts };
}

/** With the SHA-256 of each tensor that a file of the part holds, by its name, in Keras' layout. */
export function withHashes(ticket: Ticket, part: ExportPart): Ticket {
  const hashes = tensorsOf(ticket, kindsOf[part]).map(tensor => {
    const { buffer, byteOffset, byteLength } = tensor.data;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return [nameIn(part, tensor), createHash('sha256').update(bytes).digest('hex')] as const;
  });
  return { ...ticket, provenance: { ...ticket.provenance, sha256: JSON.stringify(Object.fromEntries(hashes)) } };
}

async function readReport(store: string, name: string): Promise<ReportFile> {
  const file = path.join(store, 'experiments', name, 'report.json');
  try {
    const { data } = safeParse(reportFile, JSON.parse((await readBounded(file, mostReportBytes)).toString('utf8')));
    if (data) return data;
  } catch (error) {
    if (isMissing(error)) {
      throw new StoreError(file, `${store} holds no results of "${name}": run the experiment, or name its store`);
    }
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error;
  }
  throw new StoreError(file, `${file} is damaged: run the experiment again, which computes nothing that is there`);
}

async function recordOf(
  store: RunStore,
  { runs }: ReportFile,
  name: string,
  { method, level, replicate }: TicketChoice,
): Promise<RunRecord> {
  const own = runs.filter(run => run.study === undefined);
  const what = `${method}, level ${level}, replicate ${replicate + 1}`;
  const found = own.find(run => run.method === method && run.level === level && run.replicate === replicate);
  if (!found) {
    const levels = [...new Set(own.filter(run => run.method === method).map(run => run.level))].sort((a, b) => a - b);
    const there =
      levels.length === 0
        ? `runs of ${[...new Set(own.map(run => run.method))].join(', ')}`
        : `levels ${levels.join(', ')} of ${method}`;
    throw new StoreError(store.directory, `"${name}" has no run ${what}: it has ${there}`);
  }
  const record = await store.readRun(found.key);
  if (record?.status === 'done') return record;
  const why = record?.error === undefined ? 'is not there yet: run the experiment first' : `failed: ${record.error}`;
  throw new StoreError(store.directory, `the run ${what} of "${name}" ${why}`);
}

interface Told {
  readonly report: ReportFile;
  readonly definition: ModelDefinition;
  readonly name: string;
  readonly choice: TicketChoice;
  readonly network: Network;
}

function provenanceOf(record: RunRecord, { report, definition, name, choice, network }: Told): Record<string, string> {
  const { inputs, layers } = record;
  const [kept, total] = [
    layers.reduce((sum, one) => sum + one.kept, 0),
    layers.reduce((sum, one) => sum + one.total, 0),
  ];
  const { start } = inputs;
  return {
    producer: 'Winning Ticket',
    version,
    experiment: name,
    run: record.key,
    method: choice.method,
    level: String(choice.level),
    replicate: String(choice.replicate + 1),
    kept: String(kept),
    prunable: String(total),
    seed: String(report.experiment.seed),
    order_seed: String(inputs.orderSeed),
    start:
      start.kind === 'final'
        ? `weights of run ${start.run}`
        : start.kind === 'file'
          ? 'weights of the model file'
          : `drawn with seed ${start.seed}`,
    rewind_step: String(report.experiment.rewind),
    steps: `${inputs.steps.from} to ${record.stoppedAt ?? inputs.steps.to}`,
    executor: `${inputs.executor.name} ${inputs.executor.variant}`,
    trained_at: record.finishedAt,
    model: definition.description,
    model_sha256: definition.fingerprint,
    data_sha256: inputs.data,
    input_shape: JSON.stringify(network.inputShape),
    input_mean: JSON.stringify(definition.mean),
    input_std: JSON.stringify(definition.std),
  };
}
