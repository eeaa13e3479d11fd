import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportArguments, exportPath, formatChoices, levelChoices } from '../../../src/host/exportChoices';
import { parseCommand } from '../../../src/job/cli/arguments';
import { sampleReports } from '../../support/sampleReports';

const ref = { store: path.resolve('/work space/.winning-ticket'), name: 'lenet-mnist' };

describe('the levels that can be exported', () => {
  it('begin with the winning ticket, and go on with the sparsest', () => {
    const report = sampleReports.done();
    const levels = levelChoices(report).map(({ level }) => level);
    const others = levels.slice(1);
    expect(levels[0]).toBe(report.verdict.level);
    expect(others).toEqual([...others].sort((a, b) => b - a));
    expect(levels).toHaveLength(report.series[0]!.points.length);
    expect(levelChoices(report)[0]!.description).toMatch(/^98\.\d\d.*test accuracy, the winning ticket$/);
  });

  it('are those that are finished', () => {
    expect(levelChoices(sampleReports.started())).toEqual([]);
  });
});

it.each(formatChoices)('$label is what the command line takes', format => {
  const out = exportPath(ref, 7, format);
  expect(out).toBe(path.resolve(`/work space/lenet-mnist-level-7.${format.extension}`));
  const command = parseCommand(exportArguments(ref, 7, format, out, false));
  expect(command).toMatchObject({
    kind: 'export',
    operand: path.join(ref.store, 'experiments', 'lenet-mnist'),
    level: 7,
    out,
    overwrite: false,
  });
  expect(command).toMatchObject({ format: format.options[1], pairs: format.options.includes('--mask-pairs') });
  expect(parseCommand(exportArguments(ref, 7, format, '-o', true))).toMatchObject({ out: '-o', overwrite: true });
});
