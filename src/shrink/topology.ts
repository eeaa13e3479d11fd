/** Keras' JSON of the smaller network: the layers of the larger one, flat, with what their sizes are now. */
import type { Coupling } from '../lottery/structured/coupling';
import { readTopology, type KerasTopology, type Layer } from '../models/topology';
import { orderLayers } from '../training/plan/order';
import type { Plan, PlanOp } from '../training/plan/plan';

type Config = Readonly<Record<string, unknown>>;

/**
 * @param topology that `plan` was lowered from
 * @param live 1 for each unit that stays
 */
export function smallerTopology(
  topology: KerasTopology,
  plan: Plan,
  coupling: Coupling,
  live: Uint8Array,
): KerasTopology {
  const { layers, input, output } = orderLayers(readTopology(topology));
  const sizes = new Sizes(plan, coupling, live);
  // the shape in which the model sees an example: its input layer may have reshaped it
  const seen = plan.ops.find(op => op.kind === 'reshape' && op.layer === input.name);
  const shape = plan.activations[seen?.output ?? 0]!.shape;
  const json = layers.flatMap(layer => {
    const isInput = layer.className === 'InputLayer';
    if (layer === input) {
      const first = {
        name: isInput ? layer.name : freeName(layers),
        batch_input_shape: [null, ...shape],
        dtype: 'float32',
      };
      const own = isInput ? [] : [node(layer, sizes.configOf(layer), [first.name])];
      return [{ class_name: 'InputLayer', name: first.name, config: first, inbound_nodes: [] }, ...own];
    }
    return [node(layer, sizes.configOf(layer), layer.inputs)];
  });
  return {
    class_name: 'Model',
    config: {
      name: 'shrunk',
      layers: json,
      input_layers: [[json[0]!.name, 0, 0]],
      output_layers: [[output.name, 0, 0]],
    },
    ...(topology.keras_version !== undefined && { keras_version: topology.keras_version }),
  };
}

function node({ name, className }: Layer, config: Config, inputs: readonly string[]) {
  return { class_name: className, name, config, inbound_nodes: [inputs.map(from => [from, 0, 0, {}])] };
}

function freeName(layers: readonly Layer[]): string {
  let name = 'input';
  while (layers.some(layer => layer.name === name)) name += '_';
  return name;
}

/** What of a layer's configuration depends on how many channels there are. */
class Sizes {
  constructor(
    private readonly plan: Plan,
    private readonly coupling: Coupling,
    private readonly live: Uint8Array,
  ) {}

  configOf(layer: Layer): Config {
    const shapes = ['batch_input_shape', 'batch_shape'];
    const config = Object.fromEntries(Object.entries(layer.config).filter(([name]) => !shapes.includes(name)));
    return { ...config, name: layer.name, ...this.changes(layer) };
  }

  private changes({ name, className, config }: Layer): Config {
    switch (className) {
      case 'Dense':
        return { units: this.channels(name, 'kernel').outputs };
      case 'Conv2D': {
        const { inputs, outputs, each } = this.channels(name, 'kernel');
        return { filters: outputs, ...(each && { groups: inputs }) };
      }
      case 'DepthwiseConv2D': {
        const { inputs, outputs } = this.channels(name, 'depthwise_kernel');
        return { depth_multiplier: outputs / inputs };
      }
      case 'SeparableConv2D': {
        const { inputs, outputs } = this.channels(name, 'depthwise_kernel');
        return { depth_multiplier: outputs / inputs, filters: this.channels(name, 'pointwise_kernel').outputs };
      }
      case 'Reshape': {
        const op = this.opOf(name);
        return op ? { target_shape: this.shapeOf(op.output) } : {};
      }
      case 'ZeroPadding2D':
        return this.padding(name, config);
      default:
        return {};
    }
  }

  private channels(layer: string, weight: string): { inputs: number; outputs: number; each: boolean } {
    const kernel = this.coupling.kernels.find(({ name }) => name === `${layer}/${weight}`)!;
    const count = (units: Int32Array): number => units.reduce((sum, unit) => sum + this.live[unit]!, 0);
    const each = kernel.groups > 1 && kernel.groups === kernel.inputs.length;
    return { inputs: count(kernel.inputs), outputs: count(kernel.outputs), each };
  }

  private opOf(layer: string): PlanOp | undefined {
    return this.plan.ops.find(op => op.layer === layer);
  }

  /** Of an activation, without the batch: on each axis the places at which something is left. */
  private shapeOf(id: number): number[] {
    return this.placesOf(id).map(places => places.filter(Boolean).length);
  }

  private placesOf(id: number): boolean[][] {
    const { shape, size } = this.plan.activations[id]!;
    const units = this.coupling.activations[id]!;
    const places = shape.map(length => new Array<boolean>(length).fill(false));
    for (let i = 0; i < size; i++) {
      if (this.live[units[i % units.length]!] === 0) continue;
      let rest = i;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        places[axis]![rest % shape[axis]!] = true;
        rest = Math.floor(rest / shape[axis]!);
      }
    }
    return places;
  }

  /** Where a reshape has made columns of channels, zeros beside them are channels too. */
  private padding(name: string, config: Config): Config {
    const op = this.opOf(name);
    if (op?.kind !== 'zero-padding') return {};
    const { top, bottom, left, right } = op.padding;
    const [rows, columns] = this.placesOf(op.output) as [boolean[], boolean[]];
    const ends = (places: boolean[], before: number, after: number): [number, number] => [
      places.slice(0, before).filter(Boolean).length,
      places.slice(places.length - after).filter(Boolean).length,
    ];
    const padding = [ends(rows, top, bottom), ends(columns, left, right)];
    const unchanged = padding.flat().join() === [top, bottom, left, right].join();
    return unchanged ? {} : { ...config, name, padding };
  }
}
