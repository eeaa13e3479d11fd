/** What a tensor is, from the operators that use it; where they say nothing, from its name. */
import type { LayerKind } from '../../shared/inspection';
import type { TensorDescription } from '../roles';
import { kindOf } from '../rolesNames';
import { type Meaning, meaningOf } from './operators';
import { isHandedOn, type Use } from './usage';

export interface Stored {
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** The use that tells most: a kernel is one, whatever else is done with it. */
export function meaningAmong(
  uses: readonly Use[],
  { shape }: Stored,
): { readonly use: Use; readonly meaning: Meaning } | null {
  let best: { readonly use: Use; readonly meaning: Meaning } | null = null;
  for (const use of uses) {
    const meaning = meaningOf(use, shape);
    if (!meaning) continue;
    if (!best || (isKernel(meaning) && !isKernel(best.meaning))) best = { use, meaning };
  }
  return best;
}

const isKernel = ({ role, kind }: Meaning): boolean => role === 'weight' && kind !== 'bias' && kind !== 'normalization';

type Told = Pick<TensorDescription, 'role' | 'kind' | 'axes' | 'layer'>;

/**
 * @param name as it is shown
 * @param numbered the file has only a number for it
 * @param quantised its integers stand for real numbers
 */
export function describedBy(
  name: string,
  numbered: boolean,
  { dtype, shape }: Stored,
  uses: readonly Use[],
  meaning: Meaning | null,
  quantised: boolean,
): Told {
  const real = quantised || /^(F\d|BF16)/.test(dtype);
  const computes = meaning !== null && /^(Add|Sub|Mul|Div|Gather)$/.test(meaning.layer);
  // whole numbers are shapes, axes and indices, unless an operator of quantised networks takes them
  if (!real && (meaning === null || computes || dtype === 'I64')) return { role: 'other' };
  if (meaning) {
    const { role, kind, axes, layer } = meaning;
    return role === 'weight' ? { role, kind: kind ?? kernelKind(name, shape, layer), axes, layer } : { role };
  }
  if (numbered) return { role: shape.every(size => size === 1) ? 'other' : 'buffer' };
  const others = uses.filter(use => !isHandedOn(use));
  const elementwise = others.length > 0 && others.every(({ node }) => /^(Add|Sub|Mul|Div|Pow|Where)$/.test(node.op));
  // what is added or multiplied is no kernel, though it may look like one
  return elementwise && shape.length >= 2 && kindOf(name, shape) !== 'embedding' ? { role: 'buffer' } : {};
}

const kernelKinds: ReadonlySet<LayerKind | null> = new Set<LayerKind>(['attention', 'feed-forward', 'head']);

function kernelKind(name: string, shape: readonly number[], layer: string): LayerKind {
  if (layer === 'Attention') return 'attention';
  const named = kindOf(name, shape);
  return kernelKinds.has(named) ? named! : 'dense';
}
