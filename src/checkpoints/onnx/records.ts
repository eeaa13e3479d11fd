/** What is kept of a model's messages: names, nodes and where values lie. */
import type { Span } from './wire';

export class TensorRecord {
  name = '';
  readonly dims: number[] = [];
  type = 0;
  /** Values of one field: where they lie, or themselves where each has a tag of its own. */
  readonly pieces = new Map<number, (Span | number[])[]>();
  /** location, offset, length, as they stand there; null: none. */
  external: Map<string, string> | null = null;
  isExternal = false;
  isSegment = false;
  /** Why it cannot be read. */
  damage: string | null = null;
}

export class SparseRecord {
  readonly values = new TensorRecord();
  readonly indices = new TensorRecord();
  readonly dims: number[] = [];
  damage: string | null = null;

  get name(): string {
    return this.values.name;
  }
}

export interface NodeRecord {
  op: string;
  domain: string;
  name: string;
  readonly inputs: string[];
  readonly outputs: string[];
  /** Whole numbers among the attributes that tell how inputs are laid out; null: none. */
  integers: Map<string, number> | null;
  /** Of Transpose. */
  permutation: readonly number[] | null;
  /** Module of PyTorch that it was exported from, where it says so. */
  module: string | null;
}

export interface ListedTensor {
  readonly record: TensorRecord | SparseRecord;
  readonly scope: Scope;
  /** Attribute of a Constant node, not an initialiser. */
  readonly constant: boolean;
}

/** Names of one graph or function; those of the graphs around it are seen too. */
export class Scope {
  readonly nodes: NodeRecord[] = [];

  constructor(
    readonly parent: Scope | null,
    /** The node that holds it and the attribute; empty for the main graph. */
    readonly label: () => string,
  ) {}
}

export class FunctionRecord {
  name = '';
  domain = '';
  readonly inputs: string[] = [];
  readonly scope: Scope = new Scope(null, () => this.name);
}

export class ModelRecord {
  irVersion = 0;
  producer = '';
  producerVersion = '';
  hasGraph = false;
  graphName = '';
  modelVersion: number | null = null;
  readonly opsets: (readonly [string, number])[] = [];
  readonly metadata: (readonly [string, string])[] = [];
  /** Graphs of training that are not read. */
  trainings = 0;
  readonly main = new Scope(null, () => '');
  readonly scopes: Scope[] = [this.main];
  readonly functions: FunctionRecord[] = [];
  nodes = 0;
  /** In the order of the file. */
  readonly tensors: ListedTensor[] = [];
}
