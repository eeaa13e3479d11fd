/**
 * `experiments/<name>/model.json`: the model as it met its data, so that what lies in the store can be read without the files
 * that the experiment names. Anyone may have written it.
 */
import path from 'node:path';
import * as z from 'zod';
import { beyondBounds } from '../checkpoints/jsonBounds';
import type { DataSet } from '../data/dataset';
import type { KerasTopology } from '../models/topology';
import { safeParse } from '../shared/check';
import type { Loss } from '../shared/experiment';
import { isMissing, readBounded, StoreError, writeWhole } from './files';

export interface ModelDefinition extends Pick<DataSet, 'inputShape' | 'classes' | 'task' | 'mean' | 'std'> {
  /** As runs have it among their inputs. */
  readonly fingerprint: string;
  /** For people, e.g. `lenet-300-100`. */
  readonly description: string;
  readonly topology: KerasTopology;
  readonly loss: Loss;
}

const mostBytes = 32 * 1024 * 1024;
/** As of model files. */
const mostDepth = 64;
const mostValues = 2_000_000;

const size = z.int().min(1);
const file = z.strictObject({
  fingerprint: z.string().max(200),
  description: z.string().max(10_000),
  topology: z.looseObject({ class_name: z.string(), config: z.unknown(), keras_version: z.string().optional() }),
  inputShape: z.array(size).min(1).max(16),
  classes: size,
  task: z.enum(['classification', 'regression']),
  loss: z.enum(['cross-entropy', 'mean-squared-error']),
  mean: z.array(z.number()).max(65_536),
  std: z.array(z.number()).max(65_536),
});

/** @throws StoreError */
export async function writeDefinition(store: string, experiment: string, definition: ModelDefinition): Promise<void> {
  await writeWhole(pathOf(store, experiment), `${JSON.stringify(definition)}\n`);
}

/** @throws StoreError that says what to do where it is missing or damaged */
export async function readDefinition(store: string, experiment: string): Promise<ModelDefinition> {
  const place = pathOf(store, experiment);
  const fault = (why: string): StoreError =>
    new StoreError(place, `${place} ${why}: run the experiment again, which computes nothing that is there`);
  try {
    const bytes = await readBounded(place, mostBytes);
    const excess = beyondBounds(bytes, mostDepth, mostValues);
    if (excess !== null) throw fault(excess);
    const { data, error } = safeParse(file, JSON.parse(bytes.toString('utf8')));
    if (!data) throw fault(`is no description of a model (${error.issues[0]!.path.join('.')})`);
    const { topology, ...rest } = data;
    const { class_name, config, keras_version } = topology;
    return { ...rest, topology: { class_name, config, ...(keras_version !== undefined && { keras_version }) } };
  } catch (error) {
    if (isMissing(error)) throw fault('is missing: an earlier version wrote the experiment');
    if (error instanceof SyntaxError || error instanceof RangeError) throw fault('is damaged');
    throw error;
  }
}

function pathOf(store: string, experiment: string): string {
  return path.join(store, 'experiments', experiment, 'model.json');
}
