/** How confidence and accuracy go together, dense against ticket. Pure. */
import { calibrationError, type ClassificationEvaluation, type ConfidenceBin } from '../../src/shared/evaluation';
import { formatAccuracy, formatCount, plural } from '../../src/shared/format';
import type { PlotModel, PlotPoint, TableModel } from '../charts/model';
import { linearTicks, percentTick } from '../charts/scales';

/** Bins of all replicates together; null where there are no probabilities. */
export function pooledBins(evaluations: readonly ClassificationEvaluation[]): readonly ConfidenceBin[] | null {
  const all = evaluations.flatMap(one => (one.probabilities ? [one.probabilities.bins] : []));
  if (all.length === 0) return null;
  return all[0]!.map((_, bin) => {
    const sum = (of: (one: ConfidenceBin) => number): number => all.reduce((total, bins) => total + of(bins[bin]!), 0);
    return { count: sum(one => one.count), hits: sum(one => one.hits), confidence: sum(one => one.confidence) };
  });
}

const share = { min: 0, max: 1 };

/** Accuracy against confidence, bin by bin; on the diagonal the two are the same. */
export function reliabilityModel(
  dense: readonly ConfidenceBin[],
  ticket: readonly ConfidenceBin[],
  level: number,
): PlotModel {
  const points = (bins: readonly ConfidenceBin[]): PlotPoint[] =>
    bins.flatMap(({ count, hits }, bin) =>
      count === 0 ? [] : [{ x: (bin + 0.5) / bins.length, y: hits / count, spread: 0 }],
    );
  /** The dense line has no markers: where it is one point, that is marked. */
  const line = points(dense);
  const only = line.length === 1 ? line[0] : undefined;
  const ticks = (pixels: number) => linearTicks(share, pixels / 60, percentTick);
  return {
    series: [
      { id: 'dense', look: 'dense', label: 'dense', points: line, ...(only && { mark: only }) },
      ...(level === 0
        ? []
        : [{ id: 'ticket', look: 'iterative' as const, label: `level ${level}`, points: points(ticket) }]),
    ],
    x: { range: share, title: 'confidence', ticks },
    y: { range: share, title: 'accuracy', ticks: pixels => linearTicks(share, Math.min(8, pixels / 26), percentTick) },
    stops: dense.map((_, bin) => ({ id: bin, x: (bin + 0.5) / dense.length })),
    diagonal: true,
    markers: 'all',
  };
}

export function describeBin(
  dense: readonly ConfidenceBin[],
  ticket: readonly ConfidenceBin[],
  level: number,
  bin: number,
): string {
  const say = (name: string, { count, hits, confidence }: ConfidenceBin): string =>
    count === 0
      ? `${name} no examples`
      : `${name} ${formatAccuracy(hits / count)} right at ${formatAccuracy(confidence / count)} confidence, ${plural(count, 'example')}`;
  const [low, high] = [bin / dense.length, (bin + 1) / dense.length];
  return [
    `confidence ${(low * 100).toFixed(0)} to ${(high * 100).toFixed(0)} %: ${say('dense', dense[bin]!)}`,
    ...(level === 0 ? [] : [say(`level ${level}`, ticket[bin]!)]),
  ].join('; ');
}

export function reliabilityTable(
  dense: readonly ConfidenceBin[],
  ticket: readonly ConfidenceBin[],
  level: number,
): TableModel {
  const cells = ({ count, hits, confidence }: ConfidenceBin): string[] =>
    count === 0
      ? ['0', '–', '–']
      : [formatCount(count), formatAccuracy(confidence / count), formatAccuracy(hits / count)];
  const heads = (name: string): string[] => [`examples, ${name}`, `confidence, ${name}`, `accuracy, ${name}`];
  return {
    caption: 'Accuracy by confidence',
    columns: ['bin', ...heads('dense'), ...(level === 0 ? [] : heads(`level ${level}`))],
    rows: dense.map((bin, i) => [
      `${((i / dense.length) * 100).toFixed(0)} to ${(((i + 1) / dense.length) * 100).toFixed(0)} %`,
      ...cells(bin),
      ...(level === 0 ? [] : cells(ticket[i]!)),
    ]),
  };
}

export function calibrationNote(
  dense: readonly ConfidenceBin[],
  ticket: readonly ConfidenceBin[],
  level: number,
): string {
  const own = `dense ${formatAccuracy(calibrationError(dense))}`;
  return level === 0 ? own : `${own}, level ${level} ${formatAccuracy(calibrationError(ticket))}`;
}
