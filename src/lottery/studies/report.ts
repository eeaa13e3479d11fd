/** What the report tells of an experiment's studies, as far as they went. */
import type { Experiment } from '../../shared/experiment';
import type { Quality } from '../../shared/quality';
import type { Report } from '../../shared/report';
import type { RunNode, RunRecord } from '../../shared/run';
import type { Transfer } from '../../shared/studies';
import { stabilityOf, type MeasuredPaths } from './stability';
import { stabilityAdvice } from './stabilityAdvice';
import { sweepAdvice, sweepOf } from './sweep';
import { transferSeries, transferSummary } from './transfer';

export interface StudyResults {
  /** Errors along the lines between stability runs, as far as they are measured. */
  readonly paths?: MeasuredPaths;
  /** The second data set in words, where tickets are transferred. */
  readonly transferDescription?: string;
}

type Found = Pick<Report, 'sweep' | 'sweepAdvice' | 'stability' | 'stabilityAdvice' | 'transfer'>;

export function studiesOf(
  experiment: Experiment,
  nodes: readonly RunNode[],
  records: ReadonlyMap<string, RunRecord>,
  { paths = new Map(), transferDescription }: StudyResults,
  quality: Quality,
): Found {
  const sweep = experiment.rewindSweep && sweepOf(experiment, nodes, records);
  const advice = sweep && sweepAdvice(sweep, quality);
  const stability = experiment.stability && stabilityOf(experiment, nodes, paths);
  const rewindTo = stability && stabilityAdvice(stability, experiment.rewind);
  return {
    ...(sweep && { sweep }),
    ...(advice !== undefined && { sweepAdvice: advice }),
    ...(stability && { stability }),
    ...(rewindTo !== undefined && { stabilityAdvice: rewindTo }),
    ...(transferDescription !== undefined && { transfer: transferOf(nodes, records, transferDescription, quality) }),
  };
}

function transferOf(
  nodes: readonly RunNode[],
  records: ReadonlyMap<string, RunRecord>,
  dataDescription: string,
  quality: Quality,
): Transfer {
  const series = transferSeries(nodes, records);
  return { dataDescription, series, summary: transferSummary(series, quality) };
}
