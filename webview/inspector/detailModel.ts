/** The charts and facts of one tensor. Pure. */
import { formatCount, formatNumber, formatShare, plural } from '../../src/shared/format';
import type { TensorInfo, TensorStatistics } from '../../src/shared/inspection';
import type { MatrixShape, TensorDetails } from '../../src/shared/inspectorMessages';
import { formatShape } from '../../src/shared/tensorExport';
import type { BarsModel } from './bars';

/** "output 3, input 17, position (0, 2)": a place of the matrix view in words. */
export function placeWords(
  row: number,
  column: number,
  matrix: MatrixShape,
  { outputAxis, shape }: TensorInfo,
): string {
  if (matrix.rows === 1 && shape.length < 2) return `weight ${formatCount(column)}`;
  const positions = Math.max(1, matrix.kernelPositions);
  const input = Math.floor(column / positions);
  const names = outputAxis === null ? (['row', 'column'] as const) : (['output', 'input'] as const);
  const within = positions > 1 ? `, kernel position ${column % positions}` : '';
  return `${names[0]} ${formatCount(row)}, ${names[1]} ${formatCount(input)}${within}`;
}

/** "64 outputs down, 32 inputs × 9 kernel positions across": how the tensor lies as a matrix. */
export function axesWords({ rows, columns, kernelPositions }: MatrixShape, { outputAxis, shape }: TensorInfo): string {
  if (rows === 1 && shape.length < 2) return `${plural(columns, 'weight')} across`;
  const [down, across] = outputAxis === null ? ['row', 'column'] : ['output', 'input'];
  const positions = Math.max(1, kernelPositions);
  const within = positions > 1 ? ` × ${formatCount(positions)} kernel positions` : '';
  return `${plural(rows, down)} down, ${plural(columns / positions, across)}${within} across`;
}

export function histogramBars({ histogram, statistics }: TensorDetails): BarsModel | null {
  if (!histogram || histogram.counts.length === 0) return null;
  const { first, width, counts } = histogram;
  const from = (bin: number): number => first + bin * width;
  const range = (bin: number): string => `${formatNumber(from(bin))} to ${formatNumber(from(bin + 1))}`;
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  const zeros = statistics.zeros > 0 ? `, without the ${plural(statistics.zeros, 'zero')}` : '';
  return {
    title: `Weights by value${zeros}`,
    values: counts,
    marked: bin => from(bin) <= 0 && from(bin + 1) > 0,
    ends: [formatNumber(from(0)), formatNumber(from(counts.length))],
    top: formatCount(most),
    words: bin => `${range(bin)}: ${formatCount(counts[bin]!)} weights`,
    columns: ['weights from', 'count'],
    row: bin => [range(bin), formatCount(counts[bin]!)],
  };
}

export function normBars({ rowNorms, rowZeros, matrix }: TensorDetails, { outputAxis }: TensorInfo): BarsModel | null {
  if (!rowNorms || rowNorms.length === 0) return null;
  const noun = outputAxis === null ? 'row' : 'output';
  const most = rowNorms.reduce((a, b) => Math.max(a, b), 0);
  const zeros = (row: number): number => rowZeros?.[row] ?? 0;
  const isDead = (row: number): boolean => zeros(row) === matrix.columns;
  const zeroText = (row: number): string =>
    isDead(row) ? 'dead: all 0' : `${formatShare(zeros(row) / Math.max(1, matrix.columns))} zeros`;
  return {
    title: `Norm of each ${noun} (L2)`,
    values: rowNorms,
    marked: isDead,
    ends: [`${noun} 0`, formatCount(rowNorms.length - 1)],
    top: formatNumber(most),
    words: row => `${noun} ${formatCount(row)}: norm ${formatNumber(rowNorms[row]!)}, ${zeroText(row)}`,
    columns: [noun, 'norm, zeros'],
    row: row => [formatCount(row), `${formatNumber(rowNorms[row]!)}, ${zeroText(row)}`],
  };
}

/** |w| at the end of the ramp. */
export function magnitudeLimit({ minimum, maximum }: TensorStatistics): number {
  return Math.max(Math.abs(minimum ?? 0), Math.abs(maximum ?? 0));
}

/** "16×16×3×3 · F32 · 2,304 weights · 61.2 % zeros" */
export function tensorFacts(tensor: TensorInfo, statistics: TensorStatistics | null): string {
  const parts = [formatShape(tensor.shape), tensor.dtype, `${formatCount(tensor.count)} values`];
  if (statistics && statistics.count > 0) {
    parts.push(`${formatShare(statistics.zeros / statistics.count)} zeros`);
    if (statistics.mean !== null && statistics.std !== null) {
      parts.push(`mean ${formatNumber(statistics.mean)}, std ${formatNumber(statistics.std)}`);
    }
  }
  return parts.join(' · ');
}
