import { parse } from 'jsonc-parser';
import { describe, expect, test } from 'vitest';
import {
  digitsExample,
  experimentText,
  freeName,
  lengths,
  newExperiment,
  placeOfField,
  toExperimentName,
  withAllControls,
} from '../../../src/host/experimentFiles';
import { parseExperiment } from '../../../src/shared/parse';

describe('experiments that are written', () => {
  test('the built-in example is valid and needs no file', () => {
    const parsed = parseExperiment(experimentText(digitsExample), 'x');
    expect(parsed.data.format).toBe('digits');
    expect(parsed.model).toMatch(/^builtin:/);
    expect(parsed.compare).toEqual(['one-shot', 'random-reinit', 'random-mask']);
  });

  test.each(lengths)('"$label" is valid', length => {
    const experiment = newExperiment({
      name: 'mine',
      model: 'model.json',
      data: { format: 'idx', directory: '../mnist' },
      length,
      compare: ['one-shot'],
    });
    const parsed = parseExperiment(experimentText(experiment), 'x');
    expect(parsed).toMatchObject({
      name: 'mine',
      model: 'model.json',
      data: { format: 'idx', directory: '../mnist' },
      training: { steps: length.steps },
      pruning: { levels: length.levels },
      compare: ['one-shot'],
    });
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
    const text = experimentText(digitsExample);
    expect(withAllControls(text)).toBe(text);
  });
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
