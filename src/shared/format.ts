/** Numbers as a person reads them: units, thousands separated, no more digits than are known. The same in host and webviews. */
import type { MemoryUse, Method, Progress, ReportRun, Study } from './report';

const MINUS = '\u2212';

/** A whole number with thousands separated: 266200 → "266,200". */
export function formatCount(value: number): string {
  const sign = value < 0 ? MINUS : '';
  return (
    sign +
    Math.abs(Math.round(value))
      .toString()
      .replace(/\B(?=(\d{3})+$)/g, ',')
  );
}

/** An accuracy, 0 to 1: 0.97951 → "97.95 %". Two digits: a test set of 10,000 resolves no more. */
export function formatAccuracy(fraction: number): string {
  return Number.isFinite(fraction) ? `${(fraction * 100).toFixed(2)} %` : '–';
}

/** Mean and standard deviation of accuracies: "97.95 ± 0.12 %"; one value has no deviation: "97.95 %"; none: "–". */
export function formatAccuracyStatistic(statistic: {
  readonly mean: number;
  readonly std: number;
  readonly values: readonly number[];
}): string {
  if (statistic.values.length === 0) return '–';
  if (statistic.values.length < 2 || !Number.isFinite(statistic.mean)) return formatAccuracy(statistic.mean);
  return `${(statistic.mean * 100).toFixed(2)} ± ${(statistic.std * 100).toFixed(2)} %`;
}

/**
 * A share, 0 to 1, of sparsity or density: "100 %", "51.3 %", "3.5 %", "0.42 %". Neither end is claimed before it is
 * reached: 0.9999 is "99.99 %", 0.00001 is "0.001 %".
 */
export function formatShare(fraction: number): string {
  if (!Number.isFinite(fraction)) return '–';
  if (fraction === 0 || fraction === 1) return `${fraction * 100} %`;
  const percent = fraction * 100;
  const distance = Math.min(Math.abs(percent), Math.abs(100 - percent));
  const digits = distance >= 1 ? 1 : Math.min(6, 1 - Math.floor(Math.log10(distance)));
  const text = percent.toFixed(digits);
  return `${digits > 1 ? text.replace(/0+$/, '').replace(/\.$/, '') : text} %`;
}

/** A difference of two fractions in percentage points, always signed: 0.0027 → "+0.27". */
export function formatPoints(difference: number): string {
  const text = (Math.abs(difference) * 100).toFixed(2);
  if (text === '0.00') return '0.00';
  return `${difference < 0 ? MINUS : '+'}${text}`;
}

/** A duration on a clock: 38 s → "0:38", 3725 s → "1:02:05". */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A time that was measured: "0.12 s", "6.1 s", "38 s", then on a clock: "1:25". */
export function formatSeconds(seconds: number): string {
  if (seconds >= 59.5) return formatClock(seconds);
  const digits = seconds < 0.995 ? 2 : seconds < 9.95 ? 1 : 0;
  return `${seconds.toFixed(digits)} s`;
}

/** An amount of memory: 940 → "940 B", 1.5 · 2²⁰ → "1.5 MiB", 2¹⁰ · 300 → "300 KiB". */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB'] as const;
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const amount = bytes / 2 ** (10 * power);
  return `${power === 0 || amount >= 9.95 ? formatCount(amount) : amount.toFixed(1)} ${units[power]!}`;
}

/** What memory goes to: "data 45 MiB, weights and optimiser 9.1 MiB, activations 7.9 MiB". */
export function formatMemory({ data, parameters, activations }: MemoryUse): string {
  return `data ${formatBytes(data)}, weights and optimiser ${formatBytes(parameters)}, activations ${formatBytes(activations)}`;
}

/** A loss or another quantity of unknown size: three significant digits. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size < 0.001 || size >= 1e6 ? size.toExponential(2) : String(Number(size.toPrecision(3)));
  return (value < 0 ? MINUS : '') + text;
}

/** The same for columns of numbers, where decimals line up: 0.33 reads "0.330". Whole numbers stay whole. */
export function formatFigure(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size < 0.001 || size >= 999.5) return formatNumber(value);
  const text = Number.isInteger(value) ? String(size) : size.toPrecision(3);
  return (value < 0 ? MINUS : '') + text;
}

