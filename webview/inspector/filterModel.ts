/** Which tensors a person asked to see. Pure. */
import { formatShape } from '../../src/shared/tensorExport';
import type { TensorInfo } from '../../src/shared/inspection';

export interface Filter {
  /** Words that all must be in the name, shape or dtype. */
  readonly text: string;
  /** A role, `prunable` or `unreadable`; '' for all, as in the next two. */
  readonly role: string;
  readonly kind: string;
  readonly dtype: string;
}

export const noFilter: Filter = { text: '', role: '', kind: '', dtype: '' };

export function isFiltered(filter: Filter): boolean {
  const { text, role, kind, dtype } = filter;
  return [text, role, kind, dtype].some(value => value.trim() !== '');
}

/** @param errorOf why a tensor cannot be read; null: it can */
export function filterTensors(
  tensors: readonly TensorInfo[],
  filter: Filter,
  errorOf: (index: number) => string | null,
): number[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const indices: number[] = [];
  tensors.forEach((tensor, index) => {
    const { role, kind, dtype } = tensor;
    if (filter.kind !== '' && filter.kind !== (kind ?? 'none')) return;
    if (filter.dtype !== '' && filter.dtype !== dtype) return;
    if (
      filter.role === 'prunable'
        ? !tensor.prunable
        : filter.role === 'unreadable'
          ? errorOf(index) === null
          : filter.role !== '' && filter.role !== role
    )
      return;
    if (words.length > 0) {
      const text = `${tensor.name} ${formatShape(tensor.shape)} ${dtype}`.toLowerCase();
      if (!words.every(word => text.includes(word.replace(/(?<=\d)x(?=\d)/g, '×')) || text.includes(word))) return;
    }
    indices.push(index);
  });
  return indices;
}

export interface FilterChoices {
  readonly roles: readonly string[];
  readonly kinds: readonly string[];
  readonly dtypes: readonly string[];
}

/** What there is to choose from in this file; a choice that all tensors share is none. */
export function filterChoices(tensors: readonly TensorInfo[]): FilterChoices {
  const distinct = (of: (tensor: TensorInfo) => string): string[] => {
    const found = [...new Set(tensors.map(of))].sort();
    return found.length > 1 ? found : [];
  };
  const some = (is: (tensor: TensorInfo) => boolean): boolean => tensors.some(is) && !tensors.every(is);
  return {
    roles: [
      ...(some(tensor => tensor.prunable) ? ['prunable'] : []),
      ...distinct(tensor => tensor.role),
      ...(some(tensor => tensor.error !== null) ? ['unreadable'] : []),
    ],
    kinds: distinct(tensor => tensor.kind ?? 'none'),
    dtypes: distinct(tensor => tensor.dtype),
  };
}
