/** Whatever crosses a boundary is bounded: each text, list and value of each type of message, one after the other. */
import { describe, expect, test } from 'vitest';
import { deep, nested, places } from '../../fuzz/json';
import { hostTargets } from '../../fuzz/targets/messages';
import { requestTargets } from '../../fuzz/targets/requests';

/** As large as a chart to save may be, 64 MiB, and one character more; a copied table may have 256 MiB. */
const endless = 'x'.repeat(2 ** 26 + 1);
const endlessTable = 'x'.repeat(2 ** 28 + 1);

/** Lists of which a large model or experiment has more than 100,000 items. */
const longest: Readonly<Record<string, number>> = {
  'report: runs': 1_000_000,
  'pairs: pairs': 1_000_000,
  'pairs: unpaired': 2_000_000,
};

/** A list that is longer than any may be, of what stands in it now. */
function extended(list: readonly unknown[], place: string): readonly unknown[] {
  const [item] = list;
  const isPlain = typeof item !== 'object' || Array.isArray(item);
  return new Array<unknown>((longest[place] ?? (isPlain ? 1_000_000 : 100_000)) + 1).fill(item);
}

/**
 * Of a report: what the host does not read, and passes on as it is, so that it can show stores of later versions. A report
 * in a store is bounded as a file.
 */
const unread = new Set(
  (
    'start directory validation mean std name optimizer loss augmentation crop flip beta1 beta2 epsilon learningRate ' +
    'weightDecay labelSmoothing schedule warmup method counts outputRate exclude measures worth'
  )
    .split(' ')
    .map(key => `report: ${key}`),
);

describe.each([...hostTargets, ...requestTargets])('$name', { timeout: 60_000 }, ({ messages, check }) => {
  /** Paths of what was taken though it is too large. */
  function taken(replace: (value: unknown, place: string) => unknown): string[] {
    const found: string[] = [];
    for (const sound of messages) {
      expect(check(sound)).toBe('valid');
      const message = structuredClone(sound) as Record<string, unknown>;
      for (const [around, key] of places(message)) {
        const value = around[key];
        const place = `${String(message['type'])}: ${key}`;
        const larger = replace(value, place);
        if (larger === undefined || unread.has(place)) continue;
        around[key] = larger;
        if (check(message) !== 'refused') found.push(place);
        around[key] = value;
      }
    }
    return found;
  }

  test('takes no text without end', () => {
    const largest = (place: string): string => (place === 'copy: text' ? endlessTable : endless);
    expect(taken((value, place) => (typeof value === 'string' ? largest(place) : undefined))).toEqual([]);
  });

  test('takes no list without end', () => {
    expect(
      taken((value, place) => (Array.isArray(value) && value.length > 0 ? extended(value, place) : undefined)),
    ).toEqual([]);
  });

  test('takes nothing that is nested without end', () => {
    expect(taken(() => nested(deep))).toEqual([]);
  });
});
