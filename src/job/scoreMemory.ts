/** Scores that were computed before: those asked for last are kept, as far as memory goes. */
import type { Scores } from '../lottery/scored';

const mostBytes = 256 * 2 ** 20;

export class ScoreMemory {
  private readonly kept = new Map<string, readonly Scores[]>();
  private bytes = 0;

  get(key: string): readonly Scores[] | undefined {
    const scores = this.kept.get(key);
    if (!scores) return undefined;
    this.kept.delete(key);
    this.kept.set(key, scores);
    return scores;
  }

  set(key: string, scores: readonly Scores[]): void {
    if (bytesOf(scores) > mostBytes || this.kept.has(key)) return;
    this.kept.set(key, scores);
    this.bytes += bytesOf(scores);
    for (const [oldest, some] of this.kept) {
      if (this.bytes <= mostBytes) return;
      this.kept.delete(oldest);
      this.bytes -= bytesOf(some);
    }
  }
}

function bytesOf(scores: readonly Scores[]): number {
  return scores.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
