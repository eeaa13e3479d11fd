/** Looks of lines that are no methods: rewind steps, forms of storage, experiments. In an order that keeps them apart. */
import { styleIds, type StyleId } from './styles';

const looks = styleIds.filter(id => id !== 'dense');

/** With more lines than looks the first come again. */
export function lookAt(index: number): StyleId {
  return looks[index % looks.length]!;
}
