/** What of a store goes into a page that stands by itself. Pure: how runs are read comes from whoever has them. */
import type { RunEvaluation } from './evaluation';
import type { PageData } from './panelPage';
import type { CurvePoint, Report } from './report';

export interface RunReaders {
  /** Empty where there is none. */
  readonly curve: (run: string) => Promise<readonly CurvePoint[]>;
  /** null where there is none. */
  readonly evaluation: (run: string) => Promise<RunEvaluation | null>;
}

/** Characters of JSON; beyond it a browser would take long to open the page. */
const mostCharacters = 48 * 1024 * 1024;
/** The panel reads so many replicates of a level. */
const mostReplicates = 100;

/**
 * The report with the curves of its series and the evaluations of dense network and tickets, which are those that the
 * panel asks for. Where all would be too much, evaluations of dense levels are there and those after them are not.
 */
export async function collectPageData(report: Report, readers: RunReaders): Promise<PageData> {
  let characters = JSON.stringify(report).length;
  const take = async <T>(runs: readonly string[], read: (run: string) => Promise<T>): Promise<Record<string, T>> => {
    const taken: Record<string, T> = {};
    for (const run of runs) {
      const value = await read(run);
      characters += JSON.stringify(value).length;
      if (characters > mostCharacters) break;
      taken[run] = value;
    }
    return taken;
  };
  const started = report.runs.filter(run => !run.study && run.status !== 'waiting').map(run => run.key);
  const trunk = report.series.find(({ method }) => method === 'iterative')?.points ?? [];
  const curves = await take([...new Set(started)], readers.curve);
  const evaluated = new Set(trunk.flatMap(point => point.runs.slice(0, mostReplicates)));
  const evaluations = await take([...evaluated], readers.evaluation);
  return { name: report.experiment.name, report, curves, evaluations };
}
