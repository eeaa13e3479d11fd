/** Entry of a worker thread of the wasm executor. */
import { parentPort, workerData } from 'node:worker_threads';
import { MemoryLimitError, type TrainingSetup } from '../trainer';
import { instantiateKernels } from './kernels';
import { follow, Leader } from './leader';
import { placeData } from './memory';
import type { FromWorker, ToWorker, WorkerStart } from './protocol';
import { readAhead } from './stream';
import { wasm } from './webassembly';

const start = workerData as WorkerStart;
const port = parentPort!;
const memory = start.shared?.memory ?? new wasm.Memory({ initial: 1, maximum: 65_536, shared: false });
const layout = start.shared?.layout ?? placeData(memory, start.data!);
const kernels = instantiateKernels(start.module, memory);
const post = (message: FromWorker): void => {
  port.postMessage(message);
};
const leader = start.stop && new Leader(kernels, memory, layout, start.sharing, start.stop, post);

function answer(message: ToWorker): FromWorker {
  if (message.type === 'follow') {
    const ready = (): void => {
      post({ type: 'following' });
    };
    if (start.thread < 0) readAhead(memory, message.program, layout, ready);
    else follow(kernels, memory, message.program, layout, start.thread, ready);
    return { type: 'closed' };
  }
  if (!leader) throw new Error(`a follower got "${message.type}"`);
  switch (message.type) {
    case 'open':
      return open(leader, message.setup);
    case 'train':
      return leader.train(message.step, message.sum, message.seconds ?? Infinity);
    case 'evaluate':
      return leader.evaluate(message.split);
    case 'predict':
      return leader.predict(message.split, message.first);
    case 'weights':
      return { type: 'weights', weights: leader.weights() };
    case 'state':
      return { type: 'state', state: leader.state() };
    case 'close':
      leader.close();
      return { type: 'closed' };
  }
}

function open(leads: Leader, setup: TrainingSetup): FromWorker {
  try {
    return { type: 'opened', program: leads.open(setup) };
  } catch (error) {
    if (!(error instanceof MemoryLimitError)) throw error;
    return { type: 'refused', plan: error.plan, limit: error.limit };
  }
}

port.on('message', (message: ToWorker) => {
  post(answer(message));
});
