/** An ONNX file has no signature: it is told by fields that ModelProto has, of the types that it has. */
import type { ByteSource } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { type MessageHandler, type Span, walk } from './wire';

/** Fields of ModelProto. */
const varintFields: ReadonlySet<number> = new Set([1, 5]);
const delimitedFields: ReadonlySet<number> = new Set([2, 3, 4, 6, 7, 8, 14, 20, 25, 26]);
/** Fields of GraphProto: all are messages or text. */
const graphFields: ReadonlySet<number> = new Set([1, 2, 5, 10, 11, 12, 13, 15, 14, 16]);
const graphField = 7;
/** More than were ever given out: 13 in 2025. */
const highestVersion = 1000;
/** Writers put the graph behind a handful of others. */
const mostFields = 1000;
/** ir_version is there first, as protobuf writes fields in their order; a reader need not look at every file. */
const versionTag = 0x08;

export async function looksLikeOnnx(head: Uint8Array, source: ByteSource): Promise<boolean> {
  if (head[0] !== versionTag && !/\.onnx$/i.test(source.name)) return false;
  const model = new ModelFields();
  try {
    await walk(source, model, () => model.is !== null);
  } catch (error) {
    if (error instanceof CheckpointError) return false;
    throw error;
  }
  return model.is === true && model.hasVersion;
}

class ModelFields implements MessageHandler {
  /** Null as long as it is not known. */
  is: boolean | null = null;
  hasVersion = false;
  private hasGraph = false;
  private fields = 0;

  varint(field: number, value: number): void {
    this.expect(varintFields.has(field));
    if (field === 1) {
      this.hasVersion = value >= 1 && value <= highestVersion;
      this.expect(this.hasVersion);
      if (this.hasGraph) this.is ??= true;
    }
  }

  fixed(): void {
    this.expect(false);
  }

  delimited(field: number, { length }: Span): MessageHandler | undefined {
    this.expect(delimitedFields.has(field));
    if (field !== graphField || this.is === false) return undefined;
    if (length === 0) this.expect(false);
    return this.hasGraph ? undefined : new GraphFields(this);
  }

  /** The first field of the graph is known. */
  foundGraph(isOne: boolean): void {
    this.hasGraph = isOne;
    this.expect(isOne);
    if (this.hasVersion) this.is ??= true;
  }

  private expect(holds: boolean): void {
    if (!holds || ++this.fields > mostFields) this.is = false;
  }
}

class GraphFields implements MessageHandler {
  private first = true;

  constructor(private readonly model: ModelFields) {}

  varint(): void {
    this.found(false);
  }

  fixed(): void {
    this.found(false);
  }

  delimited(field: number): undefined {
    this.found(graphFields.has(field));
  }

  private found(isOne: boolean): void {
    if (this.first) this.model.foundGraph(isOne);
    this.first = false;
  }
}
