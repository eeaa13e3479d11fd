import { describe, expect, test } from 'vitest';
import { redactor } from '../../../src/host/redact';

const own = new Set(['wasm', 'data', 'directory', 'training', 'batchSize']);
const redact = redactor(
  {
    user: 'jdoe',
    host: 'Wotan.corp.example',
    names: ['lenet-secret', 'diagnosis', 'a.b', '7', 'x', 'größe', 'malignant (late)'],
  },
  word => word.split('.').every(part => own.has(part)),
);

describe('paths', () => {
  test.each([
    'C:\\Users\\Jane Doe\\models\\net.pt',
    'd:/models/secret project/a.npz',
    'C:\\\\Users\\\\Jane\\\\a.pt',
    '\\\\fileserver\\share\\secret\\a.pt',
    '\\\\?\\C:\\secret\\a.pt',
    '//fileserver/share/secret',
    '~/secret/a.pt',
    '~jane/secret/a.pt',
    '~\\secret\\a.pt',
    '$HOME/secret/a.pt',
    '${HOME}/secret/a.pt',
    '%USERPROFILE%\\secret\\a.pt',
    '/home/jane/a.pt',
    '/home/jane doe/my secret data/a b.pt',
    '/home/jane/Data, very secret (old): part 2/a.pt',
    '/données/secrètes/größe/ネット.pt',
    '/a',
    './secret/a.pt',
    '../secret/a.pt',
    'secret/a.pt',
    'secret\\a.pt',
    'file:///home/jane/a.pt',
    'file:///C:/Users/Jane%20Doe/a.pt',
    'vscode-remote://ssh-remote+secret.host/home/jane/a.pt',
    'https://user:secret@example.org/private?token=secret',
  ])('%s goes, wherever it stands', path => {
    for (const text of [
      path,
      `${path}: there is no such file`,
      `cannot read ${path}`,
      `cannot read ${path}, the job ends`,
      `(${path}) is damaged`,
      `[${path}]`,
      `file=${path}`,
      `ENOENT: no such file or directory, open '${path}'`,
      `the file "${path}" is empty`,
      `see \`${path}\``,
    ]) {
      const left = redact(text);
      expect(left).not.toMatch(
        /secret|jane|doe|users|home|fileserver|share|net\.pt|a\.pt|données|größe|ネット|2\/|token/iu,
      );
    }
  });

  test('the sentence around one stays where it can', () => {
    expect(redact('/home/jane/a.pt: there is no such file')).toBe('<path>: there is no such file');
    expect(redact('cannot read C:\\a b\\c.pt, the job ends')).toBe('cannot read <path>, the job ends');
    expect(redact('  at run (/opt/x/dist/job.js:10:5)')).toBe('  at run (<path>)');
  });

  test('of two in a line both go', () => {
    expect(redact('copied /home/jane/a.pt to /srv/secret/b.pt')).not.toMatch(/jane|secret|\.pt/);
  });
});

test.each(['net.pt', 'my-net_2.state.pth.tar', 'Röntgen.csv', 'labels.JSON', 'a.ticket.json', 'x.7z.h5'])(
  'the name of the file %s goes',
  name => {
    expect(redact(`${name}: is empty`)).toBe('<file>: is empty');
    expect(redact(`reading ${name}`)).toBe('reading <file>');
  },
);

describe('machine, account and names', () => {
  test.each([
    ['process 7 on wotan.corp.example', 'process 7 on <file>'],
    ['process 7 on WOTAN', 'process 7 on <host>'],
    ['owner is jdoe.', 'owner is <user>.'],
    ['jdoe@corp.example', '<address>'],
    ['peer 192.168.17.4 and fe80::1ff:fe23:4567:890a', 'peer <address> and <address>'],
    ['lenet-secret is done', '<name> is done'],
    ['layer LENET-SECRET: Diagnosis', 'layer <name>: <name>'],
    ['Größe and malignant (late)', '<name> and <name>'],
  ])('%s', (text, left) => {
    expect(redact(text)).toBe(left);
  });

  test('parts of other words stay, and names that are only a letter or a number', () => {
    expect(redact('prediagnosis, jdoes, 7 of x')).toBe('prediagnosis, jdoes, 7 of x');
  });

  test('no name is a pattern', () => {
    expect(redact('a.b aXb')).not.toContain('a.b');
    expect(redact('aXb')).toBe('aXb');
    expect(redactor({ user: '(', host: '[', names: ['.*', '\\', '+++'] }, () => false)('plain words')).toBe(
      'plain words',
    );
  });
});

test('what is quoted goes, but for words of this program', () => {
  expect(redact('column "patient name" has the label “late” or \'early\' or `x y`')).toBe(
    'column "<text>" has the label “<text>” or \'<text>\' or `<text>`',
  );
  expect(redact('"data.directory" and "wasm"; it\'s so, isn\'t it')).toBe(
    '"data.directory" and "wasm"; it\'s so, isn\'t it',
  );
  expect(redact('training.batchSize: too large')).toBe('training.batchSize: too large');
  expect(redact('an escaped "quote \\" inside" too')).toBe('an escaped "<text>" too');
});

test('what helps stays', () => {
  for (const text of [
    'run failed: the loss is NaN at step 120',
    '500 steps/s dense, 1,200 steps/s with 6.9 % of the weights',
    'started 2026-01-01T10:20:30.000Z on Node 20.19.0',
    'AMD EPYC 7B13, 2 threads',
    'run 550d0a944f0eab27e3dcdbf6caa6f48c done',
  ]) {
    expect(redact(text)).toBe(text);
  }
});

test('a text of any length takes no time that matters', () => {
  for (const piece of ['/', '\\', '"', 'a/', ':', 'a.b', '/ a: ', '::', "'"]) {
    expect(redact(piece.repeat(50_000)).length).toBeLessThan(200_000);
  }
});
