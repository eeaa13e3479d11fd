/**
 * A ticket as NumPy's .npz: an array for each tensor, with names and layouts of Keras, and `provenance`, JSON in UTF-8 bytes.
 * numpy/lib/format.py, version 1.0.
 */
import type { Artefact, ExpectedTensor } from './artefact';
import { bytesOf, utf8 } from './artefact';
import { nameIn, kindsOf, tensorsOf, type ExportPart, type Ticket } from './ticket';
import { zipPieces } from './zipWriter';

const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0);
const alignment = 64;

export function asNpz(ticket: Ticket, part: ExportPart, file: string): Artefact {
  const json = utf8(JSON.stringify(ticket.provenance, null, 1));
  const expected: ExpectedTensor[] = [
    ...tensorsOf(ticket, kindsOf[part]).map(tensor => ({ ...tensor, name: nameIn(part, tensor) })),
    { name: 'provenance', shape: [json.length], data: json },
  ];
  const entries = expected.map(array => ({ name: `${array.name}.npy`, pieces: npyPieces(array) }));
  return {
    files: [{ name: file, pieces: zipPieces(entries, file) }],
    expected: new Map([[file, expected]]),
    notes: [],
  };
}

function npyPieces({ shape, data }: ExpectedTensor): Uint8Array[] {
  const type = data instanceof Uint8Array ? '|u1' : '<f4';
  // a tuple of one has a comma behind it
  const tuple = shape.length === 1 ? `${String(shape[0])},` : shape.join(', ');
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const before = magic.length + 2;
  const length = Math.ceil((before + text.length + 1) / alignment) * alignment - before;
  const size = new Uint8Array(2);
  new DataView(size.buffer).setUint16(0, length, true);
  return [magic, size, utf8(`${text.padEnd(length - 1)}\n`), bytesOf(data)];
}
