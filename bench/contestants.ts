/** Who trains the networks of convnets.ts: this project, and PyTorch. */
import path from 'node:path';
import { Mask } from '../src/lottery/mask';
import type { Kernel } from '../src/lottery/magnitude';
import { initialWeights } from '../src/models/weights';
import type { Plan } from '../src/training/plan/plan';
import { noRegularization, type Executor, type TrainingSession, type Weights } from '../src/training/trainer';
import type { Contestant } from './contest';
import type { Network } from './networks';
import { Peer } from './peer';
import type { Settings } from './settings';

/** No run here is as long. */
const totalSteps = 100_000;

export class Ours implements Contestant {
  readonly name = 'ours';
  private readonly initial: Weights;
  private session: TrainingSession | null = null;
  private step = 0;

  constructor(
    private readonly network: Network,
    private readonly plan: Plan,
    private readonly executor: Executor,
  ) {
    this.initial = initialWeights(plan, 0);
  }

  async open(masks: readonly Mask[]): Promise<void> {
    const { plan, initial, network } = this;
    const ofParameter = new Map(prunableIds(plan).map((id, i) => [id, masks[i]!]));
    this.step = 0;
    this.session = await this.executor.open({
      network: plan,
      weights: initial,
      masks: plan.parameters.map((_, id) => {
        const mask = ofParameter.get(id);
        return mask === undefined || mask.kept === mask.size ? null : mask.toBytes();
      }),
      optimizer: network.optimizer,
      schedule: { name: 'constant', warmup: 0 },
      batchSize: network.batchSize,
      orderSeed: 0,
      fromStep: 0,
      totalSteps,
      regularization: noRegularization,
      classWeights: null,
      state: null,
      penalty: null,
    });
  }

  async train(steps: number): Promise<number> {
    this.step += steps;
    return (await this.session!.train(this.step)).seconds;
  }

  async close(): Promise<void> {
    await this.session!.close();
  }

  async stop(): Promise<void> {
    await this.executor.close();
  }

  /** The dense network after so many steps. */
  async trained(steps: number): Promise<Kernel[]> {
    const { plan } = this;
    const prunable = prunableIds(plan);
    await this.open(prunable.map(id => Mask.ones(plan.parameters[id]!.size)));
    await this.train(steps);
    const weights = await this.session!.weights();
    await this.close();
    return prunable.map(id => ({
      name: plan.parameters[id]!.name,
      output: id === prunable.at(-1),
      weights: weights[id]!,
      mask: Mask.ones(weights[id]!.length),
    }));
  }
}

function prunableIds(plan: Plan): number[] {
  return plan.parameters.flatMap(({ prunable }, id) => (prunable ? [id] : []));
}

/** PyTorch under masks of the same densities at places of its own: a dense pass does not see where zeros are. */
export class PyTorch implements Contestant {
  private constructor(
    readonly name: string,
    readonly version: string,
    private readonly peer: Peer,
  ) {}

  /** @returns null where there is no torch */
  static async start(
    network: Network,
    form: 'masked' | 'torch-prune',
    { python, threads }: Settings,
  ): Promise<PyTorch | null> {
    const script = path.resolve('bench/peers/convnets.py');
    const peer = await Peer.start(python, [script, network.name, String(threads), form]);
    return peer && new PyTorch(form === 'masked' ? 'PyTorch' : 'torch.nn.utils.prune', peer.version, peer);
  }

  async open(masks: readonly Mask[]): Promise<void> {
    await this.peer.ask(JSON.stringify({ open: masks.map(mask => [mask.size, mask.kept / mask.size]) }));
  }

  async train(steps: number): Promise<number> {
    return ((await this.peer.ask(JSON.stringify({ steps }))) as { seconds: number }).seconds;
  }

  async close(): Promise<void> {
    // its next network takes the place of this one
  }

  stop(): Promise<void> {
    this.peer.stop();
    return Promise.resolve();
  }
}
