/** Thread 0: lays sessions out in memory, hands commands to the other threads, and does its own share of them. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { DataError } from '../../data/dataset';
import { StoredReader } from '../../data/stored';
import { batchAt, fillOrder } from '../schedule';
import type { SessionState, SplitName, TrainingSetup } from '../trainer';
import { pairExamples } from './forward';
import type { Kernels } from './kernels';
import { control, type DataLayout } from './memory';
import { compile, type Compiled, type Program, type Sharing } from './program';
import { commands, type FromWorker, splitNumbers } from './protocol';
import { hasFailed, stopStream } from './stream';
import { TrainingThread } from './thread';
import type { WasmMemory } from './webassembly';

/** A chunk of steps between two looks at the stop port: short enough to stop at once, long enough to cost nothing. */
const chunkSeconds = 0.02;
const progressSeconds = 0.1;

export class Leader {
  private compiled: Compiled | null = null;
  private thread: TrainingThread | null = null;
  private step = 0;
  private epoch = -1;
  private chunk = 8;
  /** Pairs of panels whose outputs are computed between two messages: as with steps, no more than a moment's work. */
  private pairs = 1;

  constructor(
    private readonly kernels: Kernels,
    private readonly memory: WasmMemory,
    private readonly data: DataLayout,
    private readonly sharing: Sharing,
    private readonly stop: MessagePort,
    private readonly post: (message: FromWorker) => void,
  ) {}

  /** @throws MemoryLimitError */
  open(setup: TrainingSetup): Program {
    // a word to stop that came when the session before had just finished is not meant for this one
    while (receiveMessageOnPort(this.stop));
    this.compiled = compile(setup, this.data, this.memory, this.sharing);
    const { program } = this.compiled;
    this.thread = new TrainingThread(this.kernels, this.memory, program, this.data, 0);
    this.step = setup.fromStep;
    this.epoch = -1;
    this.pairs = this.sharing.threads;
    return program;
  }

  /** @param sum of losses before @param most seconds after which it ends early */
  train(target: number, sum: number, most: number): FromWorker {
    const { thread, program } = this.session();
    const { count } = this.data.splits.training;
    const first = this.step;
    let loss = sum;
    let seconds = 0;
    let reported = performance.now();
    if (this.hasFailed()) return whyUnreadable(this.data);
    while (this.step < target && seconds < most) {
      if (receiveMessageOnPort(this.stop)) return { type: 'stopped' };
      const begin = performance.now();
      const batches = Math.ceil(count / program.batchSize);
      const { epoch } = batchAt(this.step, count, program.batchSize);
      if (epoch !== this.epoch) {
        fillOrder(new Uint32Array(this.memory.buffer, program.order, count), program.orderSeed, epoch);
        this.epoch = epoch;
      }
      const to = Math.min(target, this.step + this.chunk, (epoch + 1) * batches);
      this.command(commands.train, this.step, to);
      const result = thread.train(this.step, to, loss);
      if (result.isUnread) return whyUnreadable(this.data);
      if (result.failedAt >= 0) return { type: 'diverged', step: result.failedAt };
      const now = performance.now();
      const elapsed = (now - begin) / 1000;
      seconds += elapsed;
      loss = result.loss;
      this.chunk = Math.max(1, Math.min(10_000, Math.round(((to - this.step) * chunkSeconds) / elapsed)));
      this.step = to;
      if (now - reported > progressSeconds * 1000) {
        this.post({ type: 'progress', step: this.step });
        reported = now;
      }
    }
    return { type: 'trained', step: this.step, steps: this.step - first, sum: loss, seconds };
  }

  evaluate(split: SplitName): FromWorker {
    const { thread, program } = this.session();
    const begin = performance.now();
    this.command(commands.evaluate, splitNumbers.indexOf(split));
    thread.evaluate(split);
    if (this.hasFailed()) return whyUnreadable(this.data);
    const { count } = this.data.splits[split];
    const results = new Float64Array(this.memory.buffer, program.results, Math.ceil(count / 16) * 2);
    let loss = 0;
    let hits = 0;
    for (let i = 0; i < results.length; i += 2) {
      loss += results[i]!;
      hits += results[i + 1]!;
    }
    return { type: 'evaluated', loss: loss / count, hits, count, seconds: (performance.now() - begin) / 1000 };
  }

