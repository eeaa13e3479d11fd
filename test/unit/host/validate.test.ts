import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { list } from '../../../src/host/boundedList';
import { holdsMoreThan } from '../../../src/host/messageSize';
import {
  check,
  checkJobMessage,
  checkPanelMessage,
  checkSidebarMessage,
  isExperimentName,
  parseReport,
} from '../../../src/host/validate';
import type { Report } from '../../../src/shared/report';
import { parseCurve } from '../../../src/shared/storedCurve';
import { sampleScience } from '../../support/sampleScience';
import { report, runKey } from './reports';

describe('messages of a job', () => {
  test.each([
    { type: 'log', level: 'info', message: 'epoch' },
    { type: 'report', report },
    { type: 'finished', status: 'failed', error: { message: 'no such file', field: 'data.directory' } },
    // of a job that its host has left: the report stays as it is
    { type: 'finished', status: 'running' },
    {
      type: 'progress',
      progress: { runsDone: 0, runsTotal: 4, levels: 2, fraction: 0, secondsLeft: null },
    },
    {
      type: 'evaluation',
      run: runKey(1),
      point: {
        step: 50,
        trainLoss: NaN,
        validationLoss: null,
        validationAccuracy: null,
        testLoss: 0.3,
        testAccuracy: 0.9,
      },
    },
  ])('$type is taken as it is', message => {
    expect(checkJobMessage(message)).toEqual({ ok: true, value: message });
  });

  test.each([
    ['of no known type', { type: 'execute', command: 'rm' }],
    ['that is no object', 'progress'],
    ['without its field', { type: 'progress' }],
    ['with a run that could leave the store', { type: 'evaluation', run: '../../x', point: {} }],
    ['with a status that is no end', { type: 'finished', status: 'waiting' }],
  ])('one %s is refused with its reason', (_, message) => {
    const checked = checkJobMessage(message);
    expect(checked.ok).toBe(false);
    expect(checked).toHaveProperty('problem', expect.stringMatching(/\w/));
  });
});

describe('a message that holds very much', () => {
  const [firstRun] = report.runs;
  const many = (runs: number) => {
    const [series] = report.series;
    const points = Array.from({ length: 200 }, () => series!.points[0]!);
    const all = Array.from({ length: runs }, (_, i) => ({ ...firstRun!, key: runKey(i) }));
    return { ...report, series: Array.from({ length: 10 }, () => ({ ...series!, points })), runs: all };
  };

  test('is taken where it is the report of 10,000 runs', () => {
    const message = { type: 'report', report: many(10_000) };
    expect(checkJobMessage(message).ok).toBe(true);
    expect(parseReport(JSON.stringify(message.report)).ok).toBe(true);
  });

  test('is refused where one list stands in many places, each within its bound, before it is looked through', () => {
    const kept = Array.from({ length: 1000 }, () => 1);
    const layers = Array.from({ length: 2001 }, () => ({ name: 'a', shape: [1], total: 1, kept }));
    const problem = 'more than 2,000,000 values';
    expect(checkJobMessage({ type: 'report', report: { ...report, layers } })).toEqual({ ok: false, problem });
    expect(parseReport(JSON.stringify({ ...report, layers }))).toEqual({ ok: false, problem });
  });

  test('is refused with more runs than any study has', () => {
    const checked = checkJobMessage({ type: 'report', report: many(100_001) });
    expect(checked).toEqual({ ok: false, problem: expect.stringContaining('"report.runs"') });
  });
});

describe('a list', () => {
  const seen: unknown[] = [];
  const number = z.preprocess(value => (seen.push(value), value === null ? 0 : value), z.number());
  const checkList = (value: unknown) => check(z.object({ list: list(z.object({ number }), 3) }), { list: value });
  const entries = (...numbers: unknown[]) => numbers.map(one => ({ number: one }));
  beforeEach(() => seen.splice(0));

  test('comes back with its entries as they were read', () => {
    expect(checkList(entries(1, null, 3))).toEqual({ ok: true, value: { list: entries(1, 0, 3) } });
    expect(checkList([])).toEqual({ ok: true, value: { list: [] } });
  });

  test('is left at the first entry that is wrong, which is named', () => {
    const problem = expect.stringMatching(/^"list\.1\.number": .*expected number/) as string;
    expect(checkList(entries(1, 'x', 'y'))).toEqual({ ok: false, problem });
    expect(seen).toEqual([1, 'x']);
  });

  test('that is too long is not looked at, and what is none is wrong', () => {
    expect(checkList(entries(1, 2, 3, 4))).toEqual({ ok: false, problem: '"list": must have 3 entries at most' });
    for (const value of ['abc', { length: 1 }, null, undefined, new Float32Array(1)]) {
      expect(checkList(value)).toEqual({ ok: false, problem: '"list": must be a list' });
    }
    expect(checkList(Array(2))).toMatchObject({ ok: false });
    expect(seen).toEqual([]);
  });
});

