/** What the measured barriers say about where to rewind. */
import { capitalised, formatCount } from '../../shared/format';
import type { Stability } from '../../shared/studies';

/**
 * One sentence for each level, and where to set the rewind step: the sparsest level measured decides, since iterative
 * pruning finds tickets where these are stable (Frankle et al. 2020), and they are the hardest to get there.
 * @param entries as `stabilityOf` gives them
 * @param rewind step of the experiment
 * @returns undefined where nothing was measured
 */
export function stabilityAdvice(entries: readonly Stability[], rewind: number): string | undefined {
  const levels = [...new Set(entries.map(({ level }) => level))].map(level =>
    entries.filter(entry => entry.level === level),
  );
  if (levels.length === 0) return undefined;
  const sentences = levels.map(steps => sentenceOf(steps, levels.length > 1));
  return [...sentences, remedy(levels.at(-1)!, rewind)].join(' ');
}

function sentenceOf(steps: readonly Stability[], named: boolean): string {
  const name = nameOf(steps[0]!.level);
  const text = findings(steps);
  return `${named ? `${capitalised(name)}: ${text}` : capitalised(text)}.`;
}

function nameOf(level: number): string {
  return level === 0 ? 'dense network' : `ticket at level ${level}`;
}

function findings(steps: readonly Stability[]): string {
  const stable = stableFrom(steps);
  const last = steps.at(-1)!;
  if (stable === undefined) {
    const where =
      steps.length === 1
        ? `at step ${formatCount(last.at)}`
        : `up to step ${formatCount(last.at)}, the last one measured`;
    return `unstable ${where} (barrier ${formatBarrier(last)})`;
  }
  const before = steps[steps.indexOf(stable) - 1];
  if (!before) return `stable from step ${formatCount(stable.at)} on (barrier ${formatBarrier(stable)})`;
  return (
    `unstable at step ${formatCount(before.at)} (barrier ${formatBarrier(before)}); ` +
    `from step ${formatCount(stable.at)} on it is stable (${formatBarrier(stable)})`
  );
}

/** The first step from which on every later one is stable too. */
function stableFrom(steps: readonly Stability[]): Stability | undefined {
  const lastUnstable = steps.findLastIndex(({ stable }) => !stable);
  return steps[lastUnstable + 1];
}

function remedy(steps: readonly Stability[], rewind: number): string {
  const stable = stableFrom(steps);
  if (stable === undefined) return 'Measure later steps, and rewind to one that is stable.';
  if (stable.at <= rewind) return `Rewinding to ${formatCount(rewind)}, as the experiment does, is late enough.`;
  return `Set rewind to ${formatCount(stable.at)}.`;
}

/** "14.2 %", with replicates "14.2 ± 0.8 %". */
function formatBarrier({ barrier: { mean, std, values } }: Stability): string {
  const percent = (value: number): string => (value * 100).toFixed(1);
  return values.length > 1 ? `${percent(mean)} ± ${percent(std)} %` : `${percent(mean)} %`;
}
