/** One HDF5 file within its thread: an instance of the library that is made anew wherever a damaged file has broken it. */
import { bytesPerElement } from '../dtypes';
import { limits } from '../checkpoint';
import { boxesOf, type Box } from './hdf5Boxes';
import { insidePath, isRefusal, makeInstance, type Hdf5Instance } from './hdf5Library';
import type { Hdf5Contents, Hdf5Dataset, Hdf5File, Hdf5Range } from './hdf5Protocol';
import { BudgetError, Hdf5Reading } from './hdf5Reading';
import { Hdf5StructureError, readTree } from './hdf5Tree';

/** Chunks that a range cuts are kept for the next range, up to so many bytes of values. */
const mostAhead = 8 * 2 ** 20;
/** Room for one box in the library's memory. */
const mostBoxBytes = 4 * 2 ** 20;

interface Open {
  readonly instance: Hdf5Instance;
  readonly file: bigint;
}

interface Ahead {
  readonly path: string;
  readonly begin: number;
  readonly bytes: Uint8Array;
}

export class Hdf5OpenFile {
  private readonly reading: Hdf5Reading;
  private open: Open | null = null;
  private datasets = new Map<string, Hdf5Dataset>();
  private ahead: Ahead | null = null;

  /** @throws Error with a reason for people, as all methods */
  constructor(file: Hdf5File, progress: SharedArrayBuffer) {
    this.reading = new Hdf5Reading(file, progress);
  }

  async contents(): Promise<Hdf5Contents> {
    this.reading.allow(limits.structureBytes);
    const contents = await this.attempt(({ instance, file }) => readTree(instance, file, this.reading));
    this.datasets = new Map(contents.datasets.map(dataset => [dataset.path, dataset]));
    return contents;
  }

  async values({ path, begin, end }: Hdf5Range): Promise<Uint8Array> {
    const dataset = this.datasets.get(path);
    if (!dataset?.type) throw new Error('there is no such dataset');
    const valueBytes = bytesPerElement[dataset.type.dtype];
    const count = dataset.shape.reduce((product, size) => product * size, 1);
    const { ahead } = this;
    const from = ahead?.path === path ? (begin - ahead.begin) * valueBytes : -1;
    const length = (end - begin) * valueBytes;
    if (ahead && from >= 0 && from + length <= ahead.bytes.length) return ahead.bytes.slice(from, from + length);
    this.ahead = null;
    return this.attempt(open => {
      const chunkRows = chunkRowsOf(open, dataset);
      const step = chunkRows * (dataset.shape.slice(1).reduce((product, size) => product * size, 1) || 1);
      const [first, last] = [Math.floor(begin / step) * step, Math.min(count, Math.ceil(end / step) * step)];
      this.reading.allow(limits.structureBytes + 4 * length);
      if (chunkRows === 0 || (last - first) * valueBytes > mostAhead) return this.read(open, dataset, begin, end);
      const bytes = this.read(open, dataset, first, last);
      this.ahead = { path, begin: first, bytes };
      return bytes.slice((begin - first) * valueBytes, (end - first) * valueBytes);
    });
  }

  close(): void {
    const { open } = this;
    this.open = null;
    try {
      open?.instance.module.close_file(open.file);
    } finally {
      this.reading.close();
    }
  }

  private read({ instance, file }: Open, { path, shape, type }: Hdf5Dataset, begin: number, end: number): Uint8Array {
    const { module } = instance;
    const valueBytes = bytesPerElement[type!.dtype];
    const result = new Uint8Array((end - begin) * valueBytes);
    const most = Math.floor(mostBoxBytes / valueBytes);
    const pointer = module._malloc(Math.min(most, end - begin) * valueBytes);
    if (pointer === 0) throw new Error('there is no memory for its values');
    try {
      let done = 0;
      for (let at = begin; at < end; at += most) {
        for (const box of boxesOf(shape, at, Math.min(end, at + most))) {
          this.readBox({ instance, file }, path, box, pointer);
          const length = box.values * valueBytes;
          result.set(module.HEAPU8.subarray(pointer, pointer + length), done);
          done += length;
        }
      }
    } finally {
      module._free(pointer);
    }
    return result;
  }

  private readBox({ instance, file }: Open, path: string, { offset, count }: Box, pointer: number): void {
    const [counts, offsets] = [count.map(BigInt), offset.map(BigInt)];
    const strides = count.map(() => 1n);
    instance.takeReason();
    this.reading.live();
    if (instance.module.get_dataset_data(file, `/${path}`, counts, offsets, strides, BigInt(pointer)) < 0) {
      throw new Error(`its values cannot be read: ${instance.takeReason() ?? 'damaged'}`);
    }
  }

  /** Gives the instance up wherever something else comes out than an answer or an ordinary refusal. */
  private async attempt<T>(work: (open: Open) => T): Promise<T> {
    const open = (this.open ??= await this.start());
    try {
      return work(open);
    } catch (error) {
      const reason = open.instance.takeReason();
      // whatever state the library is in: the next request begins with a new one
      this.open = null;
      if (error instanceof BudgetError || error instanceof Hdf5StructureError) throw error;
      if (!(error instanceof Error)) throw new Error(reason ?? 'its structure is damaged', { cause: error });
      if (isRefusal(error) || isBreakdown(error)) throw new Error(reason ?? 'its structure is damaged');
      throw error;
    }
  }

  private async start(): Promise<Open> {
    const instance = await makeInstance(this.reading.size, this.reading.into);
    this.reading.live();
    let file: bigint;
    try {
      file = instance.module.open(insidePath, 0, false, -1, -1);
    } catch (error) {
      if (error instanceof BudgetError) throw error;
      throw new Error(instance.takeReason() ?? 'its structure is damaged', { cause: error });
    }
    if (file < 0n) throw new Error(instance.takeReason() ?? 'it is damaged');
    return { instance, file };
  }
}

/** Abort, trap, stack or memory at its end. */
function isBreakdown(error: Error): boolean {
  return error instanceof RangeError || error.name === 'RuntimeError' || error.name === 'CppException';
}

/** Rows of a chunk along the first axis; 0: there are no chunks. */
function chunkRowsOf({ instance, file }: Open, { path }: Hdf5Dataset): number {
  return instance.module.get_dataset_metadata(file, `/${path}`).chunks?.[0] ?? 0;
}
