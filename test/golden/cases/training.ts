/** Training trajectories: the wasm executor against open_lth's own training loop, step by step. */
import { z } from 'zod';
import type { DataSet } from '../../../src/data/dataset';
import type { OptimizerConfig, ScheduleInSteps } from '../../../src/shared/experiment';
import type { Plan, PlanOp, PlanParameter } from '../../../src/training/plan/plan';
import { learningRate } from '../../../src/training/schedule';
import { createWasmExecutor } from '../../../src/training/wasm/executor';
import { type GoldenCase, type Handler, type Outcome, passed } from '../goldenCase';

const layerSchema = z.looseObject({ op: z.string(), name: z.string().optional() });
const architectureSchema = z.looseObject({ input_shape: z.array(z.int()), layers: z.array(layerSchema) });
const linearSchema = z.looseObject({ name: z.string(), in: z.int(), out: z.int(), bias: z.boolean() });
const hyperparametersSchema = z.looseObject({
  optimizer_name: z.enum(['sgd', 'adam']),
  lr: z.number(),
  momentum: z.number().nullable(),
  nesterov_momentum: z.number().nullable(),
  weight_decay: z.number().nullable(),
  milestone_steps: z.string().nullable(),
  gamma: z.number().nullable(),
  warmup_steps: z.string().nullable(),
  steps: z.int(),
  batch: z.int(),
  iterations_per_epoch: z.int(),
});
const toleranceSchema = z.looseObject({ suggested_loss_atol: z.number(), suggested_weight_atol: z.number() });
type Hyperparameters = z.infer<typeof hyperparametersSchema>;

/** PyTorch stores linear kernels [out, in], the plan [in, out]. */
function transpose<T extends Float32Array | Uint8Array>(values: T, rows: number, columns: number): T {
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!) as T;
}

/** A plan from the architecture of a case, or the op that training plans do not cover yet. */
function planOf(architecture: z.infer<typeof architectureSchema>): Plan | { readonly missing: string } {
  const inputs = architecture.input_shape.reduce((product, n) => product * n, 1);
  const activations = [{ shape: [inputs], size: inputs }];
  const ops: PlanOp[] = [];
  const parameters: PlanParameter[] = [];
  const add = (layer: string, role: 'kernel' | 'bias', shape: number[]): number => {
    const size = shape.reduce((product, n) => product * n, 1);
    const initializer = { kind: 'constant', value: 0 } as const;
    return (
      parameters.push({
        name: `${layer}/${role}`,
        layer,
        role,
        shape,
        size,
        prunable: role === 'kernel',
        initializer,
      }) - 1
    );
  };
  for (const layer of architecture.layers) {
    const input = activations.length - 1;
    if (layer.op === 'flatten') continue;
    if (layer.op === 'linear') {
      const { name, in: size, out, bias } = linearSchema.parse(layer);
      const kernel = add(name, 'kernel', [size, out]);
      ops.push({
        kind: 'dense',
        layer: name,
        input,
        output: input + 1,
        kernel,
        bias: bias ? add(name, 'bias', [out]) : null,
      });
      activations.push({ shape: [out], size: out });
    } else if (layer.op === 'relu') {
      ops.push({ kind: 'activation', layer: 'relu', input, output: input + 1, activation: 'relu', alpha: 0 });
      activations.push(activations[input]!);
    } else return { missing: layer.op };
  }
  return { inputShape: [inputs], activations, ops, parameters, loss: 'cross-entropy' };
}

/** "40it" or "2ep" in steps. */
function steps(text: string, perEpoch: number): number {
  const match = /^(\d+)(it|ep)$/.exec(text.trim());
  if (!match) throw new Error(`"${text}" is neither steps nor epochs`);
  return Number(match[1]) * (match[2] === 'ep' ? perEpoch : 1);
}

