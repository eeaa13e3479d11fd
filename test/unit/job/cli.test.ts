import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../../src/job/cli/arguments';
import { describeProgress, ProgressLine } from '../../../src/job/cli/progressLine';
import { UsageError } from '../../../src/job/cli/usageError';

const queue = { kind: 'queue', action: 'list', operands: [], store: '.winning-ticket', choices: {}, json: false };
const run = { kind: 'run', experiment: 'a.json', store: '.winning-ticket', choices: {}, json: false };
const given = ['--executor', 'wasm', '--parallel', '2', '--checkpoint-seconds', '.5', '--store-limit', '1.5'];
const choices = { executor: 'wasm', parallel: 2, checkpointSeconds: 0.5, storeLimit: 1.5 };

describe('the command line', () => {
  it.each([
    [['run', 'a.json'], run],
    [['run', '--json', 'a.json', '--store', 's'], { ...run, store: 's', json: true }],
    [['run', 'a.json', ...given], { ...run, choices }],
    [['doctor', '--json'], { kind: 'doctor', json: true }],
    [['doctor', '--store', 's'], { kind: 'doctor', store: 's', json: false }],
    [['inspect', 'a', 'b'], { kind: 'inspect', files: ['a', 'b'], form: 'table' }],
    [['inspect', 'a', '--csv'], { kind: 'inspect', files: ['a'], form: 'csv' }],
    [['diff', 'a', 'b', '--json'], { kind: 'diff', left: 'a', right: 'b', json: true }],
    [
      ['prune', 'a', '--out', 'b', '--density', '.1', '--exclude', 'x', '--exclude', 'y'],
      {
        kind: 'prune',
        file: 'a',
        out: 'b',
        overwrite: false,
        rule: { method: 'magnitude', scope: 'global', target: { density: 0.1 }, policy: new Map() },
        exclude: ['x', 'y'],
        json: false,
      },
    ],
    [['queue'], queue],
    [['queue', 'add', 'a', 'b'], { ...queue, action: 'add', operands: ['a', 'b'] }],
    [['queue', 'remove', 'a', '--store', 's'], { ...queue, action: 'remove', operands: ['a'], store: 's' }],
    [['queue', 'run', '--json'], { ...queue, action: 'run', json: true }],
    [['queue', 'run', ...given], { ...queue, action: 'run', choices }],
    [['pause', 'a'], { kind: 'pause', name: 'a', store: '.winning-ticket' }],
    [['cancel', 'a', '--store', 's'], { kind: 'cancel', name: 'a', store: 's' }],
    [['resume', 'a'], { kind: 'resume', name: 'a', store: '.winning-ticket' }],
    [['resume', 'a', '--experiment', 'f'], { kind: 'resume', name: 'a', experiment: 'f', store: '.winning-ticket' }],
    [['--help'], { kind: 'help' }],
    [['run', '-h'], { kind: 'help' }],
    [['--version'], { kind: 'version' }],
  ])('understands %j', (args, command) => {
    expect(parseCommand(args)).toEqual(command);
  });

  it.each([
    [[], 'a command is missing'],
    [['fly'], '"fly"'],
    [['constructor'], '"constructor"'],
    [['run'], 'needs the path of an experiment file'],
    [['run', 'a', 'b'], '"b"'],
    [['run', 'a', '--fast'], '--fast'],
    [['run', 'a', '--store'], '--store'],
    [['run', 'a', '--store='], '--store'],
    [['run', 'a', '--executor', 'gpu'], 'one of auto, wasm, webgpu'],
    [['doctor', '--executor', 'wasm'], '--executor'],
    [['inspect'], 'needs the path of a checkpoint'],
    [['inspect', ''], 'empty path'],
    [['inspect', 'a', '--json', '--csv'], '--json and --csv'],
    [['inspect', 'a', '--store', 's'], '--store'],
    [['diff', 'a'], 'two checkpoints'],
    [['diff', 'a', 'b', 'c'], '"c"'],
    [['prune', 'x'], '--out'],
    [['prune', 'x', '--out', 'y'], 'how much should go?'],
    [['prune', 'x', 'z', '--out', 'y', '--sparsity', '0.5'], '"z"'],
    [['prune', 'x', '--out', 'y', '--sparsity', '50%'], '--sparsity'],
    [['prune', 'x', '--out', 'y', '--sparsity', '1'], '--sparsity'],
    [['prune', 'x', '--out', 'y', '--density', '0'], '--density'],
    [['prune', 'x', '--out', 'y', '--density', '0.1', '--sparsity', '0.9'], 'twice'],
    [['prune', 'x', '--out', 'y', '--method', 'random'], 'magnitude or structured or n:m'],
    [['prune', 'x', '--out', 'y', '--method', 'n:m', '--sparsity', '0.5'], '--sparsity has no meaning'],
    [['prune', 'x', '--out', 'y', '--method', 'n:m', '--pattern', '4:2'], '--pattern'],
    [['prune', 'x', '--out', 'y', '--sparsity', '0.5', '--norm', 'l1'], '--norm has no meaning'],
    [['prune', 'x', '--out', 'y', '--role-policy', 'attention'], '--role-policy'],
    [['prune', 'x', '--out', 'y', '--role-policy', 'legs=0.5'], 'attention'],
    [['prune'], 'needs the path of a checkpoint'],
    [['prune', 'x', '--out', 'y', '--exclude', ''], '--exclude'],
    [['inspect', 'x', '--sparsity', '0.5'], '--sparsity'],
    [['run', 'x', '--parallel', '0'], '--parallel'],
    [['run', 'x', '--parallel', 'all'], '"all"'],
    [['prune', 'x', '--parallel', '2'], '--parallel has no meaning'],
    [['queue', 'fly'], '"fly"'],
    [['queue', 'list', 'x'], '"x"'],
    [['queue', 'run', 'x'], '"x"'],
    [['queue', 'run', '--executor', 'gpu'], 'one of auto, wasm, webgpu'],
    [['queue', 'run', '--parallel', '0'], '--parallel'],
    [['queue', 'run', '--checkpoint-seconds', '-1'], '--checkpoint-seconds'],
    [['queue', 'add', 'a', '--executor', 'wasm'], '--executor has no meaning for "queue add"'],
    [['queue', '--parallel', '2'], '--parallel has no meaning for "queue list"'],
    [['queue', 'add'], 'paths of experiment files'],
    [['queue', 'add', 'a', ''], 'paths of experiment files'],
    [['queue', 'remove'], '"queue remove" needs the name'],
    [['queue', 'first', 'a', 'b'], '"b"'],
    [['queue', 'remove', '../a'], '"../a" is not the name'],
    [['queue', '--store='], '--store'],
    [['queue', '--experiment', 'f'], '--experiment has no meaning'],
    [['pause'], '"pause" needs the name'],
    [['pause', '..'], '".." is not the name'],
    [['cancel', 'a', 'b'], '"b"'],
    [['cancel', 'a', '--experiment', 'f'], '--experiment has no meaning'],
    [['resume', 'a/b'], '"a/b" is not the name'],
    [['resume', 'a', '--experiment='], '--experiment needs the path'],
    [['doctor', 'x'], '"x"'],
    [['doctor', '--store', ''], '--store'],
  ])('refuses %j and names what is wrong', (args, says) => {
    expect(() => parseCommand(args)).toThrow(UsageError);
    expect(() => parseCommand(args)).toThrow(says);
  });
});

