/** The Keras model while it grows: layers in Functional form, and their weights by Keras' names. */
import { checkCount, fault, mostWeights } from '../files/modelFile';
import type { NamedWeight } from '../model';
import type { KerasTopology } from '../topology';

/** Each weight a few times. */
const mostReplaced = 4 * mostWeights;

interface EmittedLayer {
  readonly className: string;
  readonly config: Record<string, unknown>;
  readonly inputs: readonly string[];
}

export class Emitter {
  readonly weights = new Map<string, NamedWeight>();
  private readonly layers = new Map<string, EmittedLayer>();
  private count = 0;
  private replaced = 0;

  constructor(private readonly file: string) {}

  /** @param wanted name; where it is taken, a number is put behind it. @returns the name it got */
  add(className: string, wanted: string, config: Readonly<Record<string, unknown>>, inputs: readonly string[]): string {
    // a slash would end the layer's name in that of its weights
    const base = wanted.replaceAll(/[/\s]+/g, '.').slice(0, 200) || className.toLowerCase();
    let name = base;
    for (let i = 1; this.layers.has(name); i++) name = `${base}_${i}`;
    this.layers.set(name, { className, config: { ...config, name }, inputs });
    return name;
  }

  setWeight(layer: string, weight: string, shape: readonly number[], data: Float32Array): void {
    // many nodes may take one tensor, and each layer has its own
    checkCount(this.file, (this.count += data.length));
    this.weights.set(`${layer}/${weight}`, { shape, data });
  }

  weight(layer: string, weight: string): NamedWeight | undefined {
    return this.weights.get(`${layer}/${weight}`);
  }

  /** Instead of what it has, if it has it. */
  replaceWeight(layer: string, weight: string, shape: readonly number[], data: Float32Array): void {
    if ((this.replaced += data.length) > mostReplaced) {
      throw fault(this.file, 'folds constants into the same weights again and again; simplify the export');
    }
    this.weights.set(`${layer}/${weight}`, { shape, data });
  }

  layer(name: string): EmittedLayer {
    return this.layers.get(name)!;
  }

  /** Rules of Keras 3: PyTorch's hard sigmoid is its, not that of Keras 2. */
  topology(input: string, output: string): KerasTopology {
    const layers = [...this.layers].map(([name, { className, config, inputs }]) => ({
      class_name: className,
      name,
      config,
      inbound_nodes: inputs.length === 0 ? [] : [inputs.map(from => [from, 0, 0, {}])],
    }));
    const config = { name: 'onnx', layers, input_layers: [[input, 0, 0]], output_layers: [[output, 0, 0]] };
    return { class_name: 'Functional', config, keras_version: '3.0.0' };
  }
}
