/** Whole models as Keras 2 and 3 save them: `.keras`, and `.h5` with the attribute `model_config`. */
import * as z from 'zod';
import type { Checkpoint } from '../../checkpoints/checkpoint';
import { beyondBounds } from '../../checkpoints/jsonBounds';
import { readModelConfig } from '../../checkpoints/keras/modelConfig';
import { openCheckpoint } from '../../checkpoints/open';
import { openFile } from '../../checkpoints/source';
import { safeParse } from '../../shared/check';
import type { KerasTopology } from '../topology';
import { asModelError, checkTopology, fault, weightsOf, type ModelFile } from './modelFile';

/** Each layer takes some five levels, a model within the model as many again. */
const mostDepth = 64;
const mostValues = 2_000_000;

const configJson = z.looseObject({ class_name: z.string(), config: z.unknown() });

/** @throws ExperimentError (field "model") naming the file and what to do */
export function readKerasFile(file: string): Promise<ModelFile> {
  return asModelError(async () => {
    const source = await openFile(file);
    // a checkpoint closes its source itself
    const config = await readModelConfig(source).catch(async (error: unknown) => {
      await source.close();
      throw error;
    });
    const checkpoint = await openCheckpoint(source);
    try {
      const topology = topologyOf(file, config, checkpoint);
      return { topology, weights: await weightsOf(file, checkpoint) };
    } finally {
      await checkpoint.close();
    }
  });
}

function topologyOf(file: string, config: string | null, { metadata }: Checkpoint): KerasTopology {
  if (config === null) {
    throw fault(
      file,
      'holds weights only: nothing in it says which layers they belong to; save the whole model by model.save("model.keras"), ' +
        'or name a built-in model and start "fresh"',
    );
  }
  const excess = beyondBounds(new TextEncoder().encode(config), mostDepth, mostValues);
  if (excess !== null) throw fault(file, `has a configuration that ${excess}: no model that Keras saves is like that`);
  let json: unknown;
  try {
    json = JSON.parse(config);
  } catch (error) {
    throw fault(file, `has a configuration that is not JSON (${(error as Error).message}); save the model again`);
  }
  const parsed = safeParse(configJson, json);
  if (!parsed.success)
    throw fault(file, 'has a configuration that describes no model with layers; save the model again');
  const version = metadata.find(([key]) => key === 'keras_version')?.[1];
  const { class_name, config: layers } = parsed.data;
  const topology = { class_name, config: layers, ...(version === undefined ? {} : { keras_version: version }) };
  checkTopology(file, topology);
  return topology;
}
