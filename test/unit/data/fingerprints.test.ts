import { describe, expect, it } from 'vitest';
import { loadData } from '../../../src/data/load';
import { batch } from './cifarFiles';
import { folder, good } from './idxFiles';

/** The keys of all runs that people have in their stores depend on them. */
describe('fingerprints of data sets stay what they were', () => {
  it('of the built-in digits', async () => {
    const { fingerprint } = await loadData({ format: 'digits', training: 100, test: 30, validation: 20 }, '/');
    expect(fingerprint).toBe('41a0224c0141a711cd7cf2cc84bf9bda99c6d299d76cc27c42966b46c686078e');
  });

  it('of idx files', async () => {
    const { fingerprint } = await loadData({ format: 'idx', directory: folder(good) }, '/');
    expect(fingerprint).toBe('6f756abd9d9974a199056d7f14baa9d5a00848bc81ad09c3b3c1172e8173b58b');
  });

  it('of CIFAR-10', async () => {
    const directory = folder({
      'data_batch_1.bin': batch([0, 1, 2]),
      'data_batch_2.bin': batch([3, 4]),
      'data_batch_10.bin': batch([5]),
      'test_batch.bin': batch([9, 8]),
    });
    const { fingerprint } = await loadData({ format: 'cifar10', directory, validation: 2 }, '/');
    expect(fingerprint).toBe('66b028fa76b5132a92dcbf3ae71c9c19ea78d430346805a88edf13b7956cea89');
  });
});
