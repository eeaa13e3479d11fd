/** What the levels of a sample report are worth, by formulas like those of LeNet-300-100 in the report. */
import type { Report } from '../../src/shared/report';
import type { LevelWorth, StorageBytes, Worth } from '../../src/shared/worth';

/** Weights that no form stores sparsely. */
const biases = 410;

export function sampleWorth(report: Pick<Report, 'series' | 'layers' | 'executor' | 'device' | 'experiment'>): Worth {
  const points = report.series.find(({ method }) => method === 'iterative')?.points ?? [];
  const levels = points.map(({ level, kept, total, runs }, at): LevelWorth => {
    const layers = report.layers.map(({ name, shape, total: all, kept: keptOf }) => ({
      name,
      bytes: bytesOf(all, keptOf[at]!, shape.at(-1)!),
      multiplyAdds: { dense: all, effective: keptOf[at]! },
    }));
    const density = kept / total;
    return {
      level,
      run: runs[0]!,
      bytes: sumOf(layers.map(({ bytes }) => bytes)),
      multiplyAdds: { dense: total, effective: kept },
      layers,
      seconds: {
        step: 0.0042 * (density < 0.4 ? 0.18 + 1.1 * density : 1),
        inference: 2.1e-5 * (density < 0.4 ? 0.22 + 1.2 * density : 1),
      },
    };
  });
  return {
    levels,
    executor: report.executor,
    device: report.device,
    batchSize: report.experiment.training.batchSize,
    statement:
      'Unstructured zeros do not speed up the dense kernels of GPUs: they multiply by zero as fast as by any number. Times are those of this executor.',
  };
}

function bytesOf(total: number, kept: number, outputs: number): StorageBytes {
  return {
    dense: 4 * total,
    gzip: Math.round(0.93 * 4 * kept + total / 11),
    coo: 12 * kept,
    csr: 8 * kept + 4 * (outputs + 1),
    bitmask: 4 * kept + Math.ceil(total / 8),
  };
}

function sumOf(layers: readonly StorageBytes[]): StorageBytes {
  const over = (form: keyof StorageBytes): number => layers.reduce((sum, bytes) => sum + bytes[form], 4 * biases);
  return { dense: over('dense'), gzip: over('gzip'), coo: over('coo'), csr: over('csr'), bitmask: over('bitmask') };
}
