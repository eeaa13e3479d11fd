/** What a folder that is not trusted may do, by the manifest and the source of each command. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import manifest from '../../../package.json';

const host = (file: string): string => readFileSync(path.join(import.meta.dirname, '../../../src/host', file), 'utf8');

describe('settings', () => {
  const { properties } = manifest.contributes.configuration;
  const { supported, restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;

  test('the extension says that it works in part where a folder is not trusted', () => {
    expect(supported).toBe('limited');
  });

  test.each(Object.entries(properties))('a folder that is not trusted does not set %s', (name, property) => {
    const scope = 'scope' in property ? property.scope : 'window';
    expect(scope === 'machine' || scope === 'application' || restrictedConfigurations.includes(name)).toBe(true);
  });

  test('what names code to run is of the machine alone', () => {
    expect(properties['winningTicket.moduleFolders'].scope).toBe('machine');
  });

  test('each says what it takes, and is not free text', () => {
    for (const [name, property] of Object.entries(properties) as [string, Record<string, unknown>][]) {
      const { type, enum: choices, anyOf, oneOf, items, maximum } = property;
      const bounded =
        type === 'boolean' ||
        choices !== undefined ||
        anyOf !== undefined ||
        oneOf !== undefined ||
        items !== undefined;
      expect([name, bounded || (type !== 'string' && maximum !== undefined)]).toEqual([name, true]);
    }
  });
});

/**
 * `reads`: shows, copies to the clipboard, or changes what is this extension's own. `asks`: writes only where a dialog has
 * just asked for. Others begin with a question for trust, in the file that is named. A new command belongs here.
 */
const commands: Readonly<Record<string, 'reads' | 'asks' | { readonly trust: string }>> = {
  cancel: { trust: 'results.ts' },
  cancelOnCluster: { trust: 'cluster.ts' },
  pause: { trust: 'results.ts' },
  prioritise: { trust: 'results.ts' },
  removeFromQueue: { trust: 'results.ts' },
  restart: { trust: 'results.ts' },
  resume: { trust: 'runner.ts' },
  chooseDevice: 'reads',
  compareExperiments: 'reads',
  compareRuns: 'reads',
  compareSelected: 'reads',
  compareWith: 'reads',
  copyMarkdown: 'reads',
  copyTensorsAsCsv: 'reads',
  copyTensorsAsMarkdown: 'reads',
  inspect: 'reads',
  inspectRun: 'reads',
  openExperiment: 'reads',
  openPanel: 'reads',
  reportIssue: 'reads',
  reveal: 'reads',
  showLog: 'reads',
  savePage: 'asks',
  delete: { trust: 'results.ts' },
  exportTicket: { trust: 'exportTicket.ts' },
  find: { trust: 'find.ts' },
  openClusterLog: { trust: 'cluster.ts' },
  openModel: { trust: 'find.ts' },
  pruneCopy: { trust: 'inspector/pruneCopy.ts' },
  rerun: { trust: 'runner.ts' },
  setUpGpu: { trust: 'devices/setUpGpu.ts' },
  submitToCluster: { trust: 'cluster.ts' },
  tryExample: { trust: 'find.ts' },
};

describe('commands', () => {
  test('of each it is known whether it needs a folder that is trusted', () => {
    const names = manifest.contributes.commands.map(({ command }) => command.replace('winningTicket.', ''));
    expect(names.sort()).toEqual(Object.keys(commands).sort());
  });

  const guarded = Object.entries(commands).flatMap(([name, kind]) =>
    typeof kind === 'object' ? [{ name, ...kind }] : [],
  );
  test.each(guarded)('$name asks for trust', ({ trust }) => {
    expect(host(trust)).toMatch(/!\(await isTrusted\(\)\)/);
  });

  test('what enables a command or shows a menu is set somewhere', () => {
    const views = Object.values(manifest.contributes.views).flatMap(list => list.map(({ id }) => id));
    const asked = JSON.stringify(manifest).matchAll(/"(?:when|enablement)":"((?:[^"\\\\]|\\\\.)*)"/g);
    const keys = [...asked].flatMap(([, words]) => words!.match(/winningTicket\.\w+/g) ?? []);
    const folder = path.join(import.meta.dirname, '../../../src/host');
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'));
    const text = sources.map(host).join('\n');
    const unset = [...new Set(keys)].filter(key => !views.includes(key) && !text.includes(`'${key}'`));
    expect(unset).toEqual([]);
    expect(keys).toContain('winningTicket.queued');
  });

  test('every start of a job goes through the one place that asks', () => {
    const starts = [
      'runner.ts',
      'jobService.ts',
      'results.ts',
      'commands.ts',
      'runFeedback.ts',
      'codeLens.ts',
      'find.ts',
    ];
    expect(starts.filter(file => /\bjobs\.start\(/.test(host(file)))).toEqual(['runner.ts']);
    expect(host('runner.ts')).toMatch(/async run\([^)]*\)[^{]*\{\s*if \(!\(await isTrusted\(\)\)\) return false;/);
  });
});
