import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'jsonc-parser';
import { describe, expect, test } from 'vitest';
import { estimateSeconds } from '../../../src/host/estimate';
import {
  example,
  experimentText,
  freeName,
  newExperiment,
  placeOfField,
  toExperimentName,
  withAllControls,
} from '../../../src/host/experimentFiles';
import { lengths } from '../../../src/host/recipes';
import { parseExperiment } from '../../../src/shared/parse';

const exampleText = (): string => readFileSync(path.join(__dirname, '../../..', example.file), 'utf8');

describe('experiments that are written', () => {
  test('the built-in example needs no file and costs what is said of it: about a minute', () => {
    const parsed = parseExperiment(exampleText(), example.file);
    expect(parsed).toMatchObject({
      name: example.name,
      model: 'builtin:lenet-300-100',
      data: { format: 'digits' },
      training: { optimizer: { name: 'adam', learningRate: 0.0012 }, batchSize: 60, steps: 800 },
      pruning: { rate: 0.2, levels: 12 },
      compare: ['one-shot', 'random-reinit', 'random-mask'],
      replicates: 1,
    });
    const { steps, batchSize } = parsed.training;
    const levels = parsed.pruning.levels!;
    const seconds = estimateSeconds({
      multiplyAdds: 266_200,
      steps: steps!,
      batchSize,
      levels,
      comparisons: parsed.compare.length,
      replicates: parsed.replicates,
      threads: 2,
    });
    expect(seconds).toBeGreaterThan(30);
    expect(seconds).toBeLessThan(90);
  });

  test.each(lengths)('"$label" is valid', length => {
    const experiment = newExperiment({
      name: 'mine',
      model: 'model.json',
      data: { format: 'idx', directory: '../mnist' },
      recipe: length.recipe,
      compare: ['one-shot'],
    });
    const parsed = parseExperiment(experimentText(experiment), 'x');
    expect(parsed).toMatchObject({
      name: 'mine',
      model: 'model.json',
      data: { format: 'idx', directory: '../mnist' },
      training: { steps: length.steps },
      pruning: length.recipe.pruning,
      compare: ['one-shot'],
    });
  });

  test.each(['fresh', 'file'] as const)('a start "%s" stands there with what it means', start => {
    const experiment = newExperiment({
      name: 'mine',
      model: 'net.keras',
      start,
      data: { format: 'digits', training: 100, test: 50 },
      recipe: lengths[0]!.recipe,
      compare: [],
    });
    const text = experimentText(experiment);
    expect(text).toMatch(new RegExp(`"start": "${start}", // starts from `));
    expect(parseExperiment(text, 'x').start).toBe(start);
  });
});

test.each([
  ['My model', 'My-model'],
  ['../..', 'experiment'],
  ['größe', 'gr-e'],
  ['.hidden', 'hidden'],
  ['', 'experiment'],
])('from "%s" comes the name "%s"', (words, name) => {
  expect(toExperimentName(words)).toBe(name);
});

test('a name that is taken gets a number', () => {
  const taken = new Set(['a', 'a-2']);
  expect(freeName('a', name => taken.has(name))).toBe('a-3');
  expect(freeName('b', name => taken.has(name))).toBe('b');
});

describe('adding controls', () => {
  test('keeps comments, layout and what is there', () => {
    const text = '{\n    // mine\n    "name": "a",\n    "compare": ["random-mask"]\n}\n';
    const changed = withAllControls(text);
    expect(changed).toContain('    // mine\n    "name": "a",');
    expect(parse(changed)).toMatchObject({ compare: ['random-mask', 'one-shot', 'random-reinit'] });
  });

  test('adds the field where it is missing', () => {
    const parsed: unknown = parse(withAllControls('{ "name": "a" }'));
    expect(parsed).toEqual({ name: 'a', compare: ['one-shot', 'random-reinit', 'random-mask'] });
  });

  test('changes nothing where nothing is missing', () => {
    const text = exampleText();
    expect(withAllControls(text)).toBe(text);
  });
});

test('text that is nested too deeply is left to the parser, which says so', () => {
  const text = '['.repeat(100_000);
  expect(placeOfField(text, 'name')).toBeNull();
  expect(withAllControls(text)).toBe(text);
});

describe('the place of a field', () => {
  const text = '{ "name": "a", "pruning": { "rate": 2 }, "compare": ["one-shot", "x"] }';
  const at = (field: string): string | null => {
    const place = placeOfField(text, field);
    return place && text.slice(place.offset, place.offset + place.length);
  };

  test('is its value', () => {
    expect(at('pruning.rate')).toBe('2');
    expect(at('compare[1]')).toBe('"x"');
  });

  test('of one that is missing, what is around it', () => {
    expect(at('pruning.levels')).toBe('{ "rate": 2 }');
    expect(at('training.steps')).toBeNull();
    expect(at('')).toBeNull();
  });
});
