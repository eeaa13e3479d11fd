/** Tensors of a graph that are known before anything flows: initialisers, Constant nodes, and what is made of them alone. */
import type { ByteSource } from '../../checkpoints/checkpoint';
import type { ExternalFiles } from '../../checkpoints/onnx/externalFiles';
import type { TensorRecord } from '../../checkpoints/onnx/records';
import { valuesOf } from '../../checkpoints/onnx/tensorValues';
import { TensorError } from '../../checkpoints/values/tensorValues';
import { checkCount, fault, readValues } from '../files/modelFile';
import type { NamedWeight } from '../model';
import { folds } from './fold';
import type { OnnxNode } from './graphReader';

export class Constants {
  private readonly known = new Map<string, NamedWeight>();
  private count = 0;

  constructor(
    private readonly source: ByteSource,
    private readonly files: ExternalFiles,
    private readonly tensors: Map<string, TensorRecord>,
  ) {}

  has(name: string): boolean {
    return this.known.has(name) || this.tensors.has(name);
  }

  /** @throws ExperimentError where its values cannot be read */
  async get(name: string): Promise<NamedWeight> {
    const known = this.known.get(name) ?? (await this.read(name, this.tensors.get(name)!));
    this.known.set(name, known);
    return known;
  }

  set(name: string, shape: readonly number[], data: Iterable<number>): void {
    this.known.set(name, { shape, data: Float32Array.from(data) });
  }

  /** Takes in a node whose inputs are all known. @returns false where it is none that is worked out here */
  async fold(node: OnnxNode): Promise<boolean> {
    const { op, domain, inputs, outputs } = node;
    const output = outputs[0];
    if (domain !== '' || output === undefined) return false;
    if (op === 'Constant') return this.constant(node, output);
    if (inputs.length === 0 || !inputs.every(name => name === '' || this.has(name))) return false;
    const work = Object.hasOwn(folds, op) ? folds[op] : undefined;
    if (!work) return false;
    const values: (NamedWeight | null)[] = [];
    for (const name of inputs) values.push(name === '' ? null : await this.get(name));
    if (op === 'ConstantOfShape') values.push(await this.filling(node));
    const result = work(node, values);
    if (!result) return false;
    checkCount(this.source.name, (this.count += result.data.length));
    this.known.set(output, result);
    return true;
  }

  /** The one value of a ConstantOfShape. */
  private async filling({ attributes }: OnnxNode): Promise<NamedWeight | null> {
    const tensor = attributes.get('value')?.tensor;
    return tensor ? this.read('value', tensor) : null;
  }

  private constant({ attributes }: OnnxNode, output: string): boolean {
    const tensor = attributes.get('value')?.tensor;
    if (tensor) this.tensors.set(output, tensor);
    else {
      const single = attributes.get('value_float')?.float ?? attributes.get('value_int')?.integer;
      const list = single === undefined ? attributes.get('value_ints')?.integers : [single];
      if (!list) return false;
      this.set(output, single === undefined ? [list.length] : [], list);
    }
    return true;
  }

  private async read(name: string, record: TensorRecord): Promise<NamedWeight> {
    const { name: file } = this.source;
    try {
      const values = await valuesOf(record, this.source, this.files.open);
      const count = record.dims.reduce((product, size) => product * size, 1);
      this.count += count;
      checkCount(file, this.count);
      return { shape: record.dims, data: await readValues(count, (begin, end) => values.read(begin, end)) };
    } catch (error) {
      if (error instanceof TensorError) throw fault(file, `holds "${name}", which cannot be read: ${error.message}`);
      throw error;
    }
  }
}
