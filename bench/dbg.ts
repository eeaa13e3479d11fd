import { loadModel } from '../src/models/load';
import { lowerModel } from '../src/training/plan/lower';
import { initialWeights } from '../src/models/weights';
import { createWasmExecutor } from '../src/training/wasm/executor';
import { noRegularization } from '../src/training/trainer';
async function main() {
  const [name, density, threads, steps] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4] ?? 2), Number(process.argv[5] ?? 5)];
  const shape = name === 'simple-cnn' ? [28, 28, 1] : [32, 32, 3]; const f = shape.reduce((a, b) => a * b, 1);
  const batch = name === 'simple-cnn' ? 64 : 128;
  const n = 256; const split = (c: number) => ({ count: c, inputs: Uint8Array.from({ length: c * f }, (_, i) => (i * 7919) % 255), labels: Uint8Array.from({ length: c }, (_, i) => i % 10) });
  const ex = await createWasmExecutor({ name: 'x', inputShape: shape, classes: 10, training: split(n), validation: split(0), test: split(64), mean: [0.5], std: [0.3], fingerprint: '' }, { threads });
  const model = await loadModel('builtin:' + name, '.');
  const plan = lowerModel(model, { inputShape: shape, classes: 10, loss: 'cross-entropy' });
  const masks = plan.parameters.map(p => p.prunable && density < 1 ? Uint8Array.from({ length: p.size }, () => (Math.random() < density ? 1 : 0)) : null);
  const t0 = performance.now();
  const s = await ex.open({ plan, weights: initialWeights(plan, 0), masks, optimizer: { name: 'sgd', learningRate: 0.01, momentum: 0.9, nesterov: false, weightDecay: 0 }, schedule: { name: 'constant', warmup: 0 }, batchSize: batch, orderSeed: 0, fromStep: 0, totalSteps: 100, regularization: noRegularization });
  console.log('open', (performance.now() - t0).toFixed(0), 'ms', JSON.stringify(s.memory));
  await s.train(1);
  let best = 1e9;
  for (let i = 1; i < steps; i++) { const r = await s.train(i + 1); best = Math.min(best, r.seconds); console.log('loss', r.loss?.toFixed(4), (r.seconds * 1000).toFixed(1)); }
  console.log(name, density, 'best ms', (best * 1000).toFixed(1));
  const c = process.cpuUsage(); const t1 = performance.now(); await s.train(steps + 2); const d = process.cpuUsage(c); console.log('cpu ms/step', (d.user / 2000).toFixed(1), 'wall', ((performance.now() - t1) / 2).toFixed(1));
  await s.close(); await ex.close();
}
void main();
