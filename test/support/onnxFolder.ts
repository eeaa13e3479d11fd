/** A folder for the ONNX models that a test file writes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { logitsOf } from './modelLogits';
import { channelsLast, modelBytes, target, type ModelFixture } from './onnxNetworks';

export interface OnnxFolder {
  readonly folder: string;
  /** @returns the name of a new file in the folder */
  readonly write: (fixture: ModelFixture) => string;
  /** What the model makes of the image, in double precision. */
  readonly logits: (fixture: ModelFixture) => Promise<number[]>;
}

/** Gone once the tests of the file are done. */
export function onnxFolder(): OnnxFolder {
  const folder = mkdtempSync(path.join(tmpdir(), 'winning-ticket-onnx-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  let files = 0;
  const write = (fixture: ModelFixture): string => {
    const name = `model${files++}.onnx`;
    writeFileSync(path.join(folder, name), modelBytes(fixture));
    return name;
  };
  return { folder, write, logits: fixture => logitsOf(folder, write(fixture), channelsLast, target) };
}
