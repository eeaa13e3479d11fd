/** The measures of a report in words and figures; the same on the command line and in the panel. */
import { formatAccuracyStatistic, formatNumber, formatNumberSpread } from './format';
import { formatR2Statistic } from './quality';
import { measureNames, type MeasureName, type ReportPoint, type Statistic } from './report';

export interface MeasureText {
  readonly label: string;
  /** What it is, in a sentence. */
  readonly meaning: string;
  readonly format: (statistic: Statistic) => string;
  /** Whether more is better. */
  readonly rising: boolean;
}

function formatNumberStatistic({ mean, std, values }: Statistic): string {
  return values.length < 2 ? formatNumber(mean) : formatNumberSpread(mean, std);
}

export const measureTexts: Readonly<Record<MeasureName, MeasureText>> = {
  topFive: {
    label: 'top-5 accuracy',
    meaning: 'Share of the test examples whose class is among the five highest outputs.',
    format: formatAccuracyStatistic,
    rising: true,
  },
  worstRecall: {
    label: 'worst class recall',
    meaning: 'Of each class, the share of its test examples that is found; here of the class with the lowest.',
    format: formatAccuracyStatistic,
    rising: true,
  },
  calibrationError: {
    label: 'calibration error',
    meaning: 'How far confidence is from accuracy, on average over 15 bins of confidence (Guo et al. 2017).',
    format: formatAccuracyStatistic,
    rising: false,
  },
  brier: {
    label: 'Brier score',
    meaning: 'Mean squared distance of the probabilities from the truth, over all classes: 0 to 2 (Brier 1950).',
    format: formatNumberStatistic,
    rising: false,
  },
  r2: {
    label: 'R²',
    meaning: 'Share of the variance of the targets that is predicted; mean over the targets.',
    format: formatR2Statistic,
    rising: true,
  },
  rootMeanSquaredError: {
    label: 'RMSE',
    meaning: 'Root of the mean squared error, in the unit of the targets.',
    format: formatNumberStatistic,
    rising: false,
  },
  meanAbsoluteError: {
    label: 'MAE',
    meaning: 'Mean absolute error, in the unit of the targets.',
    format: formatNumberStatistic,
    rising: false,
  },
};

/** Those that any of the points has, in one order everywhere. */
export function measuresAmong(points: readonly ReportPoint[]): readonly MeasureName[] {
  return measureNames.filter(name => points.some(({ measures }) => measures?.[name] !== undefined));
}
