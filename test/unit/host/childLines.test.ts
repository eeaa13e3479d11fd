/** What children print: lines without an end, and more than an answer has. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { BoundedRate, hearLines, keptAtEnd, rateLimits } from '../../../src/host/childLines';
import { runCli } from '../../../src/host/cliProcess';
import { runProgram } from '../../../src/job/cluster/program';
import { BoundedLines, BoundedText, mostOfLine } from '../../../src/shared/boundedOutput';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'child-lines-'));
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

const mebibyte = 2 ** 20;
/** Of a script: prints so many bytes without an end of line. */
const flood = (stream: 'stdout' | 'stderr', mebibytes: number): string =>
  `const piece = Buffer.alloc(${mebibyte}, 'x');
   for (let left = ${mebibytes}; left > 0; left--) for (let at = 0; at < piece.length; ) {
     try { at += require('fs').writeSync(process.${stream}.fd, piece, at); }
     catch (error) { if (error.code !== 'EAGAIN') throw error; }
   }`;

function script(body: string): string {
  const file = path.join(directory, 'child.cjs');
  writeFileSync(file, body);
  return file;
}

function linesOf(...pieces: string[]): string[] {
  const heard: string[] = [];
  const lines = new BoundedLines(line => heard.push(line));
  for (const piece of pieces) lines.push(piece);
  lines.end();
  return heard;
}

describe('lines of text that comes piece by piece', () => {
  test('are the same wherever the pieces end', () => {
    const text = 'a\nb\r\n\r\nprogress 1\rprogress 2\rdone\n\nlast';
    const whole = ['a', 'b', '', 'progress 1', 'progress 2', 'done', '', 'last'];
    expect(linesOf(text)).toEqual(whole);
    expect(linesOf(...text.split(/(?:)/))).toEqual(whole);
    for (let at = 0; at <= text.length; at++) expect(linesOf(text.slice(0, at), '', text.slice(at))).toEqual(whole);
    expect(linesOf('')).toEqual([]);
    expect(linesOf('a\n')).toEqual(['a']);
  });

  test('are whole up to the bound, and cut with a word beyond it', () => {
    const longest = 'x'.repeat(mostOfLine);
    const cut = `${longest}… (the rest of this line is left out)`;
    expect(linesOf(longest, '\n', 'after')).toEqual([longest, 'after']);
    expect(linesOf(`${longest}y\nafter`)).toEqual([cut, 'after']);
    expect(linesOf(longest, 'y', longest, longest, '\nafter\n')).toEqual([cut, 'after']);
    expect(linesOf(longest, longest)).toEqual([cut]);
  });
});

