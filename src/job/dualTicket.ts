/** How a run goes whose random mask comes into force once the weights it drops have been shrunk away. */
import { Mask } from '../lottery/mask';
import { nextChange, strengthAt } from '../lottery/transformation';
import type { Transformation } from '../shared/run';
import type { Course } from './course';

/** @param masks of the ticket; @param end of training */
export function dualTicketCourse(transformation: Transformation, masks: readonly Mask[], end: number): Course {
  const dense = masks.map(({ size }) => Mask.ones(size));
  return from => {
    if (from >= transformation.cut) return { to: end, masks, penalty: null };
    const penalty = { spared: masks, strength: strengthAt(from, transformation) };
    return { to: nextChange(from, transformation), masks: dense, penalty };
  };
}
