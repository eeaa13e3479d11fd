import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { drawDigits } from '../../../src/data/digits';
import { loadData } from '../../../src/data/load';

describe('built-in digits', () => {
  const { inputs, labels } = drawDigits('training', 1000);

  it('are the same bits every time and everywhere', () => {
    expect(createHash('sha256').update(inputs).digest('hex')).toBe(
      '840761b5908affd7719b6b7db30aefc7e22684f1ed2fd17f0225b90f9582025d',
    );
  });

  it('begin alike, however many are drawn', () => {
    expect(drawDigits('training', 10).inputs).toEqual(inputs.subarray(0, 7840));
  });

  it('differ between training and test', () => {
    expect(drawDigits('test', 10).inputs).not.toEqual(inputs.subarray(0, 7840));
  });

  it('take the ten classes in turns', () => {
    expect(Array.from(labels.subarray(0, 12))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
  });

  it('are mostly empty, as MNIST is, and none wholly', () => {
    const zeros = inputs.reduce((count, value) => count + (value === 0 ? 1 : 0), 0);
    expect(zeros / inputs.length).toBeGreaterThan(0.75);
    for (let i = 0; i < 1000; i++) {
      expect(inputs.subarray(i * 784, (i + 1) * 784).filter(value => value > 100).length).toBeGreaterThan(15);
    }
  });

  it('are told apart by their shape: images lie nearer to their own class than chance', () => {
    // nearest class mean: far from perfect, since the digits are bent and moved, far above 10 %
    const means = Array.from({ length: 10 }, () => new Float64Array(784));
    for (let i = 0; i < 1000; i++) for (let p = 0; p < 784; p++) means[labels[i]!]![p]! += inputs[i * 784 + p]! / 100;
    const test = drawDigits('test', 500);
    let right = 0;
    for (let i = 0; i < 500; i++) {
      const image = test.inputs.subarray(i * 784, (i + 1) * 784);
      const distances = means.map(mean => mean.reduce((sum, value, p) => sum + (value - image[p]!) ** 2, 0));
      if (distances.indexOf(Math.min(...distances)) === test.labels[i]) right++;
    }
    expect(right / 500).toBeGreaterThan(0.5);
    expect(right / 500).toBeLessThan(0.95);
  });

  it('load as a data set with the numbers asked for', async () => {
    const data = await loadData({ format: 'digits', training: 100, test: 30, validation: 20 }, '/');
    expect(data).toMatchObject({ inputShape: [28, 28, 1], classes: 10 });
    expect([data.training.count, data.validation.count, data.test.count]).toEqual([80, 20, 30]);
  });
});
