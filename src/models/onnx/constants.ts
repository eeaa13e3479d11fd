/** Tensors of a graph that are known before anything flows: initialisers, Constant nodes, and what is made of them alone. */
import type { ByteSource } from '../../checkpoints/checkpoint';
import type { ExternalFiles } from '../../checkpoints/onnx/externalFiles';
import type { TensorRecord } from '../../checkpoints/onnx/records';
import { valuesOf } from '../../checkpoints/onnx/tensorValues';
import { TensorError } from '../../checkpoints/values/tensorValues';
import { transposed } from '../files/kernels';
import { checkCount, fault, readValues } from '../files/modelFile';
import type { NamedWeight } from '../model';
import type { OnnxNode } from './graphReader';

/** Values of shapes and their like. */
const mostSmall = 64;

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
    const { op, domain, inputs, outputs, attributes } = node;
    const output = outputs[0];
    if (domain !== '' || output === undefined) return false;
    if (op === 'Constant') return this.constant(node, output);
    if (inputs.length === 0 || !inputs.every(name => name === '' || this.has(name))) return false;
    const [first, second] = inputs;
    if (op === 'Identity' || op === 'Cast') {
      this.known.set(output, await this.get(first!));
      return true;
    }
    if (op === 'Transpose') {
      const { shape, data } = await this.get(first!);
      if (shape.length !== 2) return false;
      checkCount(this.source.name, (this.count += data.length));
      const turned = (attributes.get('perm')?.integers ?? [1, 0]).join() !== '0,1';
      const [rows, columns] = shape as [number, number];
      this.known.set(
        output,
        turned ? { shape: [columns, rows], data: transposed(data, rows, columns) } : { shape, data },
      );
      return true;
    }
    if (op === 'Concat' || op === 'Unsqueeze' || op === 'Squeeze' || op === 'Gather') {
      const values = (await Promise.all(inputs.map(name => this.get(name)))).map(({ data }) => [
        ...data.slice(0, mostSmall),
      ]);
      if (values.some(list => list.length >= mostSmall)) return false;
      const result =
        op === 'Concat' ? values.flat() : op === 'Gather' ? values[1]!.map(i => values[0]!.at(i)!) : values[0]!;
      if (second === undefined && op === 'Gather') return false;
      this.set(output, [result.length], result);
      return true;
    }
    return false;
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
