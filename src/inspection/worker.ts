/** Entry of a worker thread of the inspector: statistics of one task after the other. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { fileIdentity } from '../checkpoints/source';
import type { WasmModule } from '../training/wasm/webassembly';
import { StatisticsKernel, type Fill } from './statisticsKernel';
import type { FileRange, FromStatisticsWorker, StatisticsTask, ToStatisticsWorker } from './statisticsTask';

const port = parentPort!;
const kernel = new StatisticsKernel(workerData as WasmModule);

port.on('message', ({ id, task }: ToStatisticsWorker) => {
  let answer: FromStatisticsWorker;
  try {
    answer = { id, ok: true, partial: run(task) };
  } catch (error) {
    answer = { id, ok: false, error: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(answer);
});

function run(task: StatisticsTask): ReturnType<StatisticsKernel['run']> {
  const { values } = task;
  if (values instanceof Uint8Array) {
    return kernel.run(task, (target, position) => {
      target.set(values.subarray(position, position + target.length));
    });
  }
  const descriptor = openSync(values.path, 'r');
  try {
    if (fileIdentity(values.path, fstatSync(descriptor)) !== values.identity) {
      throw new Error('it was changed since it was opened: open it again');
    }
    return kernel.run(task, readFrom(descriptor, values));
  } finally {
    closeSync(descriptor);
  }
}

function readFrom(descriptor: number, { offset }: FileRange): Fill {
  return (target, position) => {
    let done = 0;
    while (done < target.length) {
      const read = readSync(descriptor, target, done, target.length - done, offset + position + done);
      if (read === 0) throw new Error(`it ends at byte ${offset + position + done}, in the middle of a tensor`);
      done += read;
    }
  };
}
