/**
 * A ticket as a file of PyTorch's: a state_dict, or a dictionary of three where all of the ticket is asked for. Names and
 * layouts are PyTorch's. The archive is that of torch.serialization: `data.pkl`, and one record for each tensor's values.
 */
import { CheckpointError } from '../checkpoints/checkpointError';
import { isPlan } from '../training/network';
import { bytesOf, utf8, type Artefact, type ExpectedTensor } from './artefact';
import { pickle, PickledDict, PickledTensor, type Pickled } from './pickleWriter';
import { kindsOf, type ExportPart, type TensorKind, type Ticket } from './ticket';
import { torchParameters, type TorchParameter } from './torchLayout';
import { zipPieces } from './zipWriter';

/** What the dictionary of a whole ticket calls them. */
const keys: Readonly<Record<TensorKind, string>> = { trained: 'state_dict', start: 'start', mask: 'mask' };

/**
 * @param pairs trained weights of what can be pruned as `weight_orig` and `weight_mask`, as torch.nn.utils.prune has them
 * @throws CheckpointError where the network is no plan: PyTorch's layouts of other layers are not known here
 */
export function asTorch(ticket: Ticket, part: ExportPart, file: string, pairs: boolean): Artefact {
  const { network, provenance } = ticket;
  if (!isPlan(network)) {
    const { layer, className } = network.uncovered;
    throw new CheckpointError(
      file,
      `layer "${layer}" (${className}) has no known counterpart in PyTorch: export as safetensors, npz, tfjs or h5`,
    );
  }
  const records = new Records();
  const dicts = kindsOf[part].map(
    kind => [keys[kind], stateDict(ticket, torchParameters(network), kind, pairs, records)] as const,
  );
  const whole = part === 'ticket';
  const facts = Object.entries(provenance);
  const content = whole
    ? new PickledDict([...dicts, ['provenance', new PickledDict(facts, false)]], false)
    : dicts[0]![1];
  const entries = [
    { name: 'archive/data.pkl', pieces: [pickle(content)] },
    { name: 'archive/byteorder', pieces: [utf8('little')] },
    ...records.values.map((values, i) => ({ name: `archive/data/${String(i)}`, pieces: [bytesOf(values)] })),
    { name: 'archive/extra/provenance.json', pieces: [utf8(JSON.stringify(provenance, null, 1))] },
    { name: 'archive/version', pieces: [utf8('3\n')] },
  ];
  return {
    files: [{ name: file, pieces: zipPieces(entries, file) }],
    expected: new Map([[file, records.expected.map(one => ({ ...one, name: listedName(one, whole) }))]]),
    notes: [],
  };
}

class Records {
  readonly values: (Float32Array | Uint8Array)[] = [];
  readonly expected: (ExpectedTensor & { readonly kind: TensorKind })[] = [];

  add(values: Float32Array | Uint8Array, shape: readonly number[]): PickledTensor {
    const key = String(this.values.push(values) - 1);
    return new PickledTensor(key, values instanceof Uint8Array ? 'BoolStorage' : 'FloatStorage', shape);
  }
}

function stateDict(
  ticket: Ticket,
  parameters: readonly TorchParameter[],
  kind: TensorKind,
  pairs: boolean,
  records: Records,
): PickledDict {
  const entries: [string, Pickled][] = [];
  for (const [i, { name, shape, arrange }] of parameters.entries()) {
    const mask = ticket.masks[i];
    const given = { trained: ticket.trained, start: ticket.start, mask: ticket.masks }[kind][i];
    if (!given) continue;
    const data = arrange(given);
    records.expected.push({ kind, name, shape, data });
    if (kind === 'trained' && pairs && mask) {
      entries.push([`${name}_orig`, records.add(data, shape)]);
      entries.push([`${name}_mask`, records.add(Float32Array.from(arrange(mask)), shape)]);
    } else entries.push([name, records.add(data, shape)]);
  }
  return new PickledDict(entries, true);
}

/** As this project's reader lists it: what a state_dict within a dictionary holds goes by its own names. */
function listedName({ kind, name }: { readonly kind: TensorKind; readonly name: string }, whole: boolean): string {
  return whole ? `${keys[kind]}.${name}` : name;
}
