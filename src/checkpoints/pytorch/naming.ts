/** Names and roles of the tensors that were found: what is shown for the path through a checkpoint's dicts. */
import type { TensorRole } from '../../shared/inspection';
import { limits } from '../checkpoint';
import type { Found } from './objectGraph';
import type { TensorRecord } from './records';

export interface Named {
  readonly name: string;
  readonly record: TensorRecord;
  /** null: a weight or buffer, told by its name. */
  readonly role: Extract<TensorRole, 'optimizer' | 'other'> | null;
}

/** Keys that only say "here are the weights". */
const wrapper =
  /^(state_?dict|model(_state)?(_?dict)?|model_state_dict|net(work)?(_state_dict)?|weights|params|module|checkpoint|student|generator|backbone_state_dict|ema(_state_dict)?)$/i;
/** DataParallel, DistributedDataParallel; torch.compile; FSDP. */
const prefixes = ['module.', '_orig_mod.', '_fsdp_wrapped_module.'];
/** Notes on running averages. */
const averagesTold = 4;
/** Of ` (1000000)`. */
const numberLength = 10;
/** A running average of the weights, kept beside them. */
const average = /(^|[._])(ema|swa|avg|averaged?|shadow|teacher|target)([._]|$)|_ema$/i;

/**
 * Weights first, then what else is there, each in the order of the file.
 * @param notes gets a sentence for all that was left out of the names or of the totals
 */
export function nameAll(found: readonly Found[], notes: string[]): Named[] {
  const certain = found.some(({ context }) => context === 'weights');
  const isWeight = (entry: Found): boolean => entry.context === 'weights' || (entry.context === 'unknown' && !certain);
  const weights = found.filter(isWeight);
  const copies = averages(weights, notes);
  const chosen = weights.filter(entry => !copies.has(entry));
  const names = shortNames(chosen, notes);
  const rest = found.filter(entry => !isWeight(entry) || copies.has(entry));
  const named: Named[] = [
    ...chosen.map((entry, i): Named => ({ name: names[i]!, record: entry.record, role: null })),
    ...rest.map(({ path, record, context }): Named => {
      return { name: nameOf(path), record, role: context === 'optimizer' ? 'optimizer' : 'other' };
    }),
  ];
  return unique(named, notes);
}

/** Cut where it is longer than a name may be with a number behind it. */
const nameOf = (path: readonly string[]): string => path.join('.').slice(0, limits.nameLength - numberLength);

/** Entries of a running average where the weights that it follows are there too. */
function averages(weights: readonly Found[], notes: string[]): ReadonlySet<Found> {
  const groups = new Map<string, Found[]>();
  for (const entry of weights) {
    if (entry.path.length < 2) continue;
    const group = groups.get(entry.path[0]!);
    if (group) group.push(entry);
    else groups.set(entry.path[0]!, [entry]);
  }
  const copies = new Set<Found>();
  /** By the number of its tensors, the first group that is no average. */
  const originals = new Map<number, string>();
  for (const [key, { length }] of groups) {
    if (!average.test(key) && !originals.has(length)) originals.set(length, key);
  }
  const follows = new Map<string, string>();
  for (const [key, group] of groups) {
    const original = average.test(key) ? originals.get(group.length) : undefined;
    if (original === undefined) continue;
    follows.set(key, original);
    for (const entry of group) copies.add(entry);
  }
  for (const [key, original] of [...follows].slice(0, averagesTold)) {
    notes.push(`"${key}" is a running average of the weights in "${original}": listed, in no total.`);
  }
  return copies;
}

function shortNames(weights: readonly Found[], notes: string[]): string[] {
  let depth = 0;
  const first = weights[0]?.path ?? [];
  while (
    depth < first.length - 1 &&
    wrapper.test(first[depth]!) &&
    weights.every(({ path }) => path.length > depth + 1 && path[depth] === first[depth])
  ) {
    depth++;
  }
  if (depth > 0) notes.push(`The weights are in "${first.slice(0, depth).join('.')}"; names are given without it.`);
  let names = weights.map(({ path }) => nameOf(path.slice(depth)));
  const dropped: string[] = [];
  for (let again = true; again && names.length > 0;) {
    const prefix = prefixes.find(start => names.every(name => name.startsWith(start) && name.length > start.length));
    again = prefix !== undefined;
    if (prefix !== undefined) {
      dropped.push(prefix);
      names = names.map(name => name.slice(prefix.length));
    }
  }
  if (dropped.length > 0) notes.push(`All names began with "${dropped.join('')}"; they are given without it.`);
  return names;
}

function unique(named: readonly Named[], notes: string[]): Named[] {
  /** Names in use, each with the number that the next one of that name gets. */
  const taken = new Map<string, number>();
  const double: string[] = [];
  const result = named.map(entry => {
    const base = entry.name === '' ? 'tensor' : entry.name;
    let name = base;
    let number = taken.get(base) ?? 1;
    while (taken.has(name)) name = `${base} (${++number})`;
    taken.set(base, number);
    if (name !== base) {
      double.push(base);
      taken.set(name, 1);
    }
    return { ...entry, name };
  });
  if (double.length > 0) {
    notes.push(`${double.length} names come more than once, e.g. "${double[0]!}": later ones are numbered.`);
  }
  return result;
}
