import { expect, it, test } from 'vitest';
import { dataInWords, shapeInWords, takesInWords } from '../../../src/host/dataWords';
import { samplePreviews } from '../../support/sampleData';

test.each([
  [[28, 28, 1], '28×28 grey images'],
  [[32, 24, 3], '32×24 colour images'],
  [[8, 8, 12], '8×8×12 numbers'],
  [[1], '1 number'],
  [[784], '784 numbers'],
])('an example of shape %j: %s', (shape, words) => {
  expect(shapeInWords(shape)).toBe(words);
});

it('data is told by shape, classes and examples, estimates as such', () => {
  const { images, table } = samplePreviews;
  expect(dataInWords(images.data)).toBe('28×28 grey images · 10 classes · 60,000 to train on, 10,000 to test on');
  expect(dataInWords({ ...table.data, exact: false, training: 12_345 })).toBe(
    '4 numbers · 3 classes · about 12,345 examples',
  );
  expect(dataInWords({ ...table.data, task: 'regression', data: { inputShape: [4], classes: 2 } })).toContain(
    '2 numbers to predict',
  );
});

it('what a model takes is an example where it takes others too', () => {
  const data = { inputShape: [32, 32, 3], classes: 10 };
  expect(takesInWords({ data, fixedShape: true })).toBe('32×32 colour images, 10 outputs');
  expect(takesInWords({ data, fixedShape: false })).toBe('e.g. 32×32 colour images, 10 outputs');
});
