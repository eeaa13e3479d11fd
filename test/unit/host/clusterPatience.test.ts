import { expect, test } from 'vitest';
import { waitAfterSilence } from '../../../src/host/clusterPatience';

const waits = (known: boolean) => [1, 2, 3, 4, 5, 6, 60].map(vain => waitAfterSilence(vain, known));

test('a cluster that is silent is asked twice as late each time, up to five minutes, as long as it takes', () => {
  expect(waits(true)).toEqual([20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
});

test('one that has never answered is given up soon', () => {
  expect(waits(false)).toEqual([20_000, 40_000, 80_000, 160_000, null, null, null]);
});
