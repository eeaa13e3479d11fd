/** A ticket as one safetensors file: names and layouts of Keras, provenance as its metadata. */
import { encodeSafetensors } from '../checkpoints/safetensors';
import type { Artefact } from './artefact';
import { nameIn, kindsOf, tensorsOf, type ExportPart, type Ticket } from './ticket';

export function asSafetensors(ticket: Ticket, part: ExportPart, file: string): Artefact {
  const expected = tensorsOf(ticket, kindsOf[part]).map(tensor => ({ ...tensor, name: nameIn(part, tensor) }));
  const tensors = expected.map(({ name, shape, data }) =>
    data instanceof Uint8Array
      ? { name, shape, data, dtype: 'U8' as const }
      : { name, shape, data, dtype: 'F32' as const },
  );
  return {
    files: [{ name: file, pieces: [encodeSafetensors(tensors, ticket.provenance)] }],
    expected: new Map([[file, expected]]),
    notes: [],
  };
}
