/** Which experiments the argument of a command means. Anybody may call a command, with anything. No vscode. */
import { refKey, type ExperimentRef } from './store';
import { isExperimentName } from './validate';

/** Experiments of selected items of the tree, each once; `selection` is there where several are selected. */
export function refsIn(argument: unknown, selection: unknown): readonly ExperimentRef[] {
  const items: readonly unknown[] = Array.isArray(selection) ? selection : [argument];
  const refs = items.map(refIn).filter(ref => ref !== null);
  return [...new Map(refs.map(ref => [refKey(ref), ref])).values()];
}

/** An item of the tree, or the experiment itself as buttons of this extension hand it over. */
export function refIn(argument: unknown): ExperimentRef | null {
  if (typeof argument !== 'object' || argument === null) return null;
  const ref: unknown = 'ref' in argument ? argument.ref : argument;
  if (typeof ref !== 'object' || ref === null || !('store' in ref) || !('name' in ref)) return null;
  return typeof ref.store === 'string' && isExperimentName(ref.name) ? { store: ref.store, name: ref.name } : null;
}
