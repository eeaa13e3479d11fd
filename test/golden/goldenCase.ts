/** A golden case: what a peer's own code computed, with the inputs it was given. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { decodeSafetensors, type TensorData } from '../../src/checkpoints/safetensors';
import { Mask } from '../../src/lottery/mask';

const descriptionSchema = z.looseObject({
  name: z.string(),
  case_kind: z.string(),
  weights_file: z.string().optional(),
  architecture: z.unknown().optional(),
  hyperparameters: z.unknown().optional(),
  results: z.unknown().optional(),
  tolerance: z.unknown().optional(),
  tensors: z.record(z.string(), z.object({ dtype: z.string(), shape: z.array(z.number()) })),
});

export type Outcome = { readonly status: 'passed' } | { readonly status: 'pending'; readonly reason: string };

/**
 * Checks a case.
 * @returns 'pending' for a variant that is not implemented
 * @throws Error with the reason where the case fails
 */
export type Handler = (golden: GoldenCase) => Outcome | Promise<Outcome>;

export const passed: Outcome = { status: 'passed' };

/** What the peer computed, as against what it was given. */
const expectedTensor = /^(mask|score|final|final_raw|expected|removed)\./;

export class GoldenCase {
  readonly description: z.infer<typeof descriptionSchema>;
  private readonly tensors: ReadonlyMap<string, TensorData>;
  private readonly inputs: ReadonlyMap<string, TensorData>;
  private readonly used = new Set<string>();

  /** @returns null where the file describes no golden case */
  static read(directory: string, file: string): GoldenCase | null {
    const json: unknown = JSON.parse(readFileSync(path.join(directory, file), 'utf8'));
    if (typeof json !== 'object' || json === null || !('case_kind' in json)) return null;
    return new GoldenCase(directory, file, descriptionSchema.parse(json));
  }

  private constructor(directory: string, file: string, description: z.infer<typeof descriptionSchema>) {
    this.description = description;
    this.tensors = readTensors(directory, file.replace(/\.json$/, '.safetensors'));
    this.inputs = description.weights_file ? readTensors(directory, description.weights_file) : this.tensors;
    this.checkListing();
  }

  get kind(): string {
    return this.description.case_kind;
  }

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  /** Names of the tensors that start with the prefix, without it. */
  namesUnder(prefix: string): string[] {
    return [...this.tensors.keys()].filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length));
  }

  /** From the case's own file, or from the one that it shares its weights with. */
  floats(name: string): Float32Array {
    return this.ofType(name, 'F32').data as Float32Array;
  }

  bytes(name: string): Uint8Array {
    return this.ofType(name, 'U8').data as Uint8Array;
  }

  integers(name: string): Int32Array {
    return this.ofType(name, 'I32').data as Int32Array;
  }

  shape(name: string): readonly number[] {
    const tensor = this.tensors.get(name) ?? this.inputs.get(name);
    if (!tensor) throw new Error(`no tensor ${name}`);
    return tensor.shape;
  }

  /** @throws Error where the mask differs from the expected one in more than `allowed` places */
  expectMask(name: string, actual: Mask, allowed = 0): void {
    const expected = Mask.fromBytes(this.bytes(name));
    if (actual.size !== expected.size) throw new Error(`${name}: ${actual.size} weights instead of ${expected.size}`);
    let differing = 0;
    for (let i = 0; i < actual.size; i++) if (actual.has(i) !== expected.has(i)) differing++;
    if (differing > allowed) {
      throw new Error(`${name}: ${differing} bits differ (kept ${actual.kept}, expected ${expected.kept})`);
    }
  }

  /**
   * @param kept which values count; null: all
   * @throws Error where any value is further off than `tolerance`
   */
  expectValues(
    name: string,
    actual: Float32Array | Float64Array,
    tolerance: number,
    kept: Uint8Array | null = null,
  ): void {
    const expected = this.floats(name);
    if (actual.length !== expected.length) throw new Error(`${name}: ${actual.length} values, not ${expected.length}`);
    let worst = 0;
    for (let i = 0; i < actual.length; i++) {
      if (kept?.[i] === 0) continue;
      const error = Math.abs(actual[i]! - expected[i]!);
      worst = error <= worst ? worst : error; // NaN becomes the worst
    }
    if (!(worst <= tolerance)) throw new Error(`${name}: off by ${worst}, ${tolerance} is allowed`);
  }

  /** Expected tensors that nothing was compared with: a case that leaves some has not passed. */
  unchecked(): string[] {
    return [...this.tensors.keys()].filter(name => expectedTensor.test(name) && !this.used.has(name));
  }

  private ofType(name: string, dtype: TensorData['dtype']): TensorData {
    const tensor = this.tensors.get(name) ?? this.inputs.get(name);
    if (tensor?.dtype !== dtype) throw new Error(`no ${dtype} tensor ${name}`);
    this.used.add(name);
    return tensor;
  }

  /** The file holds exactly the tensors that its description lists. */
  private checkListing(): void {
    const listed = Object.entries(this.description.tensors);
    for (const [name, { dtype, shape }] of listed) {
      const tensor = this.tensors.get(name);
      if (!tensor) throw new Error(`tensor ${name} is listed but not in the file`);
      if (tensor.dtype !== dtype || tensor.shape.join() !== shape.join()) {
        throw new Error(`tensor ${name} is ${tensor.dtype} [${tensor.shape.join()}], not ${dtype} [${shape.join()}]`);
      }
    }
    if (listed.length !== this.tensors.size) throw new Error('the file holds tensors that are not listed');
  }
}

function readTensors(directory: string, file: string): ReadonlyMap<string, TensorData> {
  // a name from a description must not lead out of the folder
  const full = path.join(directory, path.basename(file));
  if (!existsSync(full)) throw new Error(`${full} is not there`);
  return decodeSafetensors(readFileSync(full), full).tensors;
}
