/** Formats that hold a model hold one set of weights. */
import { CheckpointError } from '../checkpoints/checkpointError';
import type { ExportPart, Ticket } from './ticket';

/** @throws CheckpointError where only the mask is asked for */
export function withoutMask(ticket: Ticket, part: ExportPart, file: string): readonly Float32Array[] {
  if (part === 'mask') {
    throw new CheckpointError(file, 'a mask is no model: export it as safetensors, npz or pt');
  }
  return part === 'start' ? ticket.start : ticket.trained;
}
