/** GraphProto, NodeProto, AttributeProto and FunctionProto: which operator uses which tensor, and the graphs within. */
import { limits } from '../checkpoint';
import { type FunctionRecord, type ModelRecord, type NodeRecord, Scope, SparseRecord, TensorRecord } from './records';
import { SparseMessage, TensorMessage } from './tensorMessages';
import { Excess, type MessageHandler, type Span } from './wire';

/** Attributes that tell how an operator lays its inputs out. */
const layoutAttributes = new Set(['axis', 'block_size', 'bits', 'group', 'transA', 'transB', 'K', 'N']);
/** Graphs of the largest networks have some hundred thousand. */
const mostNodes = 1_000_000;
/** Subgraphs and functions. */
const mostScopes = 100_000;
/** Ten bytes of a varint for each axis. */
const longestPermutation = 10 * limits.rank;
/** metadata_props of torch.onnx.export(dynamo=True): a Python list of module paths, the operation last. */
const moduleKey = 'pkg.torch.onnx.name_scopes';

export class GraphMessage implements MessageHandler {
  constructor(
    private readonly model: ModelRecord,
    private readonly scope: Scope,
  ) {}

  delimited(field: number): MessageHandler | 'text' | undefined {
    const { model, scope } = this;
    if (field === 1) return new NodeMessage(model, scope);
    if (field === 2 && scope === model.main) return 'text';
    if (field === 5) {
      const record = new TensorRecord();
      listTensor(model, scope, record, false);
      return new TensorMessage(record);
    }
    if (field !== 15) return undefined;
    const record = new SparseRecord();
    listTensor(model, scope, record, false);
    return new SparseMessage(record);
  }

  text(_field: number, text: string): void {
    this.model.graphName = text;
  }
}

export function addScope(model: ModelRecord, scope: Scope): void {
  if (model.scopes.length >= mostScopes) throw new Excess(`more than ${mostScopes} subgraphs and functions`);
  model.scopes.push(scope);
}

function listTensor(model: ModelRecord, scope: Scope, record: TensorRecord | SparseRecord, constant: boolean): void {
  if (model.tensors.length >= limits.tensors) throw new Excess(`more than ${limits.tensors} tensors`);
  model.tensors.push({ record, scope, constant });
}

export class NodeMessage implements MessageHandler {
  private readonly node: NodeRecord = {
    op: '',
    domain: '',
    name: '',
    inputs: [],
    outputs: [],
    integers: null,
    permutation: null,
    module: null,
  };
  /** Of the attribute `value` or `sparse_value`, if it is a Constant. */
  private value: TensorRecord | SparseRecord | null = null;

  constructor(
    private readonly model: ModelRecord,
    private readonly scope: Scope,
  ) {}

  delimited(field: number): MessageHandler | 'text' | undefined {
    if (field === 5) return new AttributeMessage(this.model, this.scope, this.node, value => (this.value = value));
    if (field === 9)
      return new KeyValueMessage((key, value) => {
        this.property(key, value);
      });
    return field <= 4 || field === 7 ? 'text' : undefined;
  }

  text(field: number, text: string): void {
    const { node } = this;
    if (field === 1) node.inputs.push(text);
    else if (field === 2) node.outputs.push(text);
    else if (field === 3) node.name = text;
    else if (field === 4) node.op = text;
    else node.domain = text;
  }

  end(): void {
    const { model, scope, node, value } = this;
    if (++model.nodes > mostNodes) throw new Excess(`more than ${mostNodes} nodes`);
    scope.nodes.push(node);
    if (node.op !== 'Constant' || !value) return;
    (value instanceof SparseRecord ? value.values : value).name = node.outputs[0] ?? '';
    listTensor(model, scope, value, true);
  }

  private property(key: string, value: string): void {
    if (key !== moduleKey) return;
    const names = [...value.matchAll(/'([^']*)'/g)].map(match => match[1]!);
    this.node.module = names.at(-2) ?? null;
  }
}

class AttributeMessage implements MessageHandler {
  private name = '';
  private integer: number | null = null;
  private integers: number[] = [];
  private value: TensorRecord | SparseRecord | null = null;

  constructor(
    private readonly model: ModelRecord,
    private readonly scope: Scope,
    private readonly node: NodeRecord,
    private readonly giveValue: (value: TensorRecord | SparseRecord) => void,
  ) {}

  varint(field: number, value: number): void {
    if (field === 3) this.integer = value;
    else if (field === 8 && this.integers.length < limits.rank) this.integers.push(value);
  }

  delimited(field: number, { length }: Span): MessageHandler | 'text' | 'varints' | undefined {
    switch (field) {
      case 1:
        return 'text';
      case 5:
        this.value = new TensorRecord();
        return new TensorMessage(this.value);
      case 22:
        this.value = new SparseRecord();
        return new SparseMessage(this.value);
      case 6:
      case 11:
        return new GraphMessage(this.model, this.subgraph());
      case 8:
        return length <= longestPermutation ? 'varints' : undefined;
      default:
        return undefined;
    }
  }

  text(_field: number, text: string): void {
    this.name = text;
  }

  varints(_field: number, values: readonly number[]): void {
    this.integers = [...values];
  }

  end(): void {
    const { name, node, integer, integers, value } = this;
    if (integer !== null && layoutAttributes.has(name))
      (node.integers ??= new Map<string, number>()).set(name, integer);
    if (name === 'perm') node.permutation = integers;
    if (value && (name === 'value' || name === 'sparse_value')) this.giveValue(value);
  }

  /** Names of node and attribute may come behind the graph. */
  private subgraph(): Scope {
    const { node } = this;
    const inner = new Scope(this.scope, () => `${node.name === '' ? node.op : node.name}/${this.name}`);
    addScope(this.model, inner);
    return inner;
  }
}

export class FunctionMessage implements MessageHandler {
  constructor(
    private readonly model: ModelRecord,
    private readonly record: FunctionRecord,
  ) {}

  delimited(field: number): MessageHandler | 'text' | undefined {
    if (field === 7) return new NodeMessage(this.model, this.record.scope);
    return field === 1 || field === 4 || field === 10 ? 'text' : undefined;
  }

  text(field: number, text: string): void {
    if (field === 1) this.record.name = text;
    else if (field === 4) this.record.inputs.push(text);
    else this.record.domain = text;
  }
}

/** StringStringEntryProto. */
export class KeyValueMessage implements MessageHandler {
  private key = '';
  private value = '';

  constructor(private readonly give: (key: string, value: string) => void) {}

  delimited(field: number): 'text' | undefined {
    return field === 1 || field === 2 ? 'text' : undefined;
  }

  text(field: number, text: string): void {
    if (field === 1) this.key = text;
    else this.value = text;
  }

  end(): void {
    this.give(this.key, this.value);
  }
}
