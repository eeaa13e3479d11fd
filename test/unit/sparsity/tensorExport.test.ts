import { describe, expect, it } from 'vitest';
import { describeTensor } from '../../../src/checkpoints/roles';
import { formatShape, tensorsAsCsv, tensorsAsMarkdown, type TensorTable } from '../../../src/shared/tensorExport';
import { StatisticsAccumulator } from '../../../src/sparsity/statistics';

function table(...names: string[]): TensorTable {
  const tensors = names.map(name => {
    const info = describeTensor({ name, dtype: 'F32', shape: [1, 4], bytes: 16, convention: 'torch' });
    const accumulator = new StatisticsAccumulator(info);
    accumulator.add(Float32Array.of(0, 1, -1, 2));
    return { info, statistics: accumulator.result(), error: null };
  });
  return { file: 'net.pt', format: 'PyTorch (zip)', tensors };
}

describe('tensors as CSV', () => {
  it('are a line each, with numbers as they are', () => {
    const [header, line, end] = tensorsAsCsv([table('fc.weight')]).split('\r\n');
    expect(header).toBe('file,name,dtype,shape,count,zeros,sparsity,min,max,mean,std,role,prunable,tiedTo,error');
    expect(line).toMatch(/^net\.pt,fc\.weight,F32,1x4,4,1,0\.25,-1,2,0\.5,1\.1180\d+,weight,true,,$/);
    expect(end).toBe('');
  });

  it('keep separators in names, and names that look like formulas, as text', () => {
    expect(tensorsAsCsv([table('a,"b"\n.weight')])).toContain('net.pt,"a,""b""\n.weight",F32');
    expect(tensorsAsCsv([table('=HYPERLINK(1).weight')])).toContain(",'=HYPERLINK(1).weight,");
  });

  it('have no numbers where the values cannot be read', () => {
    const { tensors, ...rest } = table('fc.weight');
    const unread = tensors.map(({ info }) => ({ info, statistics: null, error: 'too short' }));
    expect(tensorsAsCsv([{ ...rest, tensors: unread }])).toContain('F32,1x4,4,,,,,,,weight,true,,too short\r\n');
  });
});

describe('tensors as Markdown', () => {
  it('are a table with totals, optimiser state apart', () => {
    const text = tensorsAsMarkdown([table('fc.weight', 'optimizer.state.0.exp_avg')]);
    expect(text).toContain('### net.pt (PyTorch (zip))');
    expect(text).toContain('| fc.weight | 1×4 | F32 | 25.0 % | 1 | −1 | 2 | 0.5 | 1.12 |');
    expect(text).toContain('All: 1 zeros of 4, 25.0 %. Prunable: 1 zeros of 4, 25.0 %.');
    expect(text.indexOf('Optimiser state')).toBeLessThan(text.indexOf('optimizer.state'));
  });

  it('hold no markup that came from a file', () => {
    const text = tensorsAsMarkdown([table('a|b<img src=x>[c](d)\n# e.weight')]);
    expect(text).toContain('a\\|b&lt;img src=x\\>\\[c\\](d) # e.weight');
    expect(formatShape([])).toBe('scalar');
  });
});
