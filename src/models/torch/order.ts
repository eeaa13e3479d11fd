/** In which order the modules of a state_dict are, where its file has kept none: safetensors sorts tensors by their names. */
import type { TensorInfo } from '../../shared/inspection';

export interface StateTensor {
  /** In the checkpoint. */
  readonly index: number;
  readonly info: TensorInfo;
}

interface Module {
  readonly path: readonly string[];
  readonly tensors: StateTensor[];
}

/** As PyTorch's modules register them. */
const within: readonly string[] = ['weight', 'bias', 'running_mean', 'running_var'];

/** The tensors module by module, each as PyTorch has them. */
export function inOrder(tensors: readonly StateTensor[]): StateTensor[] {
  const modules = new Map<string, Module>();
  for (const tensor of tensors) {
    const path = tensor.info.name.split('.').slice(0, -1);
    const known = modules.get(path.join('.'));
    if (known) known.tensors.push(tensor);
    else modules.set(path.join('.'), { path, tensors: [tensor] });
  }
  const list = [...modules.values()];
  const names = tensors.map(({ info }) => info.name);
  const isSorted = names.every((name, i) => i === 0 || name > names[i - 1]!);
  // a state_dict in the order of its modules is sorted by name only by chance, and then the numbers say the same
  const ordered = isSorted ? list.sort(compareModules) : list;
  return ordered.flatMap(module => module.tensors.sort((a, b) => placeOf(a) - placeOf(b)));
}

function placeOf({ info }: StateTensor): number {
  const place = within.indexOf(info.name.split('.').at(-1)!);
  return place < 0 ? within.length : place;
}

/** Numbers by value; of one number the convolution before its normalisation; dense layers behind convolutions. */
function compareModules(a: Module, b: Module): number {
  const depth = a.path.findIndex((segment, i) => segment !== b.path[i]);
  if (depth < 0) return a.path.length - b.path.length;
  const [left, right] = [keyOf(a, depth), keyOf(b, depth)];
  for (const [i, value] of left.entries()) {
    if (value !== right[i]) return value - right[i]!;
  }
  return (a.path[depth] ?? '') < (b.path[depth] ?? '') ? -1 : 1;
}

function keyOf({ path, tensors }: Module, depth: number): readonly number[] {
  const isLeaf = depth === path.length - 1;
  const rank = Math.max(...tensors.map(({ info }) => info.shape.length));
  const number = /(\d+)$/.exec(path[depth] ?? '')?.[1];
  return [isLeaf && rank === 2 ? 1 : 0, number === undefined ? Infinity : Number(number), isLeaf ? 4 - rank : 4];
}
