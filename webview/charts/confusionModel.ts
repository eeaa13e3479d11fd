/** What a confusion matrix shows; made by pure functions, drawn by `ConfusionMatrix`. */

export interface ConfusionModel {
  readonly classes: number;
  /**
   * [class × predicted class] row-major: shares of the class's examples, 0 to 1; or differences of two such shares, −1 to
   * 1. NaN: the class has no examples.
   */
  readonly values: readonly number[];
  /** Whether values are differences. */
  readonly signed: boolean;
  /** The value at the end of the ramp. */
  readonly largest: number;
  /** As short as a cell needs. */
  readonly text: (value: number) => string;
  /** A cell in words. */
  readonly describe: (row: number, column: number) => string;
  /** Labels of the ramp's ends. */
  readonly ends: readonly [string, string];
  readonly legend: string;
}

/** Where a value lies on its ramp, −1 to 1: by the square root, since confusions are small beside what is right. */
export function rampPosition({ largest }: Pick<ConfusionModel, 'largest'>, value: number): number {
  return Math.sign(value) * Math.sqrt(Math.min(1, Math.abs(value) / largest));
}

/** Every so many classes get a label, so that labels are at least `gap` apart. */
export function labelStride(cell: number, gap: number): number {
  const least = gap / cell;
  const nice = [1, 2, 5, 10, 20, 50, 100];
  return nice.find(stride => stride >= least) ?? 200;
}
