/** A training trajectory of a peer, as an executor takes it, and how its outcome is compared. */
import { z } from 'zod';
import type { DataSet } from '../../../src/data/dataset';
import type { Plan, PlanParameter } from '../../../src/training/plan/plan';
import { learningRate } from '../../../src/shared/learningRate';
import { noRegularization, type TrainingSetup } from '../../../src/training/trainer';
import type { GoldenCase } from '../goldenCase';
import { planOf } from '../pytorch/architecture';
import { fromTorch, torchName, torchOrder, toTorch } from '../pytorch/layouts';
import { inputsOf } from './inputs';
import { recipeOf } from './recipe';

const toleranceSchema = z.looseObject({
  suggested_loss_atol: z.number(),
  suggested_weight_atol: z.number(),
  suggested_running_stat_atol: z.number().optional(),
});

/** A case as the executor takes it. */
export interface Trajectory {
  readonly plan: Plan;
  readonly setup: TrainingSetup;
  readonly data: DataSet;
  /** For each parameter of the plan. */
  readonly orders: readonly Int32Array[];
}

/** @throws NotCovered where the case asks for what no plan can do */
export function trajectoryOf(golden: GoldenCase): Trajectory {
  const { architecture, hyperparameters } = golden.description;
  const { plan, inputOrders } = planOf(architecture);
  const { optimizer, schedule, steps, batchSize } = recipeOf(hyperparameters);
  const orders = plan.parameters.map(parameter => torchOrder(parameter, inputOrders.get(parameter.layer)));
  return {
    plan,
    orders,
    data: dataOf(golden, plan.inputShape, plan.activations.at(-1)!.size),
    setup: {
      network: plan,
      weights: plan.parameters.map((p, i) => fromTorch(golden.floats(`init.${torchName(p)}`), orders[i]!)),
      masks: plan.parameters.map((p, i) => {
        const name = `mask.${torchName(p)}`;
        return p.prunable && golden.has(name) ? fromTorch(golden.bytes(name), orders[i]!) : null;
      }),
      optimizer,
      schedule,
      batchSize,
      orderSeed: null,
      fromStep: 0,
      totalSteps: steps,
      regularization: noRegularization,
      classWeights: null,
      state: null,
      penalty: null,
    },
  };
}

/** The batches of the case, one after another, as a data set that is read in order. */
function dataOf(golden: GoldenCase, inputShape: readonly number[], classes: number): DataSet {
  const order = golden.integers('input.batch_order');
  const labels = golden.integers('input.y');
  const inputs = inputsOf(golden, inputShape);
  const features = inputShape.reduce((product, n) => product * n, 1);
  const rows = new Float32Array(order.length * features);
  order.forEach((example, i) => {
    rows.set(inputs.subarray(example * features, (example + 1) * features), i * features);
  });
  const training = { count: order.length, inputs: rows, labels: order.map(example => labels[example]!) };
  const none = { count: 0, inputs: new Float32Array(0), labels: new Int32Array(0) };
  const channels = inputShape.at(-1)!;
  return {
    name: golden.description.name,
    inputShape,
    task: 'classification',
    classes,
    training,
    validation: none,
    test: none,
    mean: new Array<number>(channels).fill(0),
    std: new Array<number>(channels).fill(1),
    fingerprint: '',
  };
}

/** @param weights after the last step, masked */
export function compareTrajectory(
  golden: GoldenCase,
  { setup, plan, orders }: Trajectory,
  losses: Float32Array,
  weights: readonly Float32Array[],
): void {
  const tolerance = toleranceSchema.parse(golden.description.tolerance);
  const base = setup.optimizer.learningRate;
  const rates = losses.map((_, step) => learningRate(base, setup.schedule, step, setup.totalSteps));
  golden.expectValues('expected.lr', rates, base * 1e-6);
  golden.expectValues('expected.loss', losses, tolerance.suggested_loss_atol);
  golden.floats('expected.loss_float64run'); // for judging drift by eye; the float32 run is what counts
  const allowed = (parameter: PlanParameter): number =>
    parameter.trainable
      ? tolerance.suggested_weight_atol
      : (tolerance.suggested_running_stat_atol ?? tolerance.suggested_weight_atol);
  plan.parameters.forEach((parameter, i) => {
    const values = toTorch(weights[i]!, orders[i]!);
    golden.expectValues(`final.${torchName(parameter)}`, values, allowed(parameter));
    // the peer's masked weights are still alive after its update; here they are 0 already
    const raw = `final_raw.${torchName(parameter)}`;
    const mask = setup.masks[i];
    if (golden.has(raw)) golden.expectValues(raw, values, allowed(parameter), mask ? toTorch(mask, orders[i]!) : null);
  });
}
