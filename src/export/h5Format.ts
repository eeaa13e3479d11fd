/**
 * A ticket as a model of Keras in HDF5, as `model.save("model.h5")` writes it and Keras 2 and 3 load it:
 * keras/src/legacy/saving/legacy_h5_format.py. A model has one set of weights; with the whole ticket, the groups `ticket/start`
 * and `ticket/mask`, which Keras passes over, hold the rest.
 */
import { CheckpointError } from '../checkpoints/checkpointError';
import type { Hdf5Content } from '../checkpoints/keras/hdf5Protocol';
import { makeHdf5 } from '../checkpoints/keras/hdf5WriteThread';
import { formatBytes } from '../shared/format';
import type { Artefact, ExpectedTensor } from './artefact';
import { kerasModel, type KerasModel } from './kerasModel';
import { kerasOrder } from './kerasOrder';
import { withoutMask } from './modelParts';
import { tensorsOf, type ExportPart, type Ticket } from './ticket';

/** The library holds the file in memory, and a copy of each tensor. */
const mostBytes = 512 * 2 ** 20;
const version = '2.15.0';

/** @throws CheckpointError; the signal's reason */
export async function asH5(ticket: Ticket, part: ExportPart, file: string, signal: AbortSignal): Promise<Artefact> {
  const values = withoutMask(ticket, part, file);
  const model = kerasModel(ticket.network, ticket.topology, 'keras', file);
  const others = part === 'ticket' ? tensorsOf(ticket, ['start', 'mask']) : [];
  const datasets = [
    ...model.layers.flatMap(layer =>
      layer.weights.map(({ name, parameter }) => ({
        path: `/model_weights/${layer.name}/${name}:0`,
        shape: ticket.network.parameters[parameter]!.shape,
        data: values[parameter]!,
      })),
    ),
    ...others.map(({ kind, name, shape, data }) => ({ path: `/ticket/${kind}/${name}`, shape, data })),
  ];
  const bytes = datasets.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (bytes > mostBytes) {
    throw new CheckpointError(
      file,
      `has ${formatBytes(bytes)} of weights, more than the ${formatBytes(mostBytes)} that HDF5 files are made of here: export as safetensors`,
    );
  }
  const content = { groups: groupsOf(model, ticket, datasets), datasets };
  const made = await makeHdf5(content, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new CheckpointError(file, `cannot be made: ${error instanceof Error ? error.message : String(error)}`);
  });
  return {
    files: [{ name: file, pieces: [made] }],
    expected: new Map([[file, datasets.map(({ path, shape, data }) => ({ name: listedName(path), shape, data }))]]),
    notes: model.notes,
  };
}

function groupsOf(
  { topology, layers }: KerasModel,
  { provenance }: Ticket,
  datasets: Hdf5Content['datasets'],
): Hdf5Content['groups'] {
  const { class_name: className, config } = topology;
  const written = { backend: 'tensorflow', keras_version: version };
  const attributes = new Map<string, Hdf5Content['groups'][number]['attributes']>([
    [
      '/',
      {
        ...written,
        model_config: JSON.stringify({ class_name: className, config }),
        winning_ticket: JSON.stringify(provenance),
      },
    ],
    ['/model_weights', { ...written, layer_names: kerasOrder(layers).map(({ name }) => name) }],
    ...layers.map(({ name, weights }) => {
      // a list of none is left out, as Keras reads it
      const names = weights.map(weight => `${weight.name}:0`);
      return [`/model_weights/${name}`, names.length > 0 ? { weight_names: names } : {}] as const;
    }),
  ]);
  for (const { path } of datasets) {
    const parts = path.split('/').slice(1, -1);
    parts.forEach((_, i) => {
      const group = `/${parts.slice(0, i + 1).join('/')}`;
      if (!attributes.has(group)) attributes.set(group, {});
    });
  }
  return [...attributes].map(([path, texts]) => ({ path, attributes: texts }));
}

/** As this project's reader lists it. */
function listedName(path: string): ExpectedTensor['name'] {
  return path
    .replace(/^\/model_weights\/[^/]+\//, '')
    .replace(/^\//, '')
    .replace(/:0$/, '');
}
