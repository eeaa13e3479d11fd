/** Weights and masks of finished runs, checked against the network: a file in the store may hold anything. */
import type { TensorData } from '../checkpoints/safetensors';
import type { PrunableLayer } from '../lottery/layers';
import { Mask } from '../lottery/mask';
import type { Network } from '../training/network';
import { DamagedRunError } from './care/damagedRun';
import type { RunStore, TensorFile } from './store';

/** Header of a safetensors file: names and shapes. */
const headerBytes = 16 * 1024 * 1024;

interface Expected {
  readonly name: string;
  readonly shape: readonly number[];
}

export class StoredTensors {
  private readonly maximumBytes: number;

  constructor(
    private readonly store: RunStore,
    private readonly network: Network,
    private readonly layers: readonly PrunableLayer[],
  ) {
    this.maximumBytes = headerBytes + network.parameters.reduce((sum, { size }) => sum + size * 4, 0);
  }

  /** In the order of the network's parameters. @throws DamagedRunError */
  async finalWeights(run: string): Promise<Float32Array[]> {
    return this.weights(run, 'final', this.network.parameters);
  }

  /** What the run started from, pruned weights 0, in the order of the network's parameters. @throws DamagedRunError */
  async startWeights(run: string): Promise<Float32Array[]> {
    return this.weights(run, 'start', this.network.parameters);
  }

  /** In the order of the prunable layers. @throws DamagedRunError */
  async finalKernels(run: string): Promise<Float32Array[]> {
    return this.weights(run, 'final', this.layers);
  }

  /** In the order of the prunable layers; those named in `whole` keep everything. @throws DamagedRunError */
  async masks(run: string, whole: readonly string[] = []): Promise<Mask[]> {
    const tensors = await this.store.readTensors(run, 'mask', this.maximumBytes);
    return this.layers.map(layer => {
      if (whole.includes(layer.name)) return Mask.ones(layer.size);
      const tensor = this.find(run, 'mask', tensors, layer);
      if (tensor.dtype !== 'U8') throw this.damaged(run, 'mask', `${layer.name} is ${tensor.dtype}, not U8`);
      return Mask.fromBytes(tensor.data);
    });
  }

  private async weights(
    run: string,
    file: Exclude<TensorFile, 'mask'>,
    wanted: readonly Expected[],
  ): Promise<Float32Array[]> {
    const tensors = await this.store.readTensors(run, file, this.maximumBytes);
    return wanted.map(one => {
      const tensor = this.find(run, file, tensors, one);
      if (tensor.dtype !== 'F32') throw this.damaged(run, file, `${one.name} is ${tensor.dtype}, not F32`);
      return tensor.data;
    });
  }

  private find(
    run: string,
    file: TensorFile,
    tensors: ReadonlyMap<string, TensorData>,
    { name, shape }: Expected,
  ): TensorData {
    const tensor = tensors.get(name);
    if (!tensor) throw this.damaged(run, file, `tensor ${name} is missing`);
    if (tensor.shape.join() !== shape.join()) {
      throw this.damaged(run, file, `${name} has shape [${tensor.shape.join(', ')}], not [${shape.join(', ')}]`);
    }
    return tensor;
  }

  private damaged(run: string, file: TensorFile, why: string): DamagedRunError {
    return new DamagedRunError(this.store.runDirectory(run), run, `${file}.safetensors: ${why}`);
  }
}
