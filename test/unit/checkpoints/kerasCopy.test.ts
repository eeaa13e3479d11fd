/** Pruned copies of Keras' files: the bytes of the weights that go, and no others. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { memorySource } from '../../../src/checkpoints/memorySource';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { openFile } from '../../../src/checkpoints/source';
import { pruneCopy, type PruneResult } from '../../../src/checkpoints/write/pruneCopy';
import { openZip } from '../../../src/checkpoints/zip';
import { everyKind, kerasArchive, kerasLegacy, kerasWeights } from '../../support/hdf5Files';

const directory = mkdtempSync(path.join(tmpdir(), 'winning-ticket-keras-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('a pruned copy', () => {
  function prune(name: string, bytes: Uint8Array, exclude: readonly string[] = []): Promise<PruneResult> {
    writeFileSync(path.join(directory, name), bytes);
    return pruneCopy({
      file: path.join(directory, name),
      out: path.join(directory, `pruned-${name}`),
      overwrite: true,
      rule: { method: 'magnitude', scope: 'layer', target: { sparsity: 0.75 }, policy: new Map() },
      exclude,
      countZeros: async (checkpoint, index) => {
        const values = await checkpoint.values(index, 0, checkpoint.tensors[index]!.count);
        return values.filter(value => value === 0).length;
      },
      onPhase: () => undefined,
      signal: new AbortController().signal,
    });
  }

  it.each<[string, Uint8Array]>([
    ['a.h5', kerasLegacy],
    ['a.weights.h5', kerasWeights],
    ['a.keras', kerasArchive(kerasWeights)],
  ])('of %s differs in the weights that went, and nowhere else', async (name, bytes) => {
    const { tensors } = await prune(name, bytes);
    const chosen = tensors.filter(tensor => tensor.chosen);
    expect(chosen.map(({ info, after }) => `${after!}/${info.count}`).sort()).toEqual(['14/18', '14/18', '18/24']);
    const copy = await openCheckpoint(await openFile(path.join(directory, `pruned-${name}`)));
    const original = await openCheckpoint(memorySource(name, bytes));
    for (const [index, { count, prunable }] of original.tensors.entries()) {
      const [before, after] = [await original.values(index, 0, count), await copy.values(index, 0, count)];
      if (prunable) expect(after.every((value, i) => value === 0 || value === before[i])).toBe(true);
      else expect(after).toEqual(before);
    }
    await copy.close();
    await original.close();
    const [before, after] = [Buffer.from(bytes), readFileSync(path.join(directory, `pruned-${name}`))];
    expect(after.length).toBe(before.length);
    const changed = before.filter((byte, i) => byte !== after[i]).length;
    const gone = chosen.reduce((sum, tensor) => sum + tensor.after! - tensor.before!, 0);
    expect(changed).toBeLessThanOrEqual(4 * gone + (name === 'a.keras' ? 8 : 0));
  });

  it('of an archive has the checksum of what it holds', async () => {
    await prune('b.keras', kerasArchive(kerasWeights));
    const bytes = readFileSync(path.join(directory, 'pruned-b.keras'));
    const zip = await openZip(memorySource('b.keras', bytes));
    const content = await zip.readAll('model.weights.h5', 2 ** 20);
    const place = await zip.raw('model.weights.h5');
    // 30 bytes and the name before the content: APPNOTE.TXT 4.3.7
    const header = place!.offset - 'model.weights.h5'.length - 30;
    expect(bytes.readUInt32LE(header + 14)).toBe(crc32(content));
  });

  it('of values in big-endian order is written, and refused of compressed ones, saying what to do', async () => {
    const unreadable = ['joined', 'lzf'];
    const { tensors } = await prune('c.h5', everyKind, [...unreadable, 'checked', 'compact', 'big16chunks']);
    expect(tensors.find(({ info }) => info.name === 'big32')).toMatchObject({ chosen: true, after: 5 });
    await expect(prune('d.h5', everyKind, unreadable)).rejects.toThrow(
      /d\.h5: tensor "\w+" cannot be pruned in a copy: its values are compressed.*Leave it out with --exclude/,
    );
    await expect(prune('e.keras', kerasArchive(kerasWeights, true))).rejects.toThrow(/cannot be pruned in a copy/);
  });
});
