/** Checksums of what the store holds: a file whose bytes have changed is found out before anything is made of them. */
import { createHash } from 'node:crypto';

/** In hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * The object with the SHA-256 of its JSON in `checksum`.
 * @returns what a file is to hold
 */
export function sealed(value: object): string {
  // what JSON leaves out or writes otherwise is so in the sum as well
  const plain = JSON.parse(JSON.stringify(value)) as object;
  return `${JSON.stringify({ ...plain, checksum: sha256(JSON.stringify(plain)) }, null, 2)}\n`;
}

/** `missing`: written by a version without checksums. `broken`: no JSON object, or not the one that was written. */
export type Seal = 'sound' | 'missing' | 'broken';

/** @returns the object without its checksum, null where it is none */
export function unsealed(text: string): { readonly seal: Seal; readonly value: object | null } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { seal: 'broken', value: null };
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return { seal: 'broken', value: null };
  if (!('checksum' in parsed)) return { seal: 'missing', value: parsed };
  const { checksum, ...value } = parsed;
  return { seal: checksum === sha256(JSON.stringify(value)) ? 'sound' : 'broken', value };
}
