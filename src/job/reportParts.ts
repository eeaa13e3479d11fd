/** What a report takes from the experiment as it was prepared, and from what was measured after its runs. */
import type { ReportInput } from '../lottery/report';
import type { RunNode } from '../shared/run';
import type { Afterwards } from './afterwards';
import type { Prepared } from './prepare';

export type ReportParts = Pick<
  ReportInput,
  | 'task'
  | 'labelNames'
  | 'inputShape'
  | 'dataDescription'
  | 'modelDescription'
  | 'transferDescription'
  | 'paths'
  | 'worth'
>;

/** The same for a job on this machine and for tasks of a cluster. */
export function reportParts(prepared: Prepared, afterwards: Afterwards, nodes: readonly RunNode[]): ReportParts {
  const { data, dataDescription, modelDescription, transfer } = prepared;
  const worth = afterwards.worth(nodes);
  return {
    ...(data.task === 'regression' && { task: data.task }),
    ...(data.labelNames && { labelNames: data.labelNames }),
    inputShape: data.inputShape,
    dataDescription,
    modelDescription,
    paths: afterwards.measuredPaths,
    ...(transfer && { transferDescription: transfer.dataDescription }),
    ...(worth && { worth }),
  };
}
