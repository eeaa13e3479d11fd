/** Targets of one message, or of one text file that is only looked into. */
import { deserialize, serialize } from 'node:v8';
import type { Checked } from '../../src/host/validate';
import { damageJson, damageValue } from './json';
import { demand, pick, type Outcome, type Target } from './target';

/** Of a check: a value, or a problem in words. */
export function answer<T>(checked: Checked<T>, use: (value: T) => void = () => undefined): Outcome {
  if (checked.ok) {
    use(checked.value);
    return 'valid';
  }
  demand(checked.problem.length > 0 && checked.problem.length < 10_000, 'a problem in words');
  return 'refused';
}

/** A boundary that messages cross. */
export interface MessageTarget extends Target {
  /** Sound ones, of every type. */
  readonly messages: readonly object[];
  readonly check: (value: unknown) => Outcome;
}

/** Messages travel as structured clones, which hold more than JSON does. */
export function messageTarget(
  name: string,
  messages: readonly object[],
  check: (value: unknown) => Outcome,
): MessageTarget {
  return {
    name,
    messages,
    check,
    sound: random => ({ message: serialize(pick(random, messages)) }),
    damaged(random) {
      const damaged = damageValue(pick(random, messages), random);
      const strange: readonly unknown[] = [
        undefined,
        NaN,
        1n,
        new Map([['type', 'log']]),
        new Uint8Array(4),
        new Date(0),
      ];
      if (random.nextBelow(5) > 0 || typeof damaged !== 'object' || damaged === null) {
        return { message: serialize(damaged) };
      }
      const field = pick(random, [...Object.keys(damaged), 'type']);
      return { message: serialize({ ...damaged, [field]: pick(random, [...strange, damaged]) }) };
    },
    read: files => Promise.resolve().then(() => check(deserialize(files['message']!))),
  };
}

/** Where a file is read to see what is in it, nothing is thrown, whatever that is. */
export function textTarget(name: string, value: unknown, read: (text: string) => Outcome): Target {
  return {
    name,
    sound: () => ({ [name]: Buffer.from(JSON.stringify(value)) }),
    damaged: random => ({ [name]: damageJson(value, random) }),
    read: files => Promise.resolve().then(() => read(Buffer.from(files[name]!).toString())),
  };
}
