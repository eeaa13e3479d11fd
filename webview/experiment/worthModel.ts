/** What sparsity is worth, from a report to charts and a table. Pure. */
import { formatBytes, formatCount, formatNumber, formatShare } from '../../src/shared/format';
import type { Report } from '../../src/shared/report';
import type { LevelWorth, StorageBytes, Worth } from '../../src/shared/worth';
import type { Line, LinesChart } from '../charts/content';
import { lookAt } from '../charts/looks';
import type { PlotPoint, TableModel } from '../charts/model';
import { densityPosition, densityTicks, linearTicks, niceStep, type Range } from '../charts/scales';
import type { StyleId } from '../charts/styles';
import { density, pointOf } from './places';

interface Form {
  readonly id: keyof StorageBytes;
  readonly label: string;
  readonly title: string;
}

const forms: readonly Form[] = [
  { id: 'dense', label: 'dense', title: 'Four bytes a weight, zeros written out.' },
  { id: 'gzip', label: 'gzip', title: 'The dense bytes, compressed: what a file server or an archive makes of them.' },
  { id: 'bitmask', label: 'bit mask', title: 'A bit for each weight, and the values that are kept.' },
  { id: 'csr', label: 'CSR', title: 'Rows with value and column of each weight that is kept.' },
  { id: 'coo', label: 'COO', title: 'Value, row and column of each weight that is kept.' },
];

const looks: Readonly<Record<keyof StorageBytes, StyleId>> = {
  dense: 'dense',
  gzip: lookAt(0),
  bitmask: lookAt(1),
  csr: lookAt(2),
  coo: lookAt(3),
};

/** Levels of the worth with what remains at each. */
function placed(report: Report, worth: Worth): readonly (LevelWorth & { readonly x: number })[] {
  return worth.levels.flatMap(level => {
    const point = pointOf(report, 'iterative', level.level);
    const x = point ? densityPosition(density(point)) : Number.NaN;
    return Number.isFinite(x) ? [{ ...level, x }] : [];
  });
}

function axes(report: Report, worth: Worth): Pick<LinesChart, 'x' | 'place' | 'column'> {
  const depth = Math.max(0.05, ...placed(report, worth).map(({ x }) => x));
  return {
    x: {
      range: { min: -0.03 * depth, max: 1.03 * depth },
      title: 'weights remaining',
      ticks: pixels => densityTicks(10 ** -depth * 0.97, Math.floor(pixels / 46)),
      value: at => 10 ** -at,
    },
    place: at => `${formatShare(10 ** -at)} remaining`,
    column: 'remaining',
  };
}

/** From nothing up to the largest value, on a nice step. */
function fromZero(lines: readonly Line[]): Range {
  const most = Math.max(1e-12, ...lines.flatMap(line => line.points.map(point => point.y)));
  const step = niceStep(most / 5) / 2;
  return { min: 0, max: Math.ceil((most * 1.04) / step) * step };
}

export function bytesChart(report: Report, worth: Worth): LinesChart {
  const levels = placed(report, worth);
  return {
    title: `${report.experiment.name}: bytes of the model by form of storage`,
    lines: forms.map(({ id, label, title }) => ({
      id,
      look: looks[id],
      label,
      title,
      points: levels.map(({ x, bytes }) => ({ x, y: bytes[id], spread: 0 })),
    })),
    ...axes(report, worth),
    y: shown => {
      const { min, max } = fromZero(shown);
      // steps that are round in the unit of the labels
      const unit = 1024 ** Math.max(0, Math.floor(Math.log(Math.max(1, max)) / Math.log(1024)));
      const inUnit = { min: min / unit, max: max / unit };
      return {
        range: { min, max },
        title: 'bytes',
        ticks: pixels =>
          linearTicks(inUnit, Math.min(8, pixels / 26), value => formatBytes(value * unit)).map(({ at, label }) => ({
            at: at * unit,
            label,
          })),
      };
    },
    value: ({ y }) => formatBytes(y),
  };
}

interface Part {
  readonly id: string;
  readonly look: StyleId;
  readonly label: string;
  readonly title: string;
  readonly of: (level: LevelWorth) => number | null;
}

