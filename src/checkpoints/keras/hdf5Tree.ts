/** The groups and datasets of an HDF5 file: hard links only, each object once as a group, nothing outside the file. */
import type { Hdf5Module } from 'h5wasm-module';
import { limits } from '../checkpoint';
import { readTextAttribute } from './hdf5Attributes';
import { describeDataset } from './hdf5Dataset';
import { readSuperblock, type Superblock } from './hdf5Header';
import { isRefusal, type Hdf5Instance } from './hdf5Library';
import type { Hdf5Contents, Hdf5Dataset } from './hdf5Protocol';
import type { Hdf5Reading } from './hdf5Reading';

/** Groups within each other; Keras nests models, layers and cells, a handful each. */
const mostDepth = 64;
const mostNotes = 20;
/** H5G_obj_t */
const [groupType, datasetType] = [0, 1];
const fileAttributes = ['model_config', 'keras_version', 'backend', 'layer_names'];

/** A file of which no more than an error can be said. */
export class Hdf5StructureError extends Error {}

/** @throws Hdf5StructureError; whatever the library throws */
export function readTree(instance: Hdf5Instance, file: bigint, reading: Hdf5Reading): Hdf5Contents {
  return new TreeReader(instance, file, reading).read();
}

class TreeReader {
  private readonly datasets: Hdf5Dataset[] = [];
  private readonly fileTexts: Record<string, string> = {};
  private readonly groupTexts: Record<string, string> = {};
  private readonly weights: string[] = [];
  private readonly notes: string[] = [];
  private readonly seen = new Set<number>();
  private readonly superblock: Superblock | null;
  private links = 0;

  private readonly module: Hdf5Module;

  constructor(
    private readonly instance: Hdf5Instance,
    private readonly file: bigint,
    private readonly reading: Hdf5Reading,
  ) {
    this.module = instance.module;
    this.superblock = readSuperblock(reading.read, reading.size);
  }

  read(): Hdf5Contents {
    this.seen.add(this.addressOf('/'));
    this.texts('');
    this.group('', 0);
    const { datasets, notes, fileTexts, groupTexts, weights } = this;
    return { datasets, notes, attributes: { file: fileTexts, groups: groupTexts, weights } };
  }

  private group(path: string, depth: number): void {
    this.instance.takeReason();
    const names = this.module.get_names(this.file, `/${path}`, false);
    // it gives what it has found so far, and says nothing
    const reason = this.instance.takeReason();
    if (reason !== null) this.note(`group ${JSON.stringify(path)} is damaged, and may hold more: ${reason}`);
    if (new Set(names).size < names.length) this.note(`group ${JSON.stringify(path)} names an object twice: damaged`);
    for (const name of new Set(names)) {
      if (++this.links > limits.tensors) throw new Hdf5StructureError(`it holds more than ${limits.tensors} objects`);
      const child = path === '' ? name : `${path}/${name}`;
      if (child.length > limits.nameLength) {
        throw new Hdf5StructureError(`it names an object with more than ${limits.nameLength} characters: damaged`);
      }
      this.attempt(child, depth);
    }
  }

  private attempt(path: string, depth: number): void {
    this.instance.takeReason();
    this.reading.live();
    try {
      this.link(path, depth);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.fail(path, `it cannot be opened: ${this.instance.takeReason() ?? 'damaged'}`);
    }
  }

  private link(path: string, depth: number): void {
    const { module, file } = this;
    const inside = `/${path}`;
    const { filename } = module.get_external_link(file, inside);
    if (filename !== undefined) {
      this.fail(path, `a link to another file, ${JSON.stringify(filename.slice(0, 100))}, which is not opened`);
      return;
    }
    const target = module.get_symbolic_link(file, inside);
    if (target !== null) {
      this.fail(path, `a link to ${JSON.stringify(target.slice(0, 100))}, which is not followed`);
      return;
    }
    const type = module.get_type(file, inside);
    if (type === groupType) this.childGroup(path, depth);
    else if (type === datasetType) {
      const address = this.addressOf(inside);
      this.datasets.push(
        describeDataset({ module, file, path, address, reading: this.reading, superblock: this.superblock }),
      );
    } else if (type < 0) this.fail(path, 'what it links to is not there or damaged');
    else this.note(`${JSON.stringify(path)} is neither group nor dataset: left out`);
  }

  private childGroup(path: string, depth: number): void {
    const address = this.addressOf(`/${path}`);
    if (this.seen.has(address)) {
      this.note(`${JSON.stringify(path)} is a group that is listed already: left out`);
      return;
    }
    if (depth + 1 > mostDepth) throw new Hdf5StructureError(`its groups are nested deeper than ${mostDepth}`);
    this.seen.add(address);
    this.texts(path);
    this.group(path, depth + 1);
  }

  private texts(path: string): void {
    const read = (name: string): string | null => readTextAttribute(this.module, this.file, `/${path}`, name);
    const names = this.module.get_attribute_names(this.file, `/${path}`);
    if (path === '' || path === 'model_weights') {
      for (const name of fileAttributes.filter(wanted => names.includes(wanted))) {
        const value = read(name);
        if (value !== null) this.fileTexts[name] ??= value;
      }
      return;
    }
    if (names.includes('name')) {
      const value = read('name');
      if (value !== null) this.groupTexts[path] = value;
    }
    if (names.includes('weight_names')) {
      for (const name of (read('weight_names') ?? '').split('\n')) this.weights.push(`${path}/${name}`);
    }
  }

  /** Of an object header, by which objects are told apart. */
  private addressOf(inside: string): number {
    const reference = Buffer.from([...this.module.create_object_reference(this.file, inside)]);
    return reference.length < 8 ? -1 : Number(reference.readBigUInt64LE());
  }

  private fail(path: string, error: string): void {
    this.datasets.push({ path, address: -1, shape: [], type: null, offset: null, error });
  }

  private note(text: string): void {
    if (this.notes.length < mostNotes) this.notes.push(text);
  }
}
