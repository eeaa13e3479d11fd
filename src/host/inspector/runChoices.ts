/** The runs of an experiment whose weights lie in its store, as a person picks them. Pure. */
import { formatShare, methodNames, studyName } from '../../shared/format';
import { qualityOf, qualityOfRun } from '../../shared/quality';
import type { Report, ReportRun } from '../../shared/report';

export interface RunChoice {
  readonly key: string;
  /** "level 3", "level 3, random mask, replicate 2" */
  readonly label: string;
  /** "12.5 % kept · 97.95 %" */
  readonly description: string;
}

/** Those that are done, in the order of the report, which is the order of the levels. */
export function runChoices(report: Report): RunChoice[] {
  return report.runs
    .filter(({ status }) => status === 'done')
    .map(run => ({ key: run.key, label: labelOf(run, report), description: descriptionOf(run, report) }));
}

function labelOf({ level, method, replicate, study }: ReportRun, { experiment }: Report): string {
  const dense = level === 0 && method === 'iterative';
  const parts = [study ? studyName(study, { method, level }) : dense ? 'level 0, dense' : `level ${level}`];
  if (!study && method !== 'iterative') parts.push(methodNames[method]);
  if (experiment.replicates > 1) parts.push(`replicate ${replicate + 1}`);
  return parts.join(', ');
}

function descriptionOf({ key, level, method, study }: ReportRun, report: Report): string {
  if (study) return '';
  const point = report.series.find(one => one.method === method)?.points.find(one => one.level === level);
  if (!point) return '';
  const quality = qualityOf(report);
  const value = qualityOfRun(quality, point, key);
  return [`${formatShare(point.kept / point.total)} kept`, value !== undefined && quality.format(value)]
    .filter(Boolean)
    .join(' · ');
}
