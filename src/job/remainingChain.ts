/** Which of several runs to do first, so that all are done soonest. */
import type { RunNode } from '../shared/run';
import { presumedSteps } from './progress';

/**
 * Runs with the longest chain of runs behind them first, each chain as long as its steps presumably take; else as they are.
 * @param nodes each after those that it needs
 */
export function byRemainingChain(nodes: readonly RunNode[]): RunNode[] {
  const behind = new Map<string, number>();
  const length = ({ key, density, inputs: { steps } }: RunNode): number =>
    presumedSteps({ density, steps: steps.to - steps.from }) + (behind.get(key) ?? 0);
  for (const node of nodes.toReversed()) {
    for (const key of node.needs) behind.set(key, Math.max(behind.get(key) ?? 0, length(node)));
  }
  return nodes.toSorted((a, b) => length(b) - length(a));
}
