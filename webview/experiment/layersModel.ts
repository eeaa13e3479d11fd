/** From a report to the layers × levels heatmap. Pure. */
import { formatCount, formatShare } from '../../src/shared/format';
import type { Report } from '../../src/shared/report';
import type { HeatCell, HeatModel, HeatRow } from '../charts/heatModel';
import { densityPosition } from '../charts/scales';
import { minimumDensity } from './overviewModel';
import { levelsOf } from './places';

export function heatModel(report: Report): HeatModel {
  const levels = levelsOf(report);
  const densities = report.layers.flatMap(layer => layer.kept.map(kept => kept / Math.max(1, layer.total)));
  const minimum = Math.max(1e-6, Math.min(minimumDensity(report), ...densities.filter(share => share > 0)));
  const depth = densityPosition(minimum);
  const rows = report.layers.map((layer): HeatRow => {
    const cells = levels.map((level): HeatCell => {
      const kept = layer.kept[level];
      if (kept === undefined) return { level, density: null, kept: null, share: 0, empty: false, text: '', title: '' };
      const density = layer.total > 0 ? kept / layer.total : 0;
      const empty = kept === 0;
      return {
        level,
        density,
        kept,
        share: empty ? 0 : 1 - Math.min(1, densityPosition(density) / depth),
        empty,
        text: empty ? '∅' : shortShare(density),
        title: `${layer.name}, level ${level}: ${formatCount(kept)} of ${formatCount(layer.total)} weights kept (${formatShare(density)})${empty ? ': the layer is empty' : ''}`,
      };
    });
    return {
      name: layer.name,
      shape: layer.shape.join(' × '),
      total: layer.total,
      cells,
      emptyFrom: cells.find(cell => cell.empty)?.level ?? null,
    };
  });
  return { levels, rows, minimum };
}

/** In percent without the sign: "100", "21", "3.5", "0.42". */
export function shortShare(density: number): string {
  const percent = density * 100;
  if (percent >= 9.95) return percent.toFixed(0);
  return percent >= 0.95 ? percent.toFixed(1) : Number(percent.toPrecision(2)).toString();
}
