/**
 * ONNX: initialisers and constants of the graph, its subgraphs and functions, and external data beside the model.
 * https://github.com/onnx/onnx/blob/main/docs/IR.md, docs/ExternalData.md
 */
import type { ByteSource, Checkpoint, FormatReader, RawRange, StoredPlaces } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { ExternalFiles } from './externalFiles';
import { ModelMessage } from './modelMessage';
import { looksLikeOnnx } from './recognise';
import { ModelRecord, SparseRecord } from './records';
import { listTensors, type OnnxTensors } from './tensorList';
import { walk } from './wire';

export const onnxReader: FormatReader = {
  name: 'ONNX',
  recognises: looksLikeOnnx,
  async open(source) {
    const model = new ModelRecord();
    const cut = await walk(source, new ModelMessage(model));
    if (!model.hasGraph) throw new CheckpointError(source.name, 'an ONNX model without a graph: export it again');
    const files = new ExternalFiles(source);
    try {
      const listed = await listTensors(model, source, files);
      return new OnnxCheckpoint(source, files, listed, metadataOf(model), notesOf(model, source, cut));
    } catch (error) {
      await files.close();
      throw error;
    }
  },
};

function metadataOf(model: ModelRecord): (readonly [string, string])[] {
  const { producer, producerVersion, irVersion, modelVersion, graphName, opsets, metadata } = model;
  const known: (readonly [string, string | null])[] = [
    ['producer', producer === '' ? null : `${producer} ${producerVersion}`.trim()],
    ['ir_version', String(irVersion)],
    ...opsets.map(([domain, version]) => [`opset ${domain}`, String(version)] as const),
    ['model_version', modelVersion === null ? null : String(modelVersion)],
    ['graph', graphName === '' ? null : graphName],
    ...metadata,
  ];
  return known.flatMap(([key, value]) => (value === null ? [] : [[key, value] as const]));
}

function notesOf(model: ModelRecord, source: ByteSource, cut: boolean): string[] {
  const notes: string[] = [];
  if (cut) {
    notes.push(
      `The file ends at byte ${source.size} in the middle of a message: it is cut short, download or export it again`,
    );
  }
  if (model.trainings > 0) notes.push('Graphs of training (TrainingInfoProto) are left out');
  const packed = new Set(
    model.scopes.flatMap(({ nodes }) => nodes.flatMap(({ op, inputs }) => (op === 'MatMulNBits' ? [inputs[1]] : []))),
  ).size;
  if (packed > 0)
    notes.push(
      `${packed} weights of MatMulNBits are packed as the kernels of ONNX Runtime want them: only their bytes are listed`,
    );
  const external = model.tensors.filter(({ record }) => !(record instanceof SparseRecord) && record.isExternal);
  const places = new Set(
    external.map(({ record }) => !(record instanceof SparseRecord) && record.external?.get('location')),
  );
  const [first] = places;
  if (typeof first === 'string') {
    const where = places.size === 1 ? first.slice(0, 200) : `${places.size} files beside the model`;
    notes.push(`Values of ${external.length} tensors lie in ${where}`);
  }
  return notes;
}

class OnnxCheckpoint implements Checkpoint {
  readonly format = 'ONNX';
  readonly tensors: Checkpoint['tensors'];
  readonly notes: readonly string[];
  readonly bytes: number;

  constructor(
    private readonly source: ByteSource,
    private readonly files: ExternalFiles,
    private readonly listed: OnnxTensors,
    readonly metadata: Checkpoint['metadata'],
    notes: readonly string[],
  ) {
    this.tensors = listed.tensors.map(({ info }) => info);
    this.notes = [...notes, ...listed.notes, ...files.failures];
    this.bytes = files.opened.reduce((sum, { size }) => sum + size, source.size);
  }

  raw(index: number): RawRange | null {
    return this.listed.tensors[index]!.values?.raw ?? null;
  }

  places(index: number): StoredPlaces | null {
    return this.listed.tensors[index]!.places;
  }

  async values(index: number, begin: number, end: number, signal?: AbortSignal): Promise<Float32Array | Float64Array> {
    const { values, info } = this.listed.tensors[index]!;
    const { name } = this.source;
    if (!values) throw new CheckpointError(name, `tensor ${JSON.stringify(info.name)}: ${info.error!}`);
    return values.read(begin, end, signal);
  }

  async close(): Promise<void> {
    await this.files.close();
    await this.source.close();
  }
}
