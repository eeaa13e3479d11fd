/** TensorFlow.js LayersModels: `model.json` and the weight shards beside it; or a bare topology, as `model.to_json()` gives it. */
import * as z from 'zod';
import { openFile } from '../../checkpoints/source';
import { readModelJson } from '../../checkpoints/tfjs/modelJson';
import { tfjsReader } from '../../checkpoints/tfjs/tfjsReader';
import { safeParse } from '../../shared/check';
import type { KerasTopology } from '../topology';
import { asModelError, checkTopology, fault, weightsOf, type ModelFile } from './modelFile';

const modelJson = z.looseObject({
  format: z.unknown().optional(),
  modelTopology: z.unknown().optional(),
  weightsManifest: z.unknown().optional(),
});
const topologyJson = z.looseObject({ class_name: z.string(), config: z.unknown() });
const versionJson = z.looseObject({ keras_version: z.string().max(100).optional() });

/** @throws ExperimentError (field "model") naming the file and what to do */
export function readTfjsFile(file: string): Promise<ModelFile> {
  return asModelError(async () => {
    const source = await openFile(file);
    // a checkpoint closes its source itself
    let open: { close(): Promise<void> } = source;
    try {
      const json = safeParse(modelJson, await readModelJson(source)).data;
      if (!json) throw fault(file, 'is not a TensorFlow.js LayersModel');
      const topology = topologyOf(file, json);
      if (json.weightsManifest === undefined) return { topology, weights: null };
      const checkpoint = await tfjsReader.open(source);
      open = checkpoint;
      return { topology, weights: await weightsOf(file, checkpoint) };
    } finally {
      await open.close();
    }
  });
}

function topologyOf(file: string, json: z.infer<typeof modelJson>): KerasTopology {
  if (json.format === 'graph-model') {
    throw fault(
      file,
      'is a TensorFlow.js graph model, in which the layers are dissolved into operations and cannot be trained; ' +
        'convert the original with --output_format=tfjs_layers_model',
    );
  }
  const described = json.modelTopology ?? json;
  const parsed = safeParse(topologyJson, (described as { model_config?: unknown }).model_config ?? described);
  if (!parsed.success) throw fault(file, 'is not a TensorFlow.js LayersModel: it has no model topology with layers');
  const version = safeParse(versionJson, described).data?.keras_version;
  const { class_name, config } = parsed.data;
  const topology = { class_name, config, ...(version === undefined ? {} : { keras_version: version }) };
  checkTopology(file, topology);
  return topology;
}
