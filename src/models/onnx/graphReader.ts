/** The main graph of an ONNX model: nodes with their attributes, constants, inputs and outputs. Walks the same wire as the inspector. */
import type { ByteSource } from '../../checkpoints/checkpoint';
import { CheckpointError } from '../../checkpoints/checkpointError';
import { TensorRecord } from '../../checkpoints/onnx/records';
import { TensorMessage } from '../../checkpoints/onnx/tensorMessages';
import { Excess, walk, type MessageHandler, type Span } from '../../checkpoints/onnx/wire';

export interface Attribute {
  integer?: number;
  float?: number;
  text?: string;
  integers: number[];
  tensor?: TensorRecord;
  /** Within a function: the attribute of the calling node that it stands for. */
  reference?: string;
}

export interface OnnxNode {
  op: string;
  /** Empty: ONNX's own operators. */
  domain: string;
  name: string;
  readonly inputs: string[];
  readonly outputs: string[];
  readonly attributes: Map<string, Attribute>;
}

export interface OnnxInput {
  name: string;
  /** With the batch; null where a size is left open. */
  readonly dims: (number | null)[];
}

/** Nodes that others call by name: what torch.onnx.export makes of modules, and ONNX of composed operators. */
export interface OnnxFunction {
  domain: string;
  name: string;
  readonly inputs: string[];
  readonly outputs: string[];
  /** Of attributes that a call leaves out. */
  readonly defaults: Map<string, Attribute>;
  readonly nodes: OnnxNode[];
}

export class OnnxGraph {
  producer = '';
  readonly functions: OnnxFunction[] = [];
  readonly nodes: OnnxNode[] = [];
  readonly tensors = new Map<string, TensorRecord>();
  readonly inputs: OnnxInput[] = [];
  readonly outputs: string[] = [];
}

/** A model of as many layers is none that can be trained. */
export const mostNodes = 20_000;
const mostFunctions = 1_000;
const mostNames = 100_000;
const mostItems = 64;

/** @throws CheckpointError where it is no ONNX model, damaged or cut short */
export async function readGraph(source: ByteSource): Promise<OnnxGraph> {
  const graph = new OnnxGraph();
  const cut = await walk(source, new ModelReader(graph));
  if (cut) throw new CheckpointError(source.name, 'the file is cut short: download or export it again');
  return graph;
}

/** ModelProto. */
class ModelReader implements MessageHandler {
  constructor(private readonly graph: OnnxGraph) {}

  delimited(field: number): MessageHandler | 'text' | undefined {
    if (field === 2) return 'text';
    if (field === 25) return new FunctionReader(this.graph.functions);
    return field === 7 ? new GraphReader(this.graph) : undefined;
  }

  text(_field: number, text: string): void {
    this.graph.producer = text;
  }
}

/** FunctionProto. */
class FunctionReader implements MessageHandler {
  private readonly own: OnnxFunction = {
    domain: '',
    name: '',
    inputs: [],
    outputs: [],
    defaults: new Map(),
    nodes: [],
  };

  constructor(private readonly functions: OnnxFunction[]) {
    if (functions.length >= mostFunctions) throw new Excess(`more than ${mostFunctions} functions`);
  }

  delimited(field: number): MessageHandler | 'text' | undefined {
    const { nodes, inputs, outputs, defaults } = this.own;
    if (nodes.length > mostNodes) throw new Excess(`more than ${mostNodes} nodes`);
    if (inputs.length + outputs.length > mostNames) throw new Excess(`more than ${mostNames} tensors`);
    if (field === 7) return new NodeReader(nodes);
    if (field === 11) return new AttributeReader(defaults);
    return field === 1 || field === 4 || field === 5 || field === 10 ? 'text' : undefined;
  }

  text(field: number, text: string): void {
    if (field === 1) this.own.name = text;
    else if (field === 4) this.own.inputs.push(text);
    else if (field === 5) this.own.outputs.push(text);
    else this.own.domain = text;
  }

  end(): void {
    this.functions.push(this.own);
  }
}

/** GraphProto. */
class GraphReader implements MessageHandler {
  constructor(private readonly graph: OnnxGraph) {}

