/** PyTorch checkpoints: real files where they are at hand, and pickles that want to run something. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../../src/checkpoints/checkpointError';
import { memorySource } from '../../../src/checkpoints/memorySource';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { openFile } from '../../../src/checkpoints/source';

const folder = path.resolve(import.meta.dirname, '../../../../shared/data');

interface RealFile {
  readonly file: string;
  readonly format: string;
  readonly prunable: number;
  readonly zeros: number;
  /** Tensors that are 0 throughout. */
  readonly empty: readonly string[];
}

const realFiles: readonly RealFile[] = [
  {
    file: 'checkpoints/distiller/checkpoint_trained_4D_regularized_5Lremoved.pth.tar',
    format: 'PyTorch (legacy pickle)',
    prunable: 270_896,
    zeros: 18_432,
    empty: [
      'layer1.0.conv1.weight',
      'layer1.0.conv2.weight',
      'layer1.1.conv1.weight',
      'layer1.1.conv2.weight',
      'layer2.2.conv2.weight',
    ],
  },
  {
    file: 'checkpoints/distiller/checkpoint_trained_dense.pth.tar',
    format: 'PyTorch (legacy pickle)',
    prunable: 270_896,
    zeros: 0,
    empty: [],
  },
  {
    file: 'checkpoints/resnet-cifar10/resnet20-12fca82f.th',
    format: 'PyTorch (legacy pickle)',
    prunable: 268_336,
    zeros: 0,
    empty: [],
  },
  { file: 'checkpoints/mnistweb/mnist.pt', format: 'PyTorch (zip)', prunable: 668_672, zeros: 0, empty: [] },
  { file: 'models/net.pt', format: 'PyTorch (zip)', prunable: 54_344, zeros: 38_041, empty: [] },
];

describe('PyTorch files', () => {
  // the files are no part of the project: where they are absent these cases do not run
  it.runIf(existsSync(folder)).each(realFiles)('$file', async ({ file, format, prunable, zeros, empty }) => {
    const checkpoint = await openCheckpoint(await openFile(path.join(folder, file)));
    const counts = { prunable: 0, zeros: 0, empty: [] as string[] };
    for (const [index, tensor] of checkpoint.tensors.entries()) {
      expect(tensor.error, tensor.name).toBeNull();
      if (!tensor.prunable) continue;
      const values = Array.from(await checkpoint.values(index, 0, tensor.count));
      const none = values.reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0);
      counts.prunable += tensor.count;
      counts.zeros += none;
      if (none === tensor.count) counts.empty.push(tensor.name);
    }
    await checkpoint.close();
    expect({ format: checkpoint.format, ...counts }).toEqual({ format, prunable, zeros, empty });
  });
});

/** PROTO 2, GLOBAL os.system, a string, TUPLE1, REDUCE, STOP: what `pickle.loads` would run. */
const runsCommand = Buffer.from('\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.', 'latin1');

describe('a pickle that wants to run something', () => {
  it('is opened without running it, or refused', async () => {
    const outcome = await openCheckpoint(memorySource('evil.pkl', runsCommand)).then(
      checkpoint => [...checkpoint.notes, ...checkpoint.tensors.map(({ name }) => name)].join(' '),
      (error: unknown) => {
        expect(error).toBeInstanceOf(CheckpointError);
        return (error as Error).message;
      },
    );
    expect(outcome).toContain('evil.pkl');
  });

  it('is refused wherever it is cut off', async () => {
    for (let length = 0; length < runsCommand.length; length++) {
      const source = memorySource('cut.pkl', runsCommand.subarray(0, length));
      await expect(openCheckpoint(source), `${String(length)} bytes`).rejects.toThrow(CheckpointError);
    }
  });
});
