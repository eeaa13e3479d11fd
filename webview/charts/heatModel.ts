/** What a heatmap of layers × levels shows; made by pure functions, drawn by `Heatmap`. */

export interface HeatCell {
  readonly level: number;
  /** kept / total; null before it was measured. */
  readonly density: number | null;
  /** Weights; null before it was measured. */
  readonly kept: number | null;
  /** 1 for a whole layer down to 0 at the sparsest density shown, even in the logarithm. */
  readonly share: number;
  readonly empty: boolean;
  /** As short as a cell needs: "21 %", "3.5 %"; in a title with the count. */
  readonly text: string;
  readonly title: string;
}

export interface HeatRow {
  readonly name: string;
  /** "784 × 300" */
  readonly shape: string;
  readonly total: number;
  readonly cells: readonly HeatCell[];
  /** The first level at which the layer holds nothing. */
  readonly emptyFrom: number | null;
}

export interface HeatModel {
  readonly levels: readonly number[];
  readonly rows: readonly HeatRow[];
  /** Density at the lower end of the ramp. */
  readonly minimum: number;
}