describe('values in a value', () => {
  test('are the entries of its arrays and objects, whatever lies in them', () => {
    const value = { a: [1, [2, null]], b: 'text', c: new Float32Array(100) };
    expect(holdsMoreThan(value, 6)).toBe(true);
    expect(holdsMoreThan(value, 7)).toBe(false);
    for (const one of [null, undefined, 'text', 7, new Uint8Array(9), [], {}]) {
      expect(holdsMoreThan(one, 0)).toBe(false);
    }
  });

  test('are counted wherever they stand, and without end where one holds itself', () => {
    let value: unknown = [];
    for (let i = 0; i < 60; i++) value = [value, value];
    expect(holdsMoreThan(value, 1_000_000)).toBe(true);
    const itself: unknown[] = [];
    itself.push(itself);
    expect(holdsMoreThan(itself, 1000)).toBe(true);
  });
});

describe('messages of webviews', () => {
  test('known ones pass', () => {
    expect(checkPanelMessage({ type: 'curves', runs: [runKey(1)] }).ok).toBe(true);
    expect(checkPanelMessage({ type: 'addControls' }).ok).toBe(true);
    expect(checkSidebarMessage({ type: 'open' }).ok).toBe(true);
  });

  test('keys that are paths do not', () => {
    expect(checkPanelMessage({ type: 'curves', runs: ['../../../etc/passwd'] }).ok).toBe(false);
    expect(checkPanelMessage({ type: 'curves', runs: Array(10_001).fill(runKey(1)) }).ok).toBe(false);
    expect(checkSidebarMessage({ type: 'run' }).ok).toBe(false);
  });
});

describe('report.json', () => {
  test('a whole one comes back as it was', () => {
    expect(parseReport(JSON.stringify(report))).toEqual({ ok: true, value: report });
  });

  test('a truncated one is a problem in words', () => {
    expect(parseReport(JSON.stringify(report).slice(0, 200))).toEqual({ ok: false, problem: 'not complete JSON' });
  });

  test('a wrong shape names the field', () => {
    const wrong = { ...report, verdict: { ...report.verdict, found: 'yes' } };
    expect(parseReport(JSON.stringify(wrong))).toEqual({
      ok: false,
      problem: expect.stringContaining('"verdict.found"'),
    });
  });

  test('a name that is a path is refused', () => {
    const wrong = { ...report, experiment: { ...report.experiment, name: '../x' } };
    expect(parseReport(JSON.stringify(wrong)).ok).toBe(false);
  });

  test('a loss that was infinite is read as no number', () => {
    const [series] = report.series;
    const [first] = series!.points;
    const infinite = {
      ...report,
      series: [{ ...series, points: [{ ...first, testLoss: { mean: Infinity, std: 0, values: [Infinity] } }] }],
    };
    const parsed = parseReport(JSON.stringify(infinite));
    expect(parsed.ok && parsed.value.series[0]!.points[0]!.testLoss.mean).toBeNaN();
  });
});

test('a curve is read up to the line that is being written', () => {
  const line = JSON.stringify({
    step: 50,
    trainLoss: null,
    validationLoss: 0.2,
    validationAccuracy: 0.9,
    testLoss: 0.3,
    testAccuracy: 0.91,
  });
  expect(parseCurve(`${line}\n{"step":"x"}\n${line}\n{"step":1`)).toHaveLength(2);
});

test('names of experiments are names of folders', () => {
  expect(['a', 'lenet-mnist', '.hidden', 'A_1.b'].every(isExperimentName)).toBe(true);
  expect(['', '.', '..', 'a/b', 'a\\b', 'ä', 'a'.repeat(121), 7, null].some(isExperimentName)).toBe(false);
});

describe('a report with every study', () => {
  const full = () => sampleScience();

  test('passes as it is', () => {
    const json = JSON.stringify(full());
    const checked = parseReport(json);
    expect(checked).toEqual({ ok: true, value: JSON.parse(json) });
  });

  test.each([
    ['verdict.best', (report: Report) => ({ ...report, verdict: { ...report.verdict, best: [{ sparsity: 0.5 }] } })],
    ['sweep', (report: Report) => ({ ...report, sweep: [{ rewind: -1, points: [] }] })],
    ['stability', (report: Report) => ({ ...report, stability: [{ ...report.stability![0], path: 'x' }] })],
    ['transfer', (report: Report) => ({ ...report, transfer: { ...report.transfer, series: {} } })],
    ['runs', (report: Report) => ({ ...report, runs: [{ ...report.runs[0], study: { kind: 'theft' } }] })],
    ['series', (report: Report) => ({ ...report, series: [{ ...report.series[0], sparsities: ['half'] }] })],
  ])('is refused where "%s" does not fit, which is named', (field, damage) => {
    const checked = parseReport(JSON.stringify(damage(full())));
    expect(checked).toMatchObject({ ok: false, problem: expect.stringContaining(`"${field}`) });
  });
});
