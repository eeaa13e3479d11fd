import { expect, test } from 'vitest';
import { waitAfterSilence } from '../../../src/host/clusterPatience';

const waits = (known: boolean, installed: boolean) =>
  [1, 2, 3, 4, 5, 6, 60].map(vain => waitAfterSilence({ vain, known, installed }));

test('a cluster that is silent is asked twice as late each time, up to five minutes, as long as it takes', () => {
  expect(waits(true, true)).toEqual([20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
});

test('one that has never answered is given up soon', () => {
  expect(waits(false, true)).toEqual([20_000, 40_000, 80_000, 160_000, null, null, null]);
});

test('one that no program of this machine can ask is given up at once', () => {
  expect(waits(false, false)).toEqual([null, null, null, null, null, null, null]);
});

test('one that has answered keeps its turns while its programs are away: their file system may be', () => {
  expect(waits(true, false)).toEqual(waits(true, true));
});
