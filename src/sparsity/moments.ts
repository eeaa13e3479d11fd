/**
 * Mean and variance of any number of values, block by block: exact enough for 10⁹ of them, because each block is summed
 * around its own mean and blocks are merged by the rule of Chan, Golub and LeVeque (Technical Report STAN-CS-79-773, 1979).
 */
export class Moments {
  private n = 0;
  private average = 0;
  /** Σ (x − mean)² */
  private deviation = 0;

  /** @param deviation Σ (x − mean)² of these `n` values */
  merge(n: number, mean: number, deviation: number): void {
    if (n === 0) return;
    const total = this.n + n;
    const difference = mean - this.average;
    this.average += (difference * n) / total;
    this.deviation += deviation + (difference * difference * this.n * n) / total;
    this.n = total;
  }

  get count(): number {
    return this.n;
  }

  /** Null of nothing, or where it lies beyond the range of doubles. */
  get mean(): number | null {
    return this.n > 0 && Number.isFinite(this.average) ? this.average : null;
  }

  /** Of the population; null as the mean. */
  get std(): number | null {
    const std = Math.sqrt(this.deviation / this.n);
    return this.n > 0 && Number.isFinite(std) ? std : null;
  }
}
