/** Examples of a data set as a model takes them: standardised floats, while training perhaps cropped and mirrored. */
import type { DataSet, Split } from '../../data/dataset';
import { featuresOf, StoredReader } from '../../data/stored';
import { imageChange } from '../draws';
import type { SplitName } from '../trainer';

export interface Augmentation {
  readonly crop: number;
  readonly flip: boolean;
}

export class Examples {
  /** Values of one example. */
  readonly features: number;
  private readonly readers = new Map<SplitName, StoredReader>();
  /** By channel: what a value is multiplied with and what is added. */
  private readonly factors: Float32Array;
  private readonly shifts: Float32Array;

  constructor(readonly data: DataSet) {
    const { inputShape, mean, std, training } = data;
    this.features = inputShape.reduce((product, n) => product * n, 1);
    const channels = inputShape.at(-1) ?? 1;
    const unit = training.inputs instanceof Uint8Array ? 1 / 255 : 1;
    this.factors = Float32Array.from({ length: channels }, (_, c) => unit / std[c % std.length]!);
    this.shifts = Float32Array.from({ length: channels }, (_, c) => -mean[c % mean.length]! / std[c % std.length]!);
  }

  /**
   * @param rows numbers of the examples in the split
   * @returns [rows × features], fresh
   */
  inputs(name: SplitName, rows: Uint32Array): Float32Array {
    return this.standardised(this.raw(name, rows));
  }

  /** As inputs, of the training split: each example's crop and mirroring are drawn from the seed, the step and its place. */
  augmented(rows: Uint32Array, augmentation: Augmentation, seed: number, step: number): Float32Array {
    if (augmentation.crop === 0 && !augmentation.flip) return this.inputs('training', rows);
    const raw = this.raw('training', rows);
    const changed = raw instanceof Uint8Array ? new Uint8Array(raw.length) : new Float32Array(raw.length);
    for (let place = 0; place < rows.length; place++) {
      const begin = place * this.features;
      const end = begin + this.features;
      this.change(raw.subarray(begin, end), changed.subarray(begin, end), augmentation, place, seed, step);
    }
    return this.standardised(changed);
  }

  close(): void {
    for (const reader of this.readers.values()) reader.close();
    this.readers.clear();
  }

  private change(
    image: Uint8Array | Float32Array,
    out: Uint8Array | Float32Array,
    augmentation: Augmentation,
    place: number,
    seed: number,
    step: number,
  ): void {
    const [height, width, channels] = this.data.inputShape as [number, number, number];
    const { row, column, mirrored } = imageChange(augmentation, seed, place, step);
    for (let y = 0; y < height; y++) {
      const fromY = y + row - augmentation.crop;
      if (fromY < 0 || fromY >= height) continue;
      for (let x = 0; x < width; x++) {
        const fromX = x + column - augmentation.crop;
        if (fromX < 0 || fromX >= width) continue;
        const from = (fromY * width + fromX) * channels;
        const to = (y * width + (mirrored ? width - 1 - x : x)) * channels;
        for (let c = 0; c < channels; c++) out[to + c] = image[from + c]!;
      }
    }
  }

  private raw(name: SplitName, rows: Uint32Array): Uint8Array | Float32Array {
    const { features } = this;
    const split: Split = this.data[name];
    if (split.stored) {
      const bytes = new Uint8Array(rows.length * split.stored.bytesPerExample);
      let reader = this.readers.get(name);
      if (reader === undefined) {
        reader = new StoredReader(split.stored);
        this.readers.set(name, reader);
      }
      reader.read(rows, bytes);
      return split.stored.type === 'uint8' ? bytes : new Float32Array(bytes.buffer);
    }
    const { inputs } = split;
    const values =
      inputs instanceof Uint8Array ? new Uint8Array(rows.length * features) : new Float32Array(rows.length * features);
    rows.forEach((row, i) => {
      values.set(inputs.subarray(row * features, (row + 1) * features), i * features);
    });
    return values;
  }

  private standardised(values: Uint8Array | Float32Array): Float32Array {
    const { factors, shifts } = this;
    const result = new Float32Array(values.length);
    for (let i = 0, channel = 0; i < values.length; i++) {
      // as the wasm executor rounds: once after the product, once after the sum
      result[i] = Math.fround(values[i]! * factors[channel]!) + shifts[channel]!;
      if (++channel === factors.length) channel = 0;
    }
    return result;
  }
}

/** Bytes of the inputs and labels that lie in memory. */
export function bytesInMemory({ training, validation, test }: DataSet): number {
  return [training, validation, test].reduce(
    (sum, { inputs, labels }) => sum + inputs.byteLength + labels.byteLength,
    0,
  );
}

/** Examples that take about 16 MiB of inputs, at least one: what is read of a split at a time. */
export function stretchOf(split: Split): number {
  return Math.max(1, Math.min(256, Math.floor(2 ** 22 / Math.max(1, featuresOf(split)))));
}
