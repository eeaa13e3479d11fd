/** The tensors of a file as they arrive, and what is known of each. Pure. */
import type { TensorInfo, TensorStatistics } from '../../src/shared/inspection';
import type { StatisticsResult } from '../../src/shared/inspectorMessages';

export class TensorStore {
  readonly tensors: TensorInfo[] = [];
  private readonly results: (StatisticsResult | undefined)[] = [];
  private known = 0;

  /** Pages come in order; one that does not continue the list is left out. */
  add(first: number, tensors: readonly TensorInfo[]): void {
    if (first === this.tensors.length) this.tensors.push(...tensors);
  }

  setResult(index: number, result: StatisticsResult): void {
    if (index >= this.tensors.length) return;
    if (!this.results[index]) this.known++;
    this.results[index] = result;
  }

  readonly statistics = (index: number): TensorStatistics | null => {
    const result = this.results[index];
    return result?.ok === true ? result.statistics : null;
  };

  /** Why nothing can be told of its values; null: it can, or is not known yet. */
  error(index: number): string | null {
    const result = this.results[index];
    return result?.ok === false ? result.error : (this.tensors[index]?.error ?? null);
  }

  isPending(index: number): boolean {
    return this.results[index] === undefined && this.tensors[index]?.error === null;
  }

  /** How many tensors have their numbers, or an error in their place. */
  get counted(): number {
    return this.known;
  }
}

/** zeros / count; null where there is nothing to divide. */
export function sparsityOf(statistics: TensorStatistics | null): number | null {
  return statistics && statistics.count > 0 ? statistics.zeros / statistics.count : null;
}
