/** The end of a step: clipped gradients are applied, averages move. Tensors are shared between threads by chunks. */
import type { Kernels } from './kernels';
import type { Instruction } from './ops/operation';
import { normChunk, type Program } from './program';
import type { StoredTensor } from './site';
import type { WasmMemory } from './webassembly';

interface Chunk {
  readonly tensor: StoredTensor;
  /** Floats. */
  readonly begin: number;
  readonly count: number;
  /** Number among all chunks. */
  readonly index: number;
}

function chunksOf(tensors: readonly StoredTensor[]): Chunk[] {
  const chunks: Chunk[] = [];
  for (const tensor of tensors) {
    for (let begin = 0; begin < tensor.count; begin += normChunk) {
      chunks.push({ tensor, begin, count: Math.min(normChunk, tensor.count - begin), index: chunks.length });
    }
  }
  return chunks;
}

/** All threads have met before; `meet` lets them meet. */
export function bindFinish(
  kernels: Kernels,
  memory: WasmMemory,
  program: Program,
  thread: number,
  meet: Instruction,
): Instruction[] {
  const { clipNorm, averageDecay } = program.regularization;
  const chunks = chunksOf(program.tensors);
  const own = chunks.filter(({ index }) => index % program.threads === thread);
  const work: Instruction[] = [];
  if (clipNorm !== null)
    work.push(meet, ...bindClipping(kernels, memory, program, thread, chunks, own, clipNorm, meet));
  if (averageDecay !== null) {
    work.push(meet, () => {
      for (const { tensor, begin, count } of own) {
        kernels.moveAverage(tensor.values + begin * 4, tensor.average + begin * 4, count, averageDecay);
      }
    });
  }
  return work;
}

/** This thread's part of an exchange of all weights with their averages. */
export function bindSwap(memory: WasmMemory, program: Program, thread: number): Instruction {
  const own = chunksOf(program.tensors).filter(
    ({ index, tensor }) => tensor.average !== 0 && index % program.threads === thread,
  );
  return () => {
    for (const { tensor, begin, count } of own) {
      const values = new Float32Array(memory.buffer, tensor.values + begin * 4, count);
      const average = new Float32Array(memory.buffer, tensor.average + begin * 4, count);
      const kept = values.slice();
      values.set(average);
      average.set(kept);
    }
  };
}

function bindClipping(
  kernels: Kernels,
  memory: WasmMemory,
  program: Program,
  thread: number,
  chunks: readonly Chunk[],
  own: readonly Chunk[],
  clipNorm: number,
  meet: Instruction,
): Instruction[] {
  const norms = new Float64Array(memory.buffer, program.norms, chunks.length);
  const { settings } = program.areas[thread]!;
  return [
    () => {
      for (const { tensor, begin, count, index } of own) {
        norms[index] = kernels.squaredNorm(tensor.gradient + begin * 4, count);
      }
    },
    meet,
    () => {
      const norm = Math.sqrt(norms.reduce((sum, square) => sum + square, 0));
      // as torch.nn.utils.clip_grad_norm_ does
      const factor = Math.min(1, clipNorm / (norm + 1e-6));
      for (const { tensor, begin, count } of own) {
        kernels.applyUpdate(tensor.block, Number(tensor.isBias), settings, begin * 4, count, factor);
      }
    },
  ];
}