const parts: readonly Part[] = [
  {
    id: 'multiplyAdds',
    look: lookAt(3),
    label: 'multiply-adds',
    title: 'Products that remain in one forward pass, without those of pruned weights.',
    of: level => level.multiplyAdds?.effective ?? null,
  },
  {
    id: 'step',
    look: lookAt(0),
    label: 'training step',
    title: 'Measured time of a training step, sparse against dense.',
    of: level => level.seconds?.step ?? null,
  },
  {
    id: 'inference',
    look: lookAt(1),
    label: 'inference',
    title: 'Measured time of inference for one example, sparse against dense.',
    of: level => level.seconds?.inference ?? null,
  },
];

/** What is left of operations and times, the dense network being 100 %. */
export function shareChart(report: Report, worth: Worth): LinesChart {
  const levels = placed(report, worth);
  const [dense] = levels;
  const lines = parts.flatMap(({ of, ...part }): Line[] => {
    const whole = dense && of(dense);
    if (!whole) return [];
    const points = levels.flatMap((level): PlotPoint[] => {
      const value = of(level);
      return value === null ? [] : [{ x: level.x, y: value / whole, spread: 0 }];
    });
    return [{ ...part, points }];
  });
  return {
    title: `${report.experiment.name}: operations and times, dense = 100 %`,
    lines,
    ...axes(report, worth),
    y: shown => {
      const range = fromZero(shown);
      const label = (value: number): string => `${Number((value * 100).toPrecision(3))} %`;
      return {
        range,
        title: 'share of the dense network',
        ticks: pixels => linearTicks(range, Math.min(8, pixels / 26), label),
      };
    },
    reference: { y: 1, spread: 0, label: 'dense' },
    value: ({ y }) => formatShare(y),
  };
}

/** 0.0042 s → "4.20 ms". */
export function formatShortTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const [scale, unit] = seconds >= 1 ? [1, 's'] : seconds >= 1e-3 ? [1e3, 'ms'] : [1e6, 'µs'];
  return `${(seconds * scale).toPrecision(3)} ${unit}`;
}

/** How many times as fast as dense: "3.2×". */
function gain(dense: number | undefined, sparse: number | undefined): string {
  return dense === undefined || !sparse ? '–' : `${(dense / sparse).toFixed(dense / sparse < 10 ? 2 : 1)}×`;
}

export function worthTable(report: Report, worth: Worth): TableModel {
  const dense = worth.levels.find(({ level }) => level === 0);
  return {
    caption: 'What each level is worth',
    columns: [
      'level',
      'remaining',
      ...forms.map(({ label }) => label),
      'multiply-adds',
      'step',
      'faster',
      'inference, an example',
      'faster',
    ],
    rows: worth.levels.map(({ level, bytes, multiplyAdds, seconds }) => {
      const point = pointOf(report, 'iterative', level);
      return [
        String(level),
        point ? formatShare(density(point)) : '–',
        ...forms.map(({ id }) => formatBytes(bytes[id])),
        multiplyAdds ? large(multiplyAdds.effective) : '–',
        seconds ? formatShortTime(seconds.step) : '–',
        gain(dense?.seconds?.step, seconds?.step),
        seconds ? formatShortTime(seconds.inference) : '–',
        gain(dense?.seconds?.inference, seconds?.inference),
      ];
    }),
  };
}

/** 266200 → "266,200"; 41 million → "41.0 M". */
function large(count: number): string {
  return count < 1e7 ? formatCount(count) : `${formatNumber(count / 1e6)} M`;
}

/** The smallest form at a level, as a sentence: "level 15: 40.1 KiB as a bit mask instead of 1.0 MiB". */
export function smallestForm(worth: Worth, level: number): string {
  const there = worth.levels.find(one => one.level === level);
  if (!there) return '';
  const best = forms.reduce((least, form) => (there.bytes[form.id] < there.bytes[least.id] ? form : least));
  if (best.id === 'dense') return `level ${level}: dense is the smallest form, ${formatBytes(there.bytes.dense)}`;
  return `level ${level}: ${formatBytes(there.bytes[best.id])} as ${best.label} instead of ${formatBytes(there.bytes.dense)}`;
}
