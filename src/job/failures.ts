/** What went wrong in an experiment, in words: which run, why, and the field to change. */
import { ExperimentError } from '../shared/experiment';
import { placeName, plural, studyName } from '../shared/format';
import type { RunNode, RunRecord } from '../shared/run';
import { MemoryLimitError } from '../training/trainer';

/** "iterative, level 3, replicate 2" */
export function runName(node: RunNode): string {
  const what = withoutReplicate(node);
  return node.replicate > 0 ? `${what}, replicate ${node.replicate + 1}` : what;
}

function withoutReplicate(node: RunNode): string {
  const { method, study, inputs } = node;
  if (method === 'prefix') return `the run to rewind step ${inputs.steps.to}`;
  return study ? studyName(study, { method, level: node.level }) : `${method}, ${placeName(node)}`;
}

/** @returns undefined where no run has failed */
export function failureSummary(nodes: readonly RunNode[], records: ReadonlyMap<string, RunRecord>): string | undefined {
  // of several names that a run has the last
  const named = [...new Map(nodes.map(node => [node.key, node])).values()];
  const failures = named.flatMap(node => {
    const record = records.get(node.key);
    return record?.status === 'failed' ? [`${runName(node)}: ${record.error ?? 'failed'}`] : [];
  });
  if (failures.length === 0) return undefined;
  const skipped = named.filter(({ key }) => !records.has(key)).length;
  const others = skipped > 0 ? ` ${plural(skipped, 'run')} that needed it could not be done.` : '';
  return `${plural(failures.length, 'run')} failed. ${failures.join('; ')}.${others}`;
}

/** The field of the experiment file to change. */
export function fieldOf(error: unknown): string | undefined {
  if (error instanceof MemoryLimitError) return 'training.batchSize';
  return error instanceof ExperimentError ? error.field : undefined;
}