  delimited(field: number): MessageHandler | undefined {
    const { nodes, tensors, inputs, outputs } = this.graph;
    if (nodes.length > mostNodes) throw new Excess(`more than ${mostNodes} nodes`);
    if (tensors.size + inputs.length + outputs.length > mostNames) throw new Excess(`more than ${mostNames} tensors`);
    if (field === 1) return new NodeReader(nodes);
    if (field === 5) return new InitializerReader(tensors);
    if (field === 11) return new ValueInfoReader(value => inputs.push(value));
    return field === 12 ? new ValueInfoReader(({ name }) => outputs.push(name)) : undefined;
  }
}

class InitializerReader extends TensorMessage {
  constructor(
    private readonly tensors: Map<string, TensorRecord>,
    private readonly tensor = new TensorRecord(),
  ) {
    super(tensor);
  }

  override end(cut: boolean): void {
    super.end(cut);
    this.tensors.set(this.tensor.name, this.tensor);
  }
}

/** NodeProto. */
class NodeReader implements MessageHandler {
  private readonly node: OnnxNode = { op: '', domain: '', name: '', inputs: [], outputs: [], attributes: new Map() };

  constructor(private readonly nodes: OnnxNode[]) {}

  delimited(field: number): MessageHandler | 'text' | undefined {
    if (field === 5) return new AttributeReader(this.node.attributes);
    return field <= 4 || field === 7 ? 'text' : undefined;
  }

  text(field: number, text: string): void {
    const { node } = this;
    if (field === 1) node.inputs.push(text);
    else if (field === 2) node.outputs.push(text);
    else if (field === 3) node.name = text;
    else if (field === 4) node.op = text;
    else node.domain = text === 'ai.onnx' ? '' : text;
  }

  end(): void {
    this.nodes.push(this.node);
  }
}

/** AttributeProto. */
class AttributeReader implements MessageHandler {
  private name = '';
  private readonly attribute: Attribute = { integers: [] };

  constructor(private readonly attributes: Map<string, Attribute>) {}

  varint(field: number, value: number): void {
    if (field === 3) this.attribute.integer = value;
    else if (field === 8 && this.attribute.integers.length < mostItems) this.attribute.integers.push(value);
  }

  fixed(field: number, value: number): void {
    if (field === 2) this.attribute.float = value;
  }

  delimited(field: number, { length }: Span): MessageHandler | 'text' | 'varints' | undefined {
    if (field === 1 || field === 4 || field === 21) return 'text';
    if (field === 5) return new TensorMessage((this.attribute.tensor = new TensorRecord()));
    return field === 8 && length <= 10 * mostItems ? 'varints' : undefined;
  }

  text(field: number, text: string): void {
    if (field === 1) this.name = text;
    else if (field === 21) this.attribute.reference = text;
    else this.attribute.text = text;
  }

  varints(_field: number, values: readonly number[]): void {
    this.attribute.integers = values.slice(0, mostItems);
  }

  end(): void {
    this.attributes.set(this.name, this.attribute);
  }
}

/** ValueInfoProto, and what is within it of TypeProto: tensor_type, shape, dim. */
class ValueInfoReader implements MessageHandler {
  private readonly value: OnnxInput = { name: '', dims: [] };

  constructor(private readonly give: (value: OnnxInput) => void) {}

  delimited(field: number): MessageHandler | 'text' | undefined {
    if (field === 1) return 'text';
    const { dims } = this.value;
    const dim = (): MessageHandler => new DimensionReader(size => dims.length < mostItems && dims.push(size));
    return field === 2 ? within(1, within(2, dim())) : undefined;

    function within(number: number, inner: MessageHandler): MessageHandler {
      return { delimited: at => (at === number ? inner : undefined) };
    }
  }

  text(_field: number, text: string): void {
    this.value.name = text;
  }

  end(): void {
    this.give(this.value);
  }
}

/** TensorShapeProto. */
class DimensionReader implements MessageHandler {
  constructor(private readonly give: (size: number | null) => unknown) {}

  delimited(field: number): MessageHandler | undefined {
    if (field !== 1) return undefined;
    let size: number | null = null;
    return {
      varint: (at, value) => {
        if (at === 1 && value > 0) size = value;
      },
      delimited: () => undefined,
      end: () => this.give(size),
    };
  }
}
