/** What a sweep, stability and transfer look like in a report, by formulas: shaped like LeNet-300-100 on MNIST. */
import { barrierOf, isStable, positionsOnLine } from '../../src/lottery/studies/barrier';
import { stabilityAdvice } from '../../src/lottery/studies/stabilityAdvice';
import { sweepAdvice } from '../../src/lottery/studies/sweep';
import { transferSummary } from '../../src/lottery/studies/transfer';
import { qualityOf } from '../../src/shared/quality';
import type { Report, ReportPoint, ReportSeries, Statistic } from '../../src/shared/report';
import type { Stability, SweepSeries, Transfer } from '../../src/shared/studies';
import { statistic } from './sampleReports';

type Studies = Required<Pick<Report, 'sweep' | 'sweepAdvice' | 'stability' | 'stabilityAdvice' | 'transfer'>>;

/** Added to a report that has a dense level and tickets. */
export function sampleStudies(report: Report): Studies {
  const { replicates, rewind } = report.experiment;
  const quality = qualityOf(report);
  const tickets = seriesOf(report, 'iterative').points;
  const sweep = [0, 50, 250].map((step): SweepSeries => ({
    rewind: step,
    points: tickets.map(point =>
      better(point, step === 0 ? 0 : 0.00007 * point.level ** 1.5 * Math.min(1, step / 200)),
    ),
  }));
  const stability = [0, tickets.at(-1)!.level].flatMap(level =>
    [0, 50, 250, 500].map(at => sampleStability(at, level, replicates)),
  );
  const series = sampleTransfer(report);
  return {
    sweep,
    sweepAdvice: sweepAdvice(sweep, quality)!,
    stability,
    stabilityAdvice: stabilityAdvice(stability, rewind)!,
    transfer: {
      dataDescription: 'Fashion-MNIST (idx): 55,000 / 5,000 / 10,000',
      series,
      summary: transferSummary(series, quality),
    },
  };
}

function seriesOf(report: Report, method: ReportSeries['method']): ReportSeries {
  return report.series.find(one => one.method === method) ?? { method, points: [] };
}

function sampleStability(at: number, level: number, replicates: number): Stability {
  const height = (level === 0 ? 0.06 : 0.21) * Math.exp(-at / (level === 0 ? 60 : 140));
  const errors = Array.from({ length: replicates }, (_, replicate) =>
    positionsOnLine(11).map(
      alpha =>
        0.02 + 0.0004 * replicate + 0.0006 * alpha + height * (1 + 0.06 * replicate) * (4 * alpha * (1 - alpha)) ** 2,
    ),
  );
  const barrier = statistic(errors.map(barrierOf));
  return {
    at,
    level,
    ...(level > 0 && { rewind: 0 }),
    barrier,
    stable: isStable(barrier.mean),
    path: positionsOnLine(11).map((alpha, i) => ({ alpha, testError: statistic(errors.map(line => line[i]!)) })),
    runs: errors.flatMap((_, replicate) => [0, 1].map(branch => sampleRun('stability', at, level, replicate, branch))),
  };
}

/** The two middle levels, and the dense network. */
function sampleTransfer(report: Report): Transfer['series'] {
  return (['iterative', 'random-reinit', 'random-mask'] as const).flatMap(method => {
    const { points } = seriesOf(report, method);
    const chosen = points.filter(({ level }, i) =>
      level === 0 ? method === 'iterative' : i === Math.floor(points.length / 2) || i === points.length - 1,
    );
    return chosen.length === 0 ? [] : [{ method, points: chosen.map(point => better(point, -0.09)) }];
  });
}

/** The same point with another accuracy and runs of its own. */
function better(point: ReportPoint, by: number): ReportPoint {
  const shifted = ({ values }: Statistic): Statistic => statistic(values.map(value => value + by));
  return {
    ...point,
    testAccuracy: shifted(point.testAccuracy),
    validationAccuracy: shifted(point.validationAccuracy),
    runs: point.runs.map((key, replicate) => (by === 0 ? key : sampleRun(key.slice(0, 8), by, point.level, replicate))),
  };
}

/** 32 hexadecimal digits that stand for the parts. */
function sampleRun(...parts: readonly (string | number)[]): string {
  const text = parts.join('/');
  return Array.from({ length: 32 }, (_, i) =>
    ((text.charCodeAt(i % text.length) * 7 + text.length * 3 + i * i) % 16).toString(16),
  ).join('');
}
