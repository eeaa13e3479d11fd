/** What runs of one method come to at each level, over replicates. */
import { measureNames, type ReportPoint } from '../shared/report';
import type { RunNode, RunRecord } from '../shared/run';
import { statistic } from './statistics';

/** One point for each level of which at least one of the runs is done, levels rising. */
export function pointsOf(nodes: readonly RunNode[], records: ReadonlyMap<string, RunRecord>): ReportPoint[] {
  const byLevel = new Map<number, RunRecord[]>();
  for (const { key, level } of nodes) {
    const record = records.get(key);
    if (record?.status !== 'done') continue;
    byLevel.set(level, [...(byLevel.get(level) ?? []), record]);
  }
  return [...byLevel].sort(([a], [b]) => a - b).map(([level, done]) => pointOf(level, done));
}

function pointOf(level: number, records: readonly RunRecord[]): ReportPoint {
  const first = records[0]!;
  const kept = keptOf(first);
  const total = first.layers.reduce((sum, layer) => sum + layer.total, 0);
  const over = (value: (record: RunRecord) => number | null | undefined) =>
    statistic(records.map(value).filter(one => one !== null && one !== undefined));
  const measures = measureNames.flatMap(name => {
    const measured = over(record => record.measures?.[name]);
    return measured.values.length > 0 ? [[name, measured] as const] : [];
  });
  return {
    level,
    kept,
    total,
    sparsity: total === 0 ? 0 : (total - kept) / total,
    testAccuracy: over(record => record.final?.testAccuracy),
    testLoss: over(record => record.final?.testLoss),
    validationAccuracy: over(record => record.final?.validationAccuracy),
    earlyStopStep: over(record => record.earlyStopStep),
    seconds: over(record => record.seconds.total),
    ...(measures.length > 0 && { measures: Object.fromEntries(measures) }),
    runs: records.map(record => record.key),
  };
}

export function keptOf({ layers }: RunRecord): number {
  return layers.reduce((sum, layer) => sum + layer.kept, 0);
}
