/** Entry of a worker thread that differentiates: one share after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { takeShare } from './derivatives';
import { Differentiation } from './differentiation';
import { Products } from './product';
import type { FromDerivativeWorker, ToDerivativeWorker, WorkerStart } from './threads';

const port = parentPort!;
const { plan, module } = workerData as WorkerStart;
const engine = new Differentiation(plan, new Products(module));

port.on('message', ({ id, share }: ToDerivativeWorker) => {
  let answer: FromDerivativeWorker;
  try {
    answer = { id, ok: true, sums: takeShare(engine, plan, share) };
  } catch (error) {
    answer = { id, ok: false, error: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(answer, answer.ok ? answer.sums.map(({ buffer }) => buffer as ArrayBuffer) : []);
});
