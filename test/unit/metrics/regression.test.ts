/** Metrics of a regression, by hand and against NumPy. */
import { expect, it } from 'vitest';
import { evaluateOutputs } from '../../../src/metrics/evaluate';
import { measuresOf, type RegressionEvaluation } from '../../../src/shared/evaluation';

async function evaluate(outputs: Float32Array, labels: Float32Array, targets: number, cut = 0) {
  const result = await evaluateOutputs({ classes: targets, labels, logits: false }, visit => {
    visit(0, outputs.subarray(0, cut * targets));
    visit(cut, outputs.subarray(cut * targets));
    return Promise.resolve();
  });
  return result as RegressionEvaluation;
}

it('has errors and R² by hand', async () => {
  const result = await evaluate(Float32Array.of(1, 2, 5), Float32Array.of(1, 3, 5), 1);
  // Σ(y − ȳ)² = 4 + 0 + 4
  expect(result).toMatchObject({ examples: 3, targets: 1, meanSquaredError: 1 / 3, meanAbsoluteError: 1 / 3 });
  expect(result.r2).toBeCloseTo(1 - 1 / 8, 12);
  expect(measuresOf(result).rootMeanSquaredError).toBeCloseTo(Math.sqrt(1 / 3), 12);
});

it('takes a target that does not vary as met or not, as scikit-learn does', async () => {
  const labels = Float32Array.of(5, 5);
  expect((await evaluate(Float32Array.of(5, 5), labels, 1)).r2).toBe(1);
  expect((await evaluate(Float32Array.of(5, 6), labels, 1)).r2).toBe(0);
});

it('agrees with NumPy on three targets, one of them far from 0 and one that does not vary', async () => {
  const columns = (phase: number, shift: number) =>
    Float32Array.from({ length: 600 }, (_, at) => {
      const i = Math.floor(at / 3);
      return [Math.sin(0.1 * i + phase), 100 + 0.01 * Math.cos(i + shift), 5][at % 3]!;
    });
  const result = await evaluate(columns(0.2, 0.5), columns(0, 0), 3, 77);
  const [first, second, third] = result.perTarget!;
  expect(first!.meanSquaredError).toBeCloseTo(0.02022043055241749, 10);
  expect(first!.meanAbsoluteError).toBeCloseTo(0.12861196376383305, 10);
  expect(first!.r2).toBeCloseTo(0.9585552472737234, 8);
  expect(second!.meanAbsoluteError).toBeCloseTo(0.0031472396850585936, 8);
  expect(second!.r2).toBeCloseTo(0.7557348448694304, 6);
  expect(third).toEqual({ meanSquaredError: 0, meanAbsoluteError: 0, r2: 1 });
  expect(result.r2).toBeCloseTo((first!.r2 + second!.r2 + 1) / 3, 12);
});

it('leaves single targets out where there are very many', async () => {
  const result = await evaluate(new Float32Array(1500), new Float32Array(1500), 1500);
  expect(result.perTarget).toBeNull();
  expect(result.r2).toBe(1);
});