const progress = {
  runsDone: 3,
  runsTotal: 10,
  run: { key: '0'.repeat(32), method: 'one-shot', level: 2, replicate: 0, step: 1500, steps: 5000 },
  levels: 5,
  fraction: 0.309,
  secondsLeft: 83.4,
} as const;

describe('progress', () => {
  it('says how far it is and how long it will take', () => {
    expect(describeProgress(progress)).toBe(
      ' 30 % · run 4 of 10 · one-shot, level 2 of 5 · step 1,500 of 5,000 · 1:23 left',
    );
    expect(describeProgress({ ...progress, secondsLeft: null })).not.toContain('left');
    expect(describeProgress({ ...progress, runsAtWork: 2 })).toContain('2 runs at work · 1:23 left');
  });

  it('in a terminal is one line that never wraps and is gone at the end', () => {
    const written: string[] = [];
    const line = new ProgressLine({ isTTY: true, columns: 40, write: text => written.push(text) });
    line.show({ type: 'progress', progress });
    line.end();
    expect(written[0]!.replace('\r\u001b[K', '')).toHaveLength(39);
    expect(written.join('')).not.toContain('\n');
    expect(written.at(-1)).toBe('\r\u001b[K');
  });

  it('elsewhere writes no control characters and nothing for each step', () => {
    const written: string[] = [];
    const line = new ProgressLine({ write: text => written.push(text) });
    line.show({ type: 'progress', progress });
    line.show({ type: 'log', level: 'info', message: 'waiting' });
    line.end();
    expect(written).toEqual(['waiting\n']);
  });
});
