import { describe, expect, test } from 'vitest';
import { issueReport, namesIn, ownWords } from '../../../src/host/issueReport';
import { experimentJsonSchema } from '../../../src/shared/schema';
import { report } from './reports';

const isOwn = ownWords(experimentJsonSchema());
const words = { user: 'jdoe', host: 'wotan', names: ['secret-study', 'malignant'] };
const time = '2026-01-01T00:00:00.000Z';

describe('a report of an issue', () => {
  const text = issueReport(
    {
      versions: { 'VS Code': '1.100.0', system: 'linux x64' },
      settings: { 'winningTicket.moduleFolders': ['/home/jdoe/secret'], 'winningTicket.executor': 'wasm' },
      examination: { node: '20.19.0', executors: [{ name: 'wasm', device: '2 threads of WOTAN' }] },
      log: [
        { time, level: 'info', message: 'started', experiment: 'secret-study', pid: 7 },
        {
          time,
          level: 'error',
          message: 'run failed: class malignant\nof "patients.csv"',
          run: 'ab',
          error: 'C:\\a b\\c.pt',
        },
      ],
    },
    words,
    isOwn,
  );

  test('holds versions, settings, what the doctor found and the log', () => {
    for (const part of ['VS Code: 1.100.0', '"winningTicket.executor": "wasm"', '"node": "20.19.0"', 'run failed']) {
      expect(text).toContain(part);
    }
    expect(text).toContain(`${time} error run failed: class <name> of "<text>" {"run":"ab","error":"<path>"}`);
  });

  test('holds nothing that is a person’s', () => {
    expect(text).not.toMatch(/jdoe|wotan|secret-study|malignant|patients|\/home|c\.pt/i);
  });
});

test.each(['```', 'a ```` b', '`\n```', '```a`` ```'])('%j ends no block', message => {
  const text = issueReport(
    { versions: {}, settings: {}, examination: null, log: [{ time, level: 'info', message }] },
    words,
    isOwn,
  );
  expect(text.match(/```/g)).toHaveLength(6);
});

test('only the last lines are shown', () => {
  const log = Array.from({ length: 300 }, (_, i) => ({ time, level: 'info', message: `line ${i};` }) as const);
  const text = issueReport({ versions: {}, settings: {}, examination: null, log }, words, isOwn);
  expect(text).not.toContain('line 99;');
  expect(text).toContain('line 100;');
  expect(text).toContain('line 299;');
});

test('names are those of the experiment, its model and data, layers and classes', () => {
  const named = {
    ...report,
    experiment: {
      ...report.experiment,
      name: 'mine',
      model: 'nets/a.onnx',
      data: { format: 'csv', file: 'b.csv', ignore: ['age'] },
    },
    labelNames: ['cat'],
  } as unknown as typeof report;
  expect(namesIn(named)).toEqual(
    expect.arrayContaining(['mine', 'nets/a.onnx', 'b.csv', 'age', 'cat', report.layers[0]!.name]),
  );
  expect(namesIn(named)).not.toContain('csv');
  expect(namesIn(report)).not.toContain('builtin:lenet-300-100');
});

test('words of the experiment file are this program’s own', () => {
  for (const own of ['executor', 'wasm', 'data.directory', 'training.batchSize', 'random-reinit'])
    expect(isOwn(own)).toBe(true);
  for (const other of ['patients', 'data.csv', 'model.pt', '', 'constructor', 'data.__proto__'])
    expect(isOwn(other)).toBe(false);
});
