/**
 * `runs/<key>/resume.safetensors`: how far a run is that is not finished. Whoever opens a session with what it holds goes on
 * with the bits of training that was never interrupted. A file that is damaged, or belongs to another run, counts as none.
 *
 * Tensors: `weights/<name>`, and where training keeps them `first/`, `second/` and `raw/<name>` (see SessionState), all F32
 * in the shape of the parameter; `mask/<layer>` and with a penalty `spared/<layer>`, U8, of prunable layers. Metadata: `state`,
 * JSON, and `sha256` over all of it.
 */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { CheckpointError } from '../checkpoints/checkpointError';
import { decodeSafetensors, encodeSafetensors, type NamedTensor, type TensorData } from '../checkpoints/safetensors';
import type { PrunableLayer } from '../lottery/layers';
import { Mask } from '../lottery/mask';
import type { CurvePoint, MemoryUse } from '../shared/report';
import type { Network } from '../training/network';
import type { LossSum, SessionState, Weights } from '../training/trainer';
import type { Stage } from './course';
import { errorCode, makeDirectory, readBounded, writeWhole } from './files';

/** How far a run is. */
export interface ResumePoint {
  /** Steps done, counted from 0 of the schedule. */
  readonly step: number;
  readonly weights: Weights;
  readonly state: SessionState;
  readonly stage: Stage;
  readonly curve: readonly CurvePoint[];
  /** The first point of the curve in this stage. */
  readonly settled: number;
  /** Since the last point of the curve. */
  readonly losses: LossSum;
  readonly seconds: { readonly train: number; readonly evaluate: number; readonly total: number };
  /** ISO 8601. */
  readonly startedAt: string;
  /** Of its first stage. */
  readonly memory: MemoryUse;
}

const version = 1;
/** Header of the file: names, shapes and the curve. */
const headerBytes = 64 * 1024 * 1024;

const finite = z.number();
const count = z.int().min(0);
const score = finite.nullable();
const bytes = finite.min(0);
const stateSchema = z.strictObject({
  version: z.literal(version),
  key: z.string(),
  step: count,
  updates: count,
  curve: z.array(
    z.strictObject({
      step: count,
      trainLoss: score,
      validationLoss: score,
      validationAccuracy: score,
      testLoss: finite,
      testAccuracy: score,
    }),
  ),
  settled: count,
  stage: z.strictObject({ to: count, strength: score }),
  losses: z.strictObject({ sum: finite, steps: count }),
  seconds: z.strictObject({ train: finite.min(0), evaluate: finite.min(0), total: finite.min(0) }),
  startedAt: z.iso.datetime(),
  memory: z.strictObject({ data: bytes, parameters: bytes, activations: bytes, total: bytes }),
});

const kinds = ['weights', 'first', 'second', 'raw'] as const;

export class ResumeFile {
  readonly file: string;

  constructor(
    runDirectory: string,
    private readonly key: string,
    private readonly network: Network,
    private readonly layers: readonly PrunableLayer[],
  ) {
    this.file = path.join(runDirectory, 'resume.safetensors');
  }

  /**
   * @param steps of the run
   * @returns null where there is none that can be read and believed: the run then begins anew
   */
  async read(steps: { readonly from: number; readonly to: number }): Promise<ResumePoint | null> {
    const values = this.network.parameters.reduce((sum, { size }) => sum + size, 0);
    const most = headerBytes + values * (kinds.length * 4 + 2);
    try {
      const point = this.decode(await readBounded(this.file, most));
      return point && isWithin(point, steps) ? point : null;
    } catch (error) {
      const expected = error instanceof RangeError || error instanceof CheckpointError;
      if (expected || errorCode(error) !== undefined) return null;
      throw error;
    }
  }

