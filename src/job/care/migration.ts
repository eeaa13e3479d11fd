/**
 * From version 1 of the store to version 2: records get the checksums of their files, which are looked through first: a sum
 * over a damaged file would make it believed. Cut off anywhere, the store is one of version 1, some of whose records have
 * theirs already.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { decodeSafetensors } from '../../checkpoints/safetensors';
import type { RunRecord } from '../../shared/run';
import { parseCurve } from '../../shared/storedCurve';
import { parseEvaluation } from '../../shared/storedEvaluation';
import { readBounded } from '../files';
import { filesOf, runFiles, type FileSum, type RunFile } from '../runRecord';
import type { MeasurementFile, RunStore } from '../store';
import { sha256, unsealed } from './checksum';

/** What Node reads at once. */
const mostBytes = 2 ** 32;
const measurements = /^(path-\d+|worth)\.json$/;

/**
 * For the one who holds the lock of the store.
 * @returns how many got theirs, and what is wrong with the others
 * @throws StoreError
 */
export async function addChecksums(store: RunStore): Promise<{ added: number; damaged: readonly string[] }> {
  let added = 0;
  const damaged: string[] = [];
  for (const key of await store.runKeys()) {
    try {
      if (await addTo(store, key)) added++;
    } catch (error) {
      // it stays without, and counts as damaged from then on
      if (!(error instanceof UnsoundError)) throw error;
      damaged.push(`run ${key}: ${error.message}`);
    }
  }
  return { added, damaged };
}

class UnsoundError extends Error {}

async function addTo(store: RunStore, key: string): Promise<boolean> {
  const run = await store.readStored(key).catch((error: unknown) => {
    throw new UnsoundError(error instanceof Error ? error.message : String(error));
  });
  if (!run || run.files) return false;
  const directory = store.runDirectory(key);
  const present = new Set(await readdir(directory));
  const required = filesOf(run.record);
  const sums: Partial<Record<RunFile, FileSum>> = {};
  for (const name of runFiles) {
    // an evaluation that the record knows nothing of was being written
    if (!required.includes(name) && (name === 'evaluation.json' || !present.has(name))) continue;
    const bytes = await readBounded(path.join(directory, name), mostBytes).catch((error: unknown) => {
      throw new UnsoundError(error instanceof Error ? error.message : String(error));
    });
    const flaw = flawOf(name, bytes, run.record);
    if (flaw !== null) throw new UnsoundError(`${name} ${flaw}`);
    sums[name] = { bytes: bytes.length, sha256: sha256(bytes) };
  }
  for (const name of present) {
    if (measurements.test(name)) await sealMeasurement(store, key, name as MeasurementFile);
  }
  await store.writeSums(run.record, sums);
  return true;
}

/** @returns what can be seen to be wrong without a checksum; null: nothing */
function flawOf(name: RunFile, bytes: Buffer, record: RunRecord): string | null {
  const text = (): string => bytes.toString('utf8');
  if (name === 'curve.jsonl') {
    const lines = text().split('\n').slice(0, -1);
    return parseCurve(text()).length === lines.length && text().endsWith(lines.length > 0 ? '\n' : '')
      ? null
      : 'is cut short, or has a line that is no point';
  }
  if (name === 'evaluation.json') return parseEvaluation(text()) ? null : 'is no evaluation';
  try {
    const { tensors } = decodeSafetensors(bytes, name);
    const wrong = record.layers.find(layer => tensors.get(layer.name)?.shape.join() !== layer.shape.join());
    return wrong ? `does not hold ${wrong.name} in its shape` : null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** One that is no JSON stays as it is, and is measured anew. */
async function sealMeasurement(store: RunStore, key: string, name: MeasurementFile): Promise<void> {
  const bytes = await readBounded(path.join(store.runDirectory(key), name), mostBytes);
  const { seal, value } = unsealed(bytes.toString('utf8'));
  if (seal === 'missing' && value) await store.writeMeasurement(key, name, value);
}
