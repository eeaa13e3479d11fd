/**
 * Finds the tensors in what a pickle holds, and tells weights from baggage: state dicts and modules anywhere, optimiser
 * states, masks and schedules beside them. Cycles end where they close; each object is entered once, and depth is bounded.
 */
import { limits } from '../checkpoint';
import { Opaque, type PickleValue } from './pickleValue';
import type { TensorRecord } from './records';
import { isTensor } from './tensorConstructors';

/** 'unknown' is a tensor that lies in no state dict: a weight only where there are no others. */
export type Context = 'weights' | 'optimizer' | 'other' | 'unknown';

export interface Found {
  /** Keys from the root; a key of a state dict is one of them, dots and all. */
  readonly path: readonly string[];
  readonly record: TensorRecord;
  readonly context: Context;
}

export interface Graph {
  readonly found: readonly Found[];
  /** Plain values at the top, e.g. epoch and accuracy. */
  readonly metadata: readonly (readonly [string, string])[];
  readonly notes: readonly string[];
}

const depthLimit = 100;
const metadataLimit = 64;
/** Characters and steps of the paths to all tensors together: the same long key could lead to every one. */
const pathsLimit = 2 ** 26;

const optimizerKey =
  /^(optim|optimi[sz]ers?|opt(im)?(_?state)?|opt_state)($|[._])|optimi[sz]er|^(lr_)?schedulers?($|_)|(grad|loss)_?scaler|^amp$|^scaler($|_)/i;
const baggageKey =
  /(^|_)(rng|random)(_|$)|masks?_dict|^masks?$|compression_sched|thinning|history|^(metrics?|loss(es)?|log(s|ger)?|args|hparams|hyper_parameters|config|callbacks|loops|samples?|batch|inputs?|targets?|labels?|dataset|vocab)$/i;

/** Keys of a module's `__dict__` that are bookkeeping. Source: torch/nn/modules/module.py. */
const moduleParts = new Set(['_parameters', '_buffers', '_modules']);
const moduleHooks = /^_.*(hooks|hooks_with_kwargs|hooks_always_called)$|^_non_persistent_buffers_set$/;

const isOptimizer = (map: Map<PickleValue, PickleValue>): boolean => map.has('state') && map.has('param_groups');
const isModule = (map: Map<PickleValue, PickleValue>): boolean => map.has('_parameters') && map.has('_modules');

/** Mostly tensors by name, and one of them more than a number: what `state_dict()` gives. */
function isStateDict(map: Map<PickleValue, PickleValue>): boolean {
  let tensors = 0;
  let shaped = false;
  for (const [key, value] of map) {
    if (typeof key !== 'string') return false;
    if (!isTensor(value)) continue;
    tensors++;
    shaped ||= value.shape.length > 0;
  }
  return shaped && 2 * tensors > map.size;
}

/** Longer keys are cut: the same one could stand in a million dicts, and be looked at in each. */
const nameOf = (key: PickleValue): string =>
  typeof key === 'string' ? key.slice(0, limits.nameLength) : typeof key === 'number' ? String(key) : 'object';

/** What tensors can be in. */
const isContainer = (
  value: PickleValue | readonly PickleValue[],
): value is Exclude<PickleValue, string | number | bigint | boolean | null> =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array);

class Walk {
  readonly found: Found[] = [];
  readonly notes: string[] = [];
  private readonly seen = new Set<object>();
  private depth = 0;
  private cut = false;
  private spelled = 0;

  visit(value: PickleValue | readonly PickleValue[], path: readonly string[], context: Context): void {
    if (!isContainer(value)) return;
    if (isTensor(value)) {
      this.add(value, path, context);
      return;
    }
    if (this.seen.has(value)) return;
    this.seen.add(value);
    if (this.depth >= depthLimit) {
      this.stop(path);
      return;
    }
    this.depth++;
    if (Array.isArray(value) || value instanceof Set) {
      let index = 0;
      for (const item of value) {
        if (isContainer(item)) this.visit(item, [...path, String(index)], context);
        index++;
      }
    } else if (value instanceof Map) {
      this.visitMap(value, path, context);
    } else if (value instanceof Opaque) {
      this.visitOpaque(value, path, context);
    }
    this.depth--;
  }

  private add(record: TensorRecord, path: readonly string[], context: Context): void {
    this.spelled += path.reduce((sum, key) => sum + key.length + 1, 0);
    if (this.found.length >= limits.tensors || this.spelled > pathsLimit) this.stop(path);
    else this.found.push({ path, record, context });
  }

  private visitMap(map: Map<PickleValue, PickleValue>, path: readonly string[], context: Context): void {
    if (isModule(map)) {
      this.visitModule(map, path, context === 'unknown' ? 'weights' : context);
      return;
    }
    let inner = context;
    if (isOptimizer(map)) inner = 'optimizer';
    else if (context === 'unknown' && isStateDict(map)) inner = 'weights';
    for (const [key, value] of map) {
      if (!isContainer(value)) continue;
      const name = nameOf(key);
      this.visit(value, [...path, name], isTensor(value) && inner === 'weights' ? inner : contextUnder(name, inner));
    }
  }

  /** The attributes of a module by the names that its state_dict would give them. */
  private visitModule(attributes: Map<PickleValue, PickleValue>, path: readonly string[], context: Context): void {
    for (const [key, value] of attributes) {
      const name = nameOf(key);
      if (moduleHooks.test(name)) continue;
      if (!moduleParts.has(name)) {
        this.visit(value, [...path, name], context === 'weights' ? 'other' : context);
      } else if (value instanceof Map && !this.seen.has(value)) {
        this.seen.add(value);
        for (const [part, child] of value) this.visit(child, [...path, nameOf(part)], context);
      }
    }
  }

  private visitOpaque(object: Opaque, path: readonly string[], context: Context): void {
    // modules of TorchScript keep parameters and children side by side
    const inner = context === 'unknown' && object.path.startsWith('__torch__.') ? 'weights' : context;
    for (const part of [object.state, object.entries, object.items]) {
      if (Array.isArray(part) && part.length === 2 && part[1] instanceof Map) {
        // (__dict__, __slots__)
        for (const half of part) this.visit(half, path, inner);
      } else {
        this.visit(part, path, inner);
      }
    }
    this.visit(object.args, path, inner);
  }

  private stop(path: readonly string[]): void {
    if (this.cut) return;
    this.cut = true;
    this.notes.push(
      `Not looked into ${path.slice(0, 5).join('.').slice(0, 200)}… and what follows: nested deeper, or more, than any checkpoint.`,
    );
  }
}

function contextUnder(key: string, context: Context): Context {
  if (context !== 'unknown' && context !== 'weights') return context;
  // a name with dots is a parameter's
  if (key.includes('.')) return context;
  if (optimizerKey.test(key)) return 'optimizer';
  return baggageKey.test(key) ? 'other' : context;
}

export function walk(root: PickleValue): Graph {
  const walker = new Walk();
  walker.visit(root, [], 'unknown');
  const metadata: [string, string][] = [];
  if (root instanceof Map) {
    for (const [key, value] of root) {
      const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
      if (typeof key === 'string' && plain && metadata.length < metadataLimit) {
        metadata.push([key.slice(0, 200), String(value).slice(0, 1_000)]);
      }
    }
  }
  return { found: walker.found, metadata, notes: walker.notes };
}
