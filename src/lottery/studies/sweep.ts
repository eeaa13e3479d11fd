/** The iterative series rewound to several points in training, and how late a rewind is late enough. */
import type { Experiment } from '../../shared/experiment';
import { formatCount, formatShare } from '../../shared/format';
import type { Quality } from '../../shared/quality';
import type { ReportPoint } from '../../shared/report';
import type { RunNode, RunRecord } from '../../shared/run';
import type { SweepSeries } from '../../shared/studies';
import { pointsOf } from '../points';

/** One series for each point of the sweep of which a run is done, steps rising; the experiment's own stands among them. */
export function sweepOf(
  { rewind: own, rewindSweep = [] }: Pick<Experiment, 'rewind' | 'rewindSweep'>,
  nodes: readonly RunNode[],
  records: ReadonlyMap<string, RunRecord>,
): SweepSeries[] {
  return rewindSweep.flatMap(rewind => {
    const points = pointsOf(
      nodes.filter(({ method, study, level }) => {
        if (method !== 'iterative') return false;
        if (!study) return level === 0 || rewind === own;
        return study.kind === 'sweep' && study.rewind === rewind;
      }),
      records,
    );
    return points.some(({ level }) => level > 0) ? [{ rewind, points }] : [];
  });
}

interface Finding {
  readonly level: number;
  readonly sparsity: number;
  readonly earliest: Rewound;
  readonly best: Rewound;
}

interface Rewound {
  readonly rewind: number;
  readonly point: ReportPoint;
}

/**
 * The earliest step from which tickets match the best of all steps, at the sparsest level and at the others: a mean no lower than
 * that of the best by more than one of its deviations.
 * @returns undefined where no level is measured from two steps
 */
export function sweepAdvice(sweep: readonly SweepSeries[], quality: Quality): string | undefined {
  const levels = [...new Set(sweep.flatMap(({ points }) => points.map(({ level }) => level)))].filter(
    level => level > 0,
  );
  const findings = levels.sort((a, b) => a - b).flatMap(level => findingAt(sweep, quality, level) ?? []);
  const sparsest = findings.at(-1);
  if (!sparsest) return undefined;
  return [sentenceOf(sparsest, quality), othersOf(findings)].filter(text => text !== '').join(' ');
}

function findingAt(sweep: readonly SweepSeries[], quality: Quality, level: number): Finding | null {
  const measured = sweep.flatMap(({ rewind, points }) => {
    const point = points.find(one => one.level === level);
    return point && quality.of(point).values.length > 0 ? [{ rewind, point }] : [];
  });
  if (measured.length < 2) return null;
  const best = measured.reduce((a, b) => (quality.of(b.point).mean > quality.of(a.point).mean ? b : a));
  const { mean, std, values } = quality.of(best.point);
  const margin = values.length > 1 ? std : quality.tolerance;
  const earliest = measured.find(({ point }) => quality.of(point).mean >= mean - margin)!;
  return { level, sparsity: best.point.sparsity, earliest, best };
}

function sentenceOf({ sparsity, earliest, best }: Finding, quality: Quality): string {
  const words = ({ rewind, point }: Rewound): string =>
    `step ${formatCount(rewind)} (${quality.formatStatistic(quality.of(point))})`;
  const where = `At ${formatShare(1 - sparsity)} of the weights`;
  const remedy = `set rewind to ${formatCount(earliest.rewind)}.`;
  return earliest === best
    ? `${where} tickets rewound to ${words(best)} are the best, and no earlier step matches them: ${remedy}`
    : `${where} tickets rewound to ${words(earliest)} match the best, of ${words(best)}: ${remedy}`;
}

/** "Levels 1 to 3 need step 0, levels 4 and 5 step 50." */
function othersOf(findings: readonly Finding[]): string {
  const others = findings.slice(0, -1);
  if (others.length === 0) return '';
  const groups: { rewind: number; levels: number[] }[] = [];
  for (const { level, earliest } of others) {
    const last = groups.at(-1);
    if (last?.rewind === earliest.rewind) last.levels.push(level);
    else groups.push({ rewind: earliest.rewind, levels: [level] });
  }
  const texts = groups.map(({ rewind, levels }) => {
    const [first, last] = [levels[0]!, levels.at(-1)!];
    return `step ${formatCount(rewind)} at ${first === last ? `level ${first}` : `levels ${first} to ${last}`}`;
  });
  return `Earlier on it takes ${texts.join(', ')}.`;
}