describe('lines that come fast', () => {
  const { milliseconds, lines, characters } = rateLimits;
  let heard: string[];
  let rate: BoundedRate;
  beforeEach(() => {
    vi.useFakeTimers();
    heard = [];
    rate = new BoundedRate(line => heard.push(line));
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const numbered = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `${from + i}`);
  const push = (from: number, to: number): void => {
    for (const line of numbered(from, to)) rate.push(line);
  };

  test('are all heard, at once, up to the bound, and that in every window of time', () => {
    push(0, lines);
    expect(heard).toEqual(numbered(0, lines));
    vi.advanceTimersByTime(milliseconds);
    push(lines, 2 * lines);
    expect(heard).toEqual(numbered(0, 2 * lines));
    rate.end();
    expect(heard).toHaveLength(2 * lines);
  });

  test('are counted beyond it, and the last of them heard when the time is over', () => {
    const all = lines + 12_345 + keptAtEnd;
    push(0, all);
    expect(heard).toEqual(numbered(0, lines));
    vi.advanceTimersByTime(milliseconds - 1);
    expect(heard).toHaveLength(lines);
    vi.advanceTimersByTime(1);
    expect(heard.slice(lines)).toEqual(['… 12,345 lines left out', ...numbered(all - keptAtEnd, all)]);
    // and the next window is like the first
    heard = [];
    push(0, lines + keptAtEnd + 1);
    expect(heard).toEqual(numbered(0, lines));
  });

  test('are told of at the end of them, without waiting', () => {
    push(0, lines + keptAtEnd + 1);
    rate.end();
    expect(heard.slice(lines)).toEqual(['… 1 line left out', ...numbered(lines + 1, lines + keptAtEnd + 1)]);
    expect(vi.getTimerCount()).toBe(0);
    rate.end();
    expect(heard).toHaveLength(lines + keptAtEnd + 1);
  });

  test('are bound by their length too', () => {
    const long = 'x'.repeat(mostOfLine);
    for (let i = 0; i < lines; i++) rate.push(long);
    rate.end();
    expect(heard).toHaveLength(characters / mostOfLine + 1 + keptAtEnd);
  });
});

test('a child that prints in a loop is heard at its beginning and at its end', async () => {
  const child = spawn(process.execPath, [
    script(`for (let i = 0; i < 200_000; i++) console.error(i); console.error('the reason');`),
  ]);
  const heard: string[] = [];
  hearLines(child.stderr, line => heard.push(line));
  await new Promise(resolve => child.on('close', resolve));
  expect(heard.slice(0, 2)).toEqual(['0', '1']);
  expect(heard.at(-1)).toBe('the reason');
  const counts = heard.flatMap(line => /^… ([\d,]+) lines? left out$/.exec(line)?.[1] ?? []);
  const leftOut = counts.reduce((sum, words) => sum + Number(words.replaceAll(',', '')), 0);
  expect(heard.length - counts.length + leftOut).toBe(200_001);
  expect(leftOut).toBeGreaterThan(100_000);
});

test('a text keeps its beginning and knows that there was more', () => {
  const text = new BoundedText(4);
  text.push('ab');
  text.push('cd');
  expect(text).toMatchObject({ text: 'abcd', isCut: false });
  text.push('e');
  text.push('f');
  expect(text).toMatchObject({ text: 'abcd', isCut: true });
});

test('200 MiB without an end of line take no memory, and the lines around them are heard', async () => {
  const child = spawn(process.execPath, [
    script(`console.log('before'); ${flood('stdout', 200)} console.log('\\nafter'); console.log('last');`),
  ]);
  const heard: string[] = [];
  const before = process.memoryUsage().heapUsed;
  let most = 0;
  child.stdout.on('data', () => {
    most = Math.max(most, process.memoryUsage().heapUsed - before);
  });
  hearLines(child.stdout, line => heard.push(line));
  await new Promise(resolve => child.on('close', resolve));
  expect(heard.map(line => line.slice(0, 8))).toEqual(['before', 'xxxxxxxx', 'after', 'last']);
  expect(heard[1]!.length).toBeLessThan(mostOfLine + 100);
  // the rest is what the collector has not come to yet
  expect(most).toBeLessThan(100 * mebibyte);
});

describe('the command line', () => {
  const run = (body: string, onLine?: (line: string) => void): Promise<string> =>
    runCli({ script: script(body), arguments: [], signal: new AbortController().signal, ...(onLine && { onLine }) });

  test('that floods its errors is heard to its end, and its result counts', async () => {
    const heard: string[] = [];
    const body = `${flood('stderr', 20)} console.error('\\nmeasuring wasm'); console.log('{}');`;
    await expect(run(body, line => heard.push(line))).resolves.toBe('{}\n');
    expect(heard).toHaveLength(2);
    expect(heard[1]).toBe('measuring wasm');
  });

  test('that prints more than a result has gives none', async () => {
    await expect(run(flood('stdout', 65))).rejects.toThrow(/printed more than 67108864 characters/);
  });
});

test.skipIf(process.platform === 'win32')('a program of a cluster that floods is ended, and that is said', async () => {
  const program = path.join(directory, 'squeue');
  writeFileSync(program, `#!${process.execPath}\n${flood('stdout', 1000)}`, { mode: 0o755 });
  vi.stubEnv('PATH', directory);
  await expect(runProgram('squeue', [])).rejects.toThrow(/squeue printed more than 8388608 characters/);
});
