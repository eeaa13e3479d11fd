/** ModelProto, the outermost message. */
import { addScope, FunctionMessage, GraphMessage, KeyValueMessage } from './graphMessages';
import { FunctionRecord, type ModelRecord } from './records';
import type { MessageHandler } from './wire';

/** Pairs of metadata and opsets that are shown. */
const mostMetadata = 1000;

export class ModelMessage implements MessageHandler {
  constructor(private readonly model: ModelRecord) {}

  varint(field: number, value: number): void {
    if (field === 1) this.model.irVersion = value;
    else if (field === 5) this.model.modelVersion = value;
  }

  delimited(field: number): MessageHandler | 'text' | undefined {
    const { model } = this;
    switch (field) {
      case 2:
      case 3:
        return 'text';
      case 7:
        model.hasGraph = true;
        return new GraphMessage(model, model.main);
      case 8:
        return model.opsets.length < mostMetadata ? new OpsetMessage(model) : undefined;
      case 14:
        return model.metadata.length < mostMetadata
          ? new KeyValueMessage((key, value) => model.metadata.push([key, value]))
          : undefined;
      case 20:
        model.trainings++;
        return undefined;
      case 25: {
        const record = new FunctionRecord();
        model.functions.push(record);
        addScope(model, record.scope);
        return new FunctionMessage(model, record);
      }
      default:
        return undefined;
    }
  }

  text(field: number, text: string): void {
    if (field === 2) this.model.producer = text;
    else this.model.producerVersion = text;
  }
}

/** OperatorSetIdProto. */
class OpsetMessage implements MessageHandler {
  private domain = '';
  private version = 0;

  constructor(private readonly model: ModelRecord) {}

  varint(field: number, value: number): void {
    if (field === 2) this.version = value;
  }

  delimited(field: number): 'text' | undefined {
    return field === 1 ? 'text' : undefined;
  }

  text(_field: number, text: string): void {
    this.domain = text;
  }

  end(): void {
    this.model.opsets.push([this.domain === '' ? 'ai.onnx' : this.domain, this.version]);
  }
}