function recipe(h: Hyperparameters): { optimizer: OptimizerConfig; schedule: ScheduleInSteps } {
  const weightDecay = h.weight_decay ?? 0;
  const nesterov = (h.nesterov_momentum ?? 0) > 0;
  const momentum = nesterov ? h.nesterov_momentum! : (h.momentum ?? 0);
  const warmup = h.warmup_steps === null ? 0 : steps(h.warmup_steps, h.iterations_per_epoch);
  return {
    optimizer:
      h.optimizer_name === 'sgd'
        ? { name: 'sgd', learningRate: h.lr, momentum, nesterov, weightDecay }
        : { name: 'adam', learningRate: h.lr, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay },
    schedule:
      h.milestone_steps === null
        ? { name: 'constant', warmup }
        : {
            name: 'multi-step',
            milestones: h.milestone_steps.split(',').map(text => steps(text, h.iterations_per_epoch)),
            factor: h.gamma!,
            warmup,
          },
  };
}

/** The batches of the case, one after another, as a data set that is read in order. */
function dataOf(golden: GoldenCase, features: number, classes: number): DataSet {
  const order = golden.integers('input.batch_order');
  const labels = golden.integers('input.y');
  const table = golden.has('input.lut') ? golden.floats('input.lut') : null;
  const inputs = table ? Float32Array.from(golden.bytes('input.x_u8'), byte => table[byte]!) : golden.floats('input.x');
  const rows = new Float32Array(order.length * features);
  order.forEach((example, i) => {
    rows.set(inputs.subarray(example * features, (example + 1) * features), i * features);
  });
  const training = { count: order.length, inputs: rows, labels: order.map(example => labels[example]!) };
  const none = { count: 0, inputs: new Float32Array(0), labels: new Int32Array(0) };
  return {
    name: golden.description.name,
    inputShape: [features],
    classes,
    training,
    validation: none,
    test: none,
    mean: [0],
    std: [1],
    fingerprint: '',
  };
}

export const trainingTrajectory: Handler = async (golden): Promise<Outcome> => {
  const plan = planOf(architectureSchema.parse(golden.description.architecture));
  if ('missing' in plan) return { status: 'pending', reason: `training plans do not cover ${plan.missing} yet` };
  const h = hyperparametersSchema.parse(golden.description.hyperparameters);
  const tolerance = toleranceSchema.parse(golden.description.tolerance);
  const { optimizer, schedule } = recipe(h);

  const rates = golden.floats('expected.lr').map((_, step) => learningRate(h.lr, schedule, step, h.steps));
  golden.expectValues('expected.lr', rates, h.lr * 1e-6);

  const peerName = (parameter: PlanParameter): string =>
    `${parameter.layer}.${parameter.role === 'kernel' ? 'weight' : 'bias'}`;
  const read = (parameter: PlanParameter, prefix: string): Float32Array => {
    const values = golden.floats(prefix + peerName(parameter));
    return parameter.role === 'kernel' ? transpose(values, parameter.shape[1]!, parameter.shape[0]!) : values;
  };
  const masks = plan.parameters.map(parameter => {
    const name = `mask.${peerName(parameter)}`;
    return golden.has(name) ? transpose(golden.bytes(name), parameter.shape[1]!, parameter.shape[0]!) : null;
  });
  const executor = await createWasmExecutor(dataOf(golden, plan.activations[0]!.size, plan.activations.at(-1)!.size), {
    threads: 2,
  });
  try {
    const session = await executor.open({
      plan,
      weights: plan.parameters.map(parameter => read(parameter, 'init.')),
      masks,
      optimizer,
      schedule,
      batchSize: h.batch,
      orderSeed: null,
      fromStep: 0,
      totalSteps: h.steps,
    });
    const losses = new Float32Array(h.steps);
    for (let step = 0; step < h.steps; step++) losses[step] = (await session.train(step + 1)).loss!;
    const final = await session.weights();
    await session.close();
    golden.expectValues('expected.loss', losses, tolerance.suggested_loss_atol);
    golden.floats('expected.loss_float64run'); // for judging drift by eye; the float32 run is what counts
    plan.parameters.forEach((parameter, i) => {
      const values =
        parameter.role === 'kernel' ? transpose(final[i]!, parameter.shape[0]!, parameter.shape[1]!) : final[i]!;
      golden.expectValues(`final.${peerName(parameter)}`, values, tolerance.suggested_weight_atol);
    });
  } finally {
    await executor.close();
  }
  return passed;
};
