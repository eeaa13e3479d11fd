/** What a node is converted with: its inputs, its attributes, and where its layers go. */
import { fault } from '../files/modelFile';
import type { NamedWeight } from '../model';
import type { Constants } from './constants';
import type { Emitter } from './emitter';
import type { OnnxNode } from './graphReader';
import type { Pending } from './pending';
import { reduce, settle, type Reduced } from './settle';
import { isImage, made, onnxShape, type Value } from './value';

/** ONNX node → Keras layers. Throws ExperimentError that names the node. */
export type Conversion = (site: Site) => Value | Promise<Value>;

export interface SiteParts {
  readonly file: string;
  readonly producer: string;
  readonly emitter: Emitter;
  readonly constants: Constants;
  readonly values: ReadonlyMap<string, Value>;
  /** What has been made of pending values. */
  readonly reduced: WeakMap<Pending, Reduced>;
  /** How many nodes and outputs take a value. */
  readonly uses: ReadonlyMap<string, number>;
  /** Name of the graph's output. */
  readonly output: string;
}

export class Site {
  constructor(
    readonly node: OnnxNode,
    readonly parts: SiteParts,
  ) {}

  refuse(reason: string): never {
    const { name, op, outputs } = this.node;
    throw fault(this.parts.file, `cannot be trained: node "${(name || outputs[0]) ?? ''}" (${op}) ${reason}`);
  }

  isConstant(input: number): boolean {
    const name = this.node.inputs[input];
    return name !== undefined && name !== '' && this.parts.constants.has(name);
  }

  /** What a layer makes. */
  value(input = 0): Value {
    const settled = settle(this.unsettled(input));
    return { ...settled, alone: settled.alone && this.isOnlyTaker(input) };
  }

  /** For those that can put constants into weights of their own. */
  reduced(input = 0): Reduced {
    return reduce(this.unsettled(input));
  }

  /** What may be pending still. */
  unsettled(input = 0): Value {
    const name = this.node.inputs[input] ?? '';
    const found = this.parts.values.get(name);
    if (found) return found;
    if (this.isConstant(input)) this.refuse('takes a constant where an activation is expected; simplify the export');
    return this.refuse(`takes "${name}", which no node before it makes; export the model again`);
  }

  /** The first input under another name. */
  passed(): Value {
    const value = this.unsettled();
    return { ...value, alone: value.alone && this.isOnlyTaker(0) };
  }

  isOnlyTaker(input: number): boolean {
    return this.parts.uses.get(this.node.inputs[input] ?? '') === 1;
  }

  /** [channels, height, width] in ONNX. */
  image(input = 0): Value {
    return this.asImage(this.value(input));
  }

  asImage(value: Value): Value {
    if (isImage(value)) return value;
    const shape = onnxShape(value).join(', ');
    return this.refuse(
      `takes images with the channels first, but gets examples of shape [${shape}]; export with the layout [N, C, H, W]`,
    );
  }

  /** null where it is left out. */
  async constant(input: number): Promise<NamedWeight | null> {
    const name = this.node.inputs[input] ?? '';
    if (name === '') return null;
    if (this.isConstant(input)) return this.parts.constants.get(name);
    return this.refuse(
      `computes its input "${name}" from others; only constants can be weights here: simplify the export`,
    );
  }

  async weight(input: number): Promise<NamedWeight> {
    return (await this.constant(input)) ?? this.refuse(`lacks its input ${input}; export the model again`);
  }

  integer(name: string, otherwise: number): number {
    return this.node.attributes.get(name)?.integer ?? otherwise;
  }

  float(name: string, otherwise: number): number {
    return this.node.attributes.get(name)?.float ?? otherwise;
  }

  text(name: string, otherwise: string): string {
    return this.node.attributes.get(name)?.text ?? otherwise;
  }

  integers(name: string): readonly number[] | null {
    const list = this.node.attributes.get(name)?.integers ?? [];
    return list.length === 0 ? null : list;
  }

  /** Whole numbers that newer operators take as an input, and older ones as an attribute. */
  async integersOf(name: string, input: number): Promise<readonly number[] | null> {
    return this.integers(name) ?? ((await this.constant(input)) ? [...(await this.weight(input)).data] : null);
  }

  /** Adds a layer behind a value. @param weights input whose name tells the layer's */
  emit(className: string, config: Readonly<Record<string, unknown>>, from: readonly Value[], weights?: number): string {
    const inputs = from.map(({ layer }) => layer);
    return this.parts.emitter.add(className, this.layerName(weights), config, inputs);
  }

  /** As many values in the same places, by a layer. */
  through(className: string, config: Readonly<Record<string, unknown>>, from = this.value()): Value {
    return made(this.emit(className, config, [from]), from.shape, from.axes, from.order);
  }

  /** `conv1` of `conv1.weight`, `layer1.0.conv1` of `/layer1/layer1.0/conv1/Conv`. */
  private layerName(weights?: number): string {
    const { name, op, inputs } = this.node;
    const [, module] = /^([\w.]+)\.weight$/.exec(weights === undefined ? '' : (inputs[weights] ?? '')) ?? [];
    if (module !== undefined) return module;
    const path: string[] = [];
    for (const segment of name.split('/').filter(part => part !== '')) {
      // a member of a list repeats the list: layer1, layer1.0
      if (segment.startsWith(`${path.at(-1) ?? ''}.`)) path.pop();
      path.push(segment);
    }
    if (path.length > 1 && path.at(-1)!.replace(/_\d+$/, '') === op) path.pop();
    return path.join('.') || op.toLowerCase();
  }
}
