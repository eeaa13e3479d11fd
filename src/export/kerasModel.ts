/**
 * A network as the layers of Keras 2, which Keras 2 and 3 and TensorFlow.js read: written from its plan, so that it computes
 * what was trained, whatever file it came from.
 */
import { CheckpointError } from '../checkpoints/checkpointError';
import { readTopology, type KerasTopology } from '../models/topology';
import { isPlan, type LayersNetwork, type Network } from '../training/network';
import { orderLayers } from '../training/plan/order';
import type { ParameterId, Plan, PlanOp } from '../training/plan/plan';
import { activationLayer, activationName, opLayer, type LayerShape, type Reader } from './kerasLayers';

export interface KerasModel {
  readonly topology: KerasTopology;
  /** Each after those that feed it; those without weights too. The last gives the output. */
  readonly layers: readonly KerasLayer[];
  readonly notes: readonly string[];
}

export interface KerasLayer {
  readonly name: string;
  /** Names of the layers that feed it, in order. */
  readonly inputs: readonly string[];
  /** In the order in which Keras has them. */
  readonly weights: readonly { readonly name: string; readonly parameter: ParameterId }[];
}

/** @throws CheckpointError that names the layer that the reader does not have */
export function kerasModel(network: Network, topology: KerasTopology, reader: Reader, file: string): KerasModel {
  if (!isPlan(network)) return layersModel(network);
  return new Writing(network, reader, file).model(endsInSoftmax(topology));
}

/** A plan leaves it to the loss. */
function endsInSoftmax(topology: KerasTopology): boolean {
  const { output } = orderLayers(readTopology(topology));
  return output.className === 'Softmax' || JSON.stringify(output.config['activation'] ?? '').includes('softmax');
}

function layersModel({ topology, layers, parameters, loss }: LayersNetwork): KerasModel {
  return {
    topology,
    layers: layers.map(({ name, inputs }) => ({
      name,
      inputs,
      weights: parameters.flatMap((parameter, i) =>
        parameter.layer === name ? [{ name: parameter.name, parameter: i }] : [],
      ),
    })),
    notes: loss === 'cross-entropy' ? ['The model gives logits: the softmax at its end is left to the loss.'] : [],
  };
}

class Writing {
  private readonly json: object[] = [];
  private readonly layers: KerasLayer[] = [];
  private readonly names = new Set<string>();
  /** The layer that gives each activation. */
  private readonly makers = new Map<number, string>();

  constructor(
    private readonly plan: Plan,
    private readonly reader: Reader,
    private readonly file: string,
  ) {}

  model(softmax: boolean): KerasModel {
    const { plan } = this;
    const entry = this.add(0, [], 'input', {
      className: 'InputLayer',
      config: { batch_input_shape: [null, ...plan.inputShape], dtype: 'float32', sparse: false },
    });
    if (plan.rescaling) this.rescale(plan.rescaling);
    const { ops } = plan;
    for (let i = 0; i < ops.length; i++) {
      const op = ops[i]!;
      const after = ops[i + 1];
      const fused = after && this.activationOf(op, after);
      this.write(op, fused?.name ?? null, fused ? after.output : op.output);
      if (fused) i++;
    }
    const last = ops.at(-1)!.output;
    if (softmax && plan.loss === 'cross-entropy') {
      this.add(last, [last], 'softmax', { className: 'Activation', config: { activation: 'softmax' } });
    }
    return {
      topology: {
        class_name: 'Functional',
        config: {
          name: 'ticket',
          trainable: true,
          layers: this.json,
          input_layers: [[entry, 0, 0]],
          output_layers: [[this.makers.get(last)!, 0, 0]],
        },
        keras_version: '2.15.0',
      },
      layers: this.layers,
      notes: [],
    };
  }

  /** Of the same layer, taken by nothing else: what a Dense or Conv2D layer does at its end. */
  private activationOf(op: PlanOp, next: PlanOp): { readonly name: string } | null {
    if (op.kind !== 'dense' && op.kind !== 'conv2d') return null;
    if (next.kind !== 'activation' || next.layer !== op.layer || next.inputs[0] !== op.output) return null;
    if (this.plan.ops.some(other => other !== next && other.inputs.includes(op.output))) return null;
    const name = activationName(next);
    return name === null ? null : { name };
  }

  private rescale({ scale, offset }: NonNullable<Plan['rescaling']>): void {
    const single = scale.length === 1;
    if (!single && this.reader === 'tfjs') {
      this.refuse('the input', 'constants for each channel at the beginning of the model');
    }
    const config = { scale: single ? scale[0]! : scale, offset: single ? offset[0]! : offset };
    this.add(0, [0], 'rescaling', { className: 'Rescaling', config });
  }

  private write(op: PlanOp, activation: string | null, output: number): void {
    const { plan, reader } = this;
    const name = op.kind === 'activation' ? activationLayer(op, reader) : opLayer(op, plan, reader, activation);
    if (typeof name === 'string') return this.refuse(`layer "${op.layer}"`, name);
    let inputs = op.inputs;
    if (name.before) {
      // what a layer cannot say of its padding stands before it
      const padded = -1 - this.json.length;
      this.add(padded, inputs, `${op.layer}_padding`, name.before);
      inputs = [padded];
    }
    this.add(output, inputs, op.layer, name.layer);
  }

  private add(
    output: number,
    inputs: readonly number[],
    wanted: string,
    { className, config, weights = [] }: LayerShape,
  ) {
    const name = this.freeName(wanted);
    const feeders = inputs.map(input => this.makers.get(input)!);
    this.json.push({
      class_name: className,
      name,
      config: { name, trainable: true, ...config },
      inbound_nodes: feeders.length === 0 ? [] : [feeders.map(from => [from, 0, 0, {}])],
    });
    this.layers.push({
      name,
      inputs: feeders,
      weights: weights.map(({ weight, parameter }) => ({ name: `${name}/${weight}`, parameter })),
    });
    this.makers.set(output, name);
    return name;
  }

  /** Keras' names begin with a letter or digit and hold no slash; on PyTorch, which Keras 3 may run on, no dot either. */
  private freeName(wanted: string): string {
    const base = wanted.replaceAll(/[^A-Za-z0-9_-]/g, '_').replace(/^[^A-Za-z0-9]+/, '') || 'layer';
    let name = base;
    for (let i = 1; this.names.has(name); i++) name = `${base}_${String(i)}`;
    this.names.add(name);
    return name;
  }

  private refuse(where: string, what: string): never {
    const reader = this.reader === 'tfjs' ? 'TensorFlow.js' : 'Keras 2';
    throw new CheckpointError(
      this.file,
      `${where} has ${what}, which no layer of ${reader} does: export as safetensors, npz or pt`,
    );
  }
}
