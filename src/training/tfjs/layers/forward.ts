/** A LayersModel as a network: its own layers compute, with draws of dropout that seed and step name. */
import { dropoutFactors, dropoutSeed, hash } from '../../draws';
import type { LayersNetwork } from '../../network';
import type { Forward, TrainingBatch } from '../forward';
import type { LayersModel, Tensor, Tf, TfLayers, Variable } from '../namespace';
import { weightsOf } from './parameters';

/** What of TensorFlow.js' layers draws random numbers, in the fields where it keeps what it draws by. */
interface Drawing {
  getClassName(): string;
  seed?: number;
  readonly cell?: RecurrentCell;
  readonly layer?: Drawing;
  readonly forwardLayer?: Drawing;
  readonly backwardLayer?: Drawing;
}

interface RecurrentCell {
  dropoutFunc?: (ones: Tensor, rate: number) => Tensor;
  dropoutMask?: Tensor | Tensor[] | null;
  recurrentDropoutMask?: Tensor | Tensor[] | null;
}

export class LayersForward implements Forward {
  readonly variables: readonly Variable[];
  readonly inputShape: readonly number[];
  private readonly drawing: readonly Drawing[];
  private batch: TrainingBatch = { seed: 0, step: 0 };
  /** Of the batch, by recurrent cells. */
  private draws = 0;

  static async create(
    tf: Tf,
    layers: TfLayers,
    network: LayersNetwork,
    weights: readonly Float32Array[],
  ): Promise<LayersForward> {
    const source = tf.io.fromMemory({ modelTopology: network.topology });
    const model = await layers.loadLayersModel(source, { strict: false });
    return new LayersForward(tf, model, network, weights);
  }

  private constructor(
    private readonly tf: Tf,
    private readonly model: LayersModel,
    { inputShape, parameters }: LayersNetwork,
    weights: readonly Float32Array[],
  ) {
    this.inputShape = inputShape;
    const byName = new Map(weightsOf(model).map(({ name, variable }) => [name, variable]));
    this.variables = parameters.map(({ name }) => byName.get(name)!);
    tf.tidy(() => {
      this.variables.forEach((variable, i) => {
        variable.assign(tf.tensor(weights[i]!.slice(), variable.shape));
      });
    });
    this.drawing = model.layers.flatMap(layer => partsOf(layer as unknown as Drawing));
    for (const { cell } of this.drawing) if (cell) cell.dropoutFunc = (ones, rate) => this.dropout(ones, rate);
  }

  outputs(inputs: Tensor, training: TrainingBatch | null): Tensor {
    if (training !== null) this.beginBatch(training);
    return this.model.apply(inputs, { training: training !== null }) as Tensor;
  }

  close(): void {
    for (const { cell } of this.drawing) {
      for (const mask of [cell?.dropoutMask, cell?.recurrentDropoutMask]) if (mask) this.tf.dispose(mask);
    }
    this.model.dispose();
  }

  private beginBatch(batch: TrainingBatch): void {
    this.batch = batch;
    this.draws = 0;
    this.drawing.forEach((layer, i) => {
      if (layer.getClassName().includes('Dropout')) layer.seed = hash(batch.seed, i, batch.step);
    });
  }

  private dropout(ones: Tensor, rate: number): Tensor {
    const { tf, batch } = this;
    const seed = dropoutSeed(batch.seed, this.drawing.length + this.draws++, batch.step);
    const [examples] = ones.shape as [number];
    return tf.tensor(dropoutFactors(seed, rate, examples, ones.size / examples), ones.shape);
  }
}

/** The layer and those that it wraps. */
function partsOf(layer: Drawing): Drawing[] {
  const inner = [layer.layer, layer.forwardLayer, layer.backwardLayer].filter(one => one !== undefined);
  return [layer, ...inner];
}
