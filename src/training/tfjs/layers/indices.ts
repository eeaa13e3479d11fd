/** Whether the data of a model that begins with an Embedding are what that takes: whole numbers below its `input_dim`. */
import * as z from 'zod';
import type { DataSet } from '../../../data/dataset';
import { inputPieces } from '../../../data/stored';
import { ExperimentError } from '../../../shared/experiment';
import type { LayersNetwork } from '../../network';

const layersJson = z.object({
  input_layers: z.array(z.tuple([z.string(), z.number(), z.number()])),
  layers: z.array(
    z.looseObject({
      class_name: z.string(),
      name: z.string(),
      config: z.looseObject({ input_dim: z.number().optional() }),
      inbound_nodes: z.array(z.array(z.tuple([z.string()]).rest(z.unknown()))),
    }),
  ),
});

/** @throws ExperimentError (field `data`) with the first value that is none */
export function checkIndices({ topology }: LayersNetwork, data: DataSet): void {
  const { input_layers: inputs, layers } = layersJson.parse(topology.config);
  const embedding = layers.find(
    ({ class_name: className, inbound_nodes: nodes }) =>
      className === 'Embedding' && nodes.some(node => node.some(([from]) => from === inputs[0]![0])),
  );
  const most = embedding?.config.input_dim;
  if (embedding === undefined || most === undefined) return;
  const takes = `layer "${embedding.name}" (Embedding) takes whole numbers from 0 to ${most - 1}`;
  const isBytes = data.training.inputs instanceof Uint8Array;
  if (isBytes || data.mean.some(mean => mean !== 0) || data.std.some(std => std !== 1)) {
    throw new ExperimentError(
      'data',
      isBytes
        ? `has bytes, which are divided by 255, but ${takes}: give it numbers of another type`
        : `is standardised, but ${takes}: set "mean" to [0] and "std" to [1]`,
    );
  }
  for (const split of [data.training, data.validation, data.test]) {
    for (const piece of inputPieces(split)) {
      const wrong = piece.find(value => !Number.isInteger(value) || value < 0 || value >= most);
      if (wrong !== undefined) throw new ExperimentError('data', `has the value ${wrong}, but ${takes}`);
    }
  }
}
