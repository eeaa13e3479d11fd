/** What a bench reads from its environment; run.mjs says what each variable means. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';

export interface Settings {
  /** An interpreter that may have torch. */
  readonly python: string;
  readonly threads: number;
  /** Folder with the MNIST files; null where there is none. */
  readonly mnist: string | null;
  /** Folder with CIFAR-10's binary records; null where there is none. */
  readonly cifar: string | null;
  /** Steps of each level of LeNet. */
  readonly steps: number;
  /** How often both sides are timed in turn. */
  readonly rounds: number;
  /** Every how manieth level of a job is timed; 0: no job. */
  readonly levelStride: number;
  /** Steps of the training whose weights decide the densities of a job's levels. */
  readonly trainedSteps: number;
  /** Bytes of each file that is inspected. */
  readonly inspectBytes: number;
}

export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const count = (name: string, standard: number): number => Number(environment[name] ?? standard);
  const folder = (name: string): string | null => {
    const path = environment[name];
    return path !== undefined && existsSync(path) ? path : null;
  };
  return {
    python: environment['PYTHON'] ?? 'python3',
    threads: count('BENCH_THREADS', Math.min(16, availableParallelism())),
    mnist: folder('MNIST_DIR'),
    cifar: folder('CIFAR_DIR'),
    steps: count('BENCH_STEPS', 2000),
    rounds: count('BENCH_ROUNDS', 5),
    levelStride: count('BENCH_LEVEL_STRIDE', 2),
    trainedSteps: count('BENCH_TRAINED_STEPS', 100),
    inspectBytes: count('BENCH_INSPECT_MB', 2000) * 1e6,
  };
}
