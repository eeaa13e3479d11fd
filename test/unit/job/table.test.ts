import { describe, expect, it } from 'vitest';
import { describeReport } from '../../../src/job/cli/table';
import { sampleReport } from '../../support/sampleReports';

describe('the report at a terminal', () => {
  const report = sampleReport();

  it('says what the training took of memory, where that is known', () => {
    const memory = { data: 2 ** 20, parameters: 2 ** 21, activations: 2 ** 19, total: 3.5 * 2 ** 20 };
    const lines = describeReport({ ...report, memory }, '/store/report.json').split('\n');
    expect(lines[2]).toBe('memory 3.5 MiB: data 1.0 MiB, weights and optimiser 2.0 MiB, activations 512 KiB');
    expect(describeReport(report, '/store/report.json')).not.toContain('memory');
  });

  it('ends with verdict and path', () => {
    const text = describeReport(report, '/store/report.json');
    expect(text).toContain(report.verdict.summary);
    expect(text).toContain('Report: /store/report.json');
  });
});