  predict(split: SplitName, first: number): FromWorker {
    const { thread, program } = this.session();
    const { count } = this.data.splits[split];
    const begin = performance.now();
    const from = first / pairExamples;
    const to = Math.min(Math.ceil(count / pairExamples), from + Math.min(this.pairs, program.outputPairs));
    this.command(commands.predict, splitNumbers.indexOf(split), from, to);
    thread.predict(split, from, to);
    if (this.hasFailed()) return whyUnreadable(this.data);
    const examples = Math.min(count, to * pairExamples) - first;
    const rows = new Float32Array(this.memory.buffer, program.outputRows, examples * program.outputs);
    const elapsed = (performance.now() - begin) / 1000;
    this.pairs = Math.max(this.sharing.threads, Math.min(10_000, Math.round(((to - from) * chunkSeconds) / elapsed)));
    return { type: 'predicted', outputs: rows.slice() };
  }

  weights(): Float32Array[] {
    return this.session().compiled.readWeights();
  }

  state(): SessionState {
    const { compiled, program } = this.session();
    return { updates: program.updatesBefore + this.step - program.fromStep, ...compiled.readState() };
  }

  close(): void {
    if (this.compiled) this.command(commands.close);
    const stream = this.compiled?.program.stream;
    if (stream) stopStream(this.memory, stream);
    this.thread?.close();
    this.compiled = null;
    this.thread = null;
  }

  /** Whether inputs could not be read, by whichever thread. */
  private hasFailed(): boolean {
    const { stream } = this.session().program;
    return stream !== null && hasFailed(this.memory, stream);
  }

  private session(): { compiled: Compiled; program: Program; thread: TrainingThread } {
    if (!this.compiled || !this.thread) throw new Error('no session is open');
    return { compiled: this.compiled, program: this.compiled.program, thread: this.thread };
  }

  private command(command: number, first = 0, second = 0, third = 0): void {
    if (this.sharing.threads === 1) return;
    const words = new Int32Array(this.memory.buffer, 0, control.end);
    words[control.command] = command;
    words[control.first] = first;
    words[control.second] = second;
    words[control.third] = third;
    Atomics.add(words, control.generation, 1);
    Atomics.notify(words, control.generation);
  }
}

/** A thread that obeys the leader: trains and evaluates its share until the session is closed. */
export function follow(
  kernels: Kernels,
  memory: WasmMemory,
  program: Program,
  data: DataLayout,
  thread: number,
  ready: () => void,
): void {
  memory.grow(0); // the leader may have grown it: only growing, be it by nothing, shows this thread its length
  const work = new TrainingThread(kernels, memory, program, data, thread);
  const words = new Int32Array(memory.buffer, 0, control.end);
  let generation = Atomics.load(words, control.generation);
  ready();
  for (;;) {
    for (let spins = 0; spins < 2000 && Atomics.load(words, control.generation) === generation; spins++);
    while (Atomics.load(words, control.generation) === generation) Atomics.wait(words, control.generation, generation);
    generation = Atomics.load(words, control.generation);
    const command = words[control.command];
    if (command === commands.close) break;
    const [first, second, third] = [words[control.first]!, words[control.second]!, words[control.third]!];
    if (command === commands.train) work.train(first, second, 0);
    else if (command === commands.predict) work.predict(splitNumbers[first]!, second, third);
    else work.evaluate(splitNumbers[first]!);
  }
  work.close();
}

/** Reads an example of each file again to learn what the matter is. */
function whyUnreadable({ splits }: DataLayout): FromWorker {
  for (const { stored, count } of Object.values(splits)) {
    if (!stored || count === 0) continue;
    const reader = new StoredReader(stored);
    try {
      reader.check();
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      return { type: 'unreadable', file: error.file, reason: error.message.slice(error.file.length + 2) };
    } finally {
      reader.close();
    }
  }
  const file = splits.training.stored!.parts[0]!.file;
  return { type: 'unreadable', file, reason: 'could not be read for a moment while the model trained; run again' };
}
