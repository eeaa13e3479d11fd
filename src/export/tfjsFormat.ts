/**
 * A ticket as a LayersModel of TensorFlow.js: `model.json` and a file of weights beside it, as `tf.LayersModel.save` writes
 * them. A model has one set of weights: the trained ones, or those of the start. With the whole ticket, a third file holds
 * start, mask and trained weights.
 */
import { bytesOf, utf8, type Artefact } from './artefact';
import { kerasModel } from './kerasModel';
import { withoutMask } from './modelParts';
import { asSafetensors } from './safetensorsFormat';
import type { ExportPart, Ticket } from './ticket';

export function asTfjs(ticket: Ticket, part: ExportPart, file: string): Artefact {
  const values = withoutMask(ticket, part, file);
  const { topology, layers, notes } = kerasModel(ticket.network, ticket.topology, 'tfjs', file);
  const weights = layers.flatMap(layer => layer.weights);
  const stem = file.replace(/\.json$/i, '');
  const shards = `${stem}.weights.bin`;
  const { class_name: className, config } = topology;
  const json = {
    format: 'layers-model',
    generatedBy: `Winning Ticket ${ticket.provenance['version'] ?? ''}`,
    convertedBy: null,
    modelTopology: {
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
      model_config: { class_name: className, config },
    },
    weightsManifest: [
      {
        paths: [shards],
        weights: weights.map(({ name, parameter }) => ({
          name,
          shape: ticket.network.parameters[parameter]!.shape,
          dtype: 'float32',
        })),
      },
    ],
    userDefinedMetadata: { winningTicket: ticket.provenance },
  };
  const whole = part === 'ticket' ? asSafetensors(ticket, part, `${stem}.ticket.safetensors`) : null;
  return {
    files: [
      ...(whole?.files ?? []),
      { name: shards, pieces: weights.map(({ parameter }) => bytesOf(values[parameter]!)) },
      { name: file, pieces: [utf8(`${JSON.stringify(json)}\n`)] },
    ],
    expected: new Map([
      ...(whole?.expected ?? []),
      [
        file,
        weights.map(({ name, parameter }) => ({
          name,
          shape: ticket.network.parameters[parameter]!.shape,
          data: values[parameter]!,
        })),
      ],
    ]),
    notes,
  };
}