/** Mean and standard deviation of a quantity of unknown size, to the same digit: "0.0812 ± 0.0030". */
export function formatNumberSpread(mean: number, std: number): string {
  const digits = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(mean) || 1))));
  return `${mean.toFixed(digits)} ± ${std.toFixed(digits)}`;
}

/** As at the start of a sentence. */
export function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** "1 level", "9 levels", "1,000 runs". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

const names = {
  iterative: 'iterative',
  'one-shot': 'one-shot',
  'random-reinit': 'random reinit',
  'random-mask': 'random mask',
  'fine-tuning': 'fine-tuning',
  'learning-rate-rewinding': 'LR rewinding',
  snip: 'SNIP',
  grasp: 'GraSP',
  synflow: 'SynFlow',
  prospr: 'ProsPr',
  'magnitude-init': 'magnitude at init',
  random: 'random pruning',
  gradual: 'gradual',
  'dual-lottery-ticket': 'dual lottery',
} as const;

/** The methods as a reader meets them in legends, tables and status texts. */
export const methodNames: typeof names & Readonly<Record<Method, string>> = names;

/** Where a run stands in its series: "level 3", or "98.0 % sparsity" where the series has targets of its own. */
export function placeName({ level, sparsity }: Pick<ReportRun, 'level' | 'sparsity'>): string {
  return sparsity === undefined ? `level ${level}` : `${formatShare(sparsity)} sparsity`;
}

/**
 * What a run is called that belongs to no series: "rewound to step 500, level 3", "stability from step 500, order 2",
 * "transfer, random mask, level 3".
 */
export function studyName(study: Study, { method, level }: Pick<ReportRun, 'method' | 'level'>): string {
  const suffix = level === 0 ? '' : `, level ${level}`;
  switch (study.kind) {
    case 'sweep':
      return `rewound to step ${formatCount(study.rewind)}${suffix}`;
    case 'stability':
      return `stability from step ${formatCount(study.at)}, order ${study.branch + 1}${suffix}`;
    case 'transfer': {
      const ticket = level === 0 ? 'dense' : 'ticket';
      return `transfer, ${method === 'iterative' ? ticket : methodNames[method]}${suffix}`;
    }
  }
}

/**
 * Where a running experiment stands: "level 9 of 15 · 0:38 left"; a control says so: "random mask, level 3 of 15". Of runs side
 * by side one is named: "level 9 of 15 · 3 runs at work".
 */
export function formatProgress(progress: Progress | null): string {
  if (!progress) return 'starting';
  const parts: string[] = [];
  const { run } = progress;
  if (run?.study) {
    parts.push(studyName(run.study, run));
  } else if (run) {
    const ofLevels = progress.levels === 0 ? 'dense' : `level ${run.level} of ${progress.levels}`;
    const level = run.sparsity === undefined ? ofLevels : placeName(run);
    parts.push(run.method === 'iterative' ? level : `${methodNames[run.method]}, ${level}`);
  } else {
    parts.push(`${formatCount(progress.runsDone)} of ${plural(progress.runsTotal, 'run')}`);
  }
  if (progress.runsAtWork !== undefined) parts.push(runsAtWork(progress.runsAtWork));
  if (progress.secondsLeft !== null) parts.push(`${formatClock(progress.secondsLeft)} left`);
  return parts.join(' · ');
}

/** "1st", "2nd", "11th" */
export function ordinal(place: number): string {
  const teens = place % 100 >= 11 && place % 100 <= 13;
  const suffix = teens ? 'th' : (['th', 'st', 'nd', 'rd'][place % 10] ?? 'th');
  return `${place}${suffix}`;
}

/** "3 runs at work": beside the one that is named. */
export function runsAtWork(count: number): string {
  return `${plural(count, 'run')} at work`;
}