  /** @throws StoreError */
  async write(point: ResumePoint): Promise<void> {
    const { step, curve, settled, losses, seconds, startedAt, memory, stage, state: session } = point;
    const { updates } = session;
    const { key } = this;
    const { to, masks, penalty } = stage;
    const ofStage = { to, strength: penalty?.strength ?? null };
    const state = JSON.stringify({
      ...{ version, key, step, updates, curve, settled, losses, seconds, startedAt, memory },
      stage: ofStage,
    });
    const { parameters } = this.network;
    const tensors = kinds.flatMap(kind => {
      const values = kind === 'weights' ? point.weights : session[kind];
      return parameters.flatMap(({ name, shape }, i): NamedTensor[] => {
        const data = values[i];
        return data ? [{ name: `${kind}/${name}`, shape, dtype: 'F32', data }] : [];
      });
    });
    this.layers.forEach(({ name, shape }, i) => {
      tensors.push({ name: `mask/${name}`, shape, dtype: 'U8', data: masks[i]!.toBytes() });
      if (penalty) tensors.push({ name: `spared/${name}`, shape, dtype: 'U8', data: penalty.spared[i]!.toBytes() });
    });
    await makeDirectory(path.dirname(this.file));
    await writeWhole(this.file, encodeSafetensors(tensors, { state, sha256: digest(state, tensors) }));
  }

  /** Of a run that is done: what cannot be removed is in nobody's way. */
  async remove(): Promise<void> {
    await rm(this.file, { force: true }).catch(() => undefined);
  }

  private decode(bytes: Uint8Array): ResumePoint | null {
    const { tensors, metadata } = decodeSafetensors(bytes, this.file);
    const text = metadata.get('state') ?? '';
    const named = [...tensors].map(([name, tensor]): NamedTensor => ({ ...tensor, name }));
    if (metadata.get('sha256') !== digest(text, named)) return null;
    const state = parseState(text);
    if (state?.key !== this.key) return null;
    const { updates, step, curve, settled, losses, seconds, startedAt, memory } = state;
    const { parameters } = this.network;
    const [weights, first, second, raw] = kinds.map(kind =>
      parameters.map(({ name, shape }) => floats(tensors.get(`${kind}/${name}`), shape)),
    ) as [(Float32Array | null)[], (Float32Array | null)[], (Float32Array | null)[], (Float32Array | null)[]];
    const { to, strength } = state.stage;
    const [masks, spared] = ['mask', 'spared'].map(kind =>
      this.layers.map(({ name, shape }) => mask(tensors.get(`${kind}/${name}`), shape)),
    ) as [(Mask | null)[], (Mask | null)[]];
    if (!isWhole(weights) || !isWhole(masks)) return null;
    if (strength !== null && !isWhole(spared)) return null;
    const stage: Stage = { to, masks, penalty: strength === null ? null : { spared: spared as Mask[], strength } };
    const session = { updates, first, second, raw };
    return { step, weights, state: session, stage, curve, settled, losses, seconds, startedAt, memory };
  }
}

/** A checksum tells of damage, not of who wrote it. */
function isWithin(
  { step, stage, curve, settled, losses }: ResumePoint,
  { from, to }: { from: number; to: number },
): boolean {
  const isAscending = curve.every((point, i) => point.step > (curve[i - 1]?.step ?? from) && point.step <= step);
  return (
    from < step && step <= stage.to && stage.to <= to && settled <= curve.length && losses.steps <= step && isAscending
  );
}

function isWhole<T>(parts: readonly (T | null)[]): parts is readonly T[] {
  return parts.every(part => part !== null);
}

function parseState(text: string): z.output<typeof stateSchema> | null {
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** In hexadecimal, whatever the order of the tensors. */
function digest(state: string, tensors: readonly NamedTensor[]): string {
  const hash = createHash('sha256').update(state);
  for (const { name, data } of [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    hash.update(`\n${JSON.stringify(name)}\n`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

function floats(tensor: TensorData | undefined, shape: readonly number[]): Float32Array | null {
  return tensor?.dtype === 'F32' && tensor.shape.join() === shape.join() ? tensor.data : null;
}

function mask(tensor: TensorData | undefined, shape: readonly number[]): Mask | null {
  return tensor?.dtype === 'U8' && tensor.shape.join() === shape.join() ? Mask.fromBytes(tensor.data) : null;
}
