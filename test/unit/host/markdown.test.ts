import { expect, test } from 'vitest';
import { reportMarkdown } from '../../../src/host/markdown';
import { report } from './reports';

test('results as Markdown: verdict, then a table with a column per control', () => {
  const lines = reportMarkdown(report).split('\n');
  expect(lines[0]).toBe('## lenet-digits');
  expect(lines).toContain('**Winning ticket at 80 % of the weights**');
  expect(lines).toContain(
    '| level | remaining | kept | iterative, test accuracy | Δ dense, pp | early stop, step | random mask, test accuracy |',
  );
  expect(lines).toContain('| 0 | 100 % | 266,200 | 97.95 % | – | 900 | – |');
  expect(lines).toContain('| 1 | 80.0 % | 212,960 | 98.10 % | +0.15 | 900 | 97.50 % |');
  expect(lines.at(-2)).toContain('1,000 steps a run, batch 60, seed 0, 1 replicate; wasm, 2 threads, 12 s.');
});
