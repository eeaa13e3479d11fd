/** Sums over the threads of a workgroup, as a tree: always in the same order. */
import { u32 } from './text';

/** Workgroup memory for `sumOver`. @param type f32, vec2f or vec4f */
export function sharedSums(type: string, threads: number): string {
  return `var<workgroup> sums: array<${type}, ${String(threads)}>;`;
}

/**
 * Statements that leave in sums[lane] of the first `width` threads the sum of `value` over all threads whose number is the
 * same modulo `width`. Both are powers of two. All threads of the workgroup must come here.
 */
export function sumOver(value: string, threads: number, width = 1): string {
  return `sums[lane] = ${value};
  for (var half = ${u32(threads / 2)}; half >= ${u32(width)}; half = half / 2u) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  workgroupBarrier();`;
}
