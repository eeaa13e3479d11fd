import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/models/load';
import {
  expectedLogits,
  firstTestImage,
  largestDifference,
  logitsOf,
  mnistTarget,
  realModels,
} from '../../support/modelLogits';
import { manifestOf, weight } from '../../support/tfjsModels';

const folder = mkdtempSync(path.join(tmpdir(), 'winning-ticket-one-network-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe.skipIf(realModels === null)('one network of ../shared/data (skipped where it is absent)', () => {
  it('as a model.json of the same weights gives the logits that PyTorch computed', async () => {
    const { topology, weights } = await loadModel('net.keras', realModels!, mnistTarget);
    const { groups, shards } = manifestOf(
      [...weights!].map(([name, { shape, data }]) => weight(name, shape, [...data])),
      50_000,
    );
    const { keras_version, ...model_config } = topology(mnistTarget.inputShape, mnistTarget.classes);
    const json = { format: 'layers-model', modelTopology: { keras_version, model_config }, weightsManifest: groups };
    for (const [name, bytes] of Object.entries(shards)) writeFileSync(path.join(folder, name), bytes);
    writeFileSync(path.join(folder, 'model.json'), JSON.stringify(json));
    const logits = await logitsOf(folder, 'model.json', await firstTestImage(), mnistTarget);
    expect(largestDifference(logits, expectedLogits())).toBeLessThan(1e-4);
    const again = await loadModel('model.json', folder, mnistTarget);
    const whole = await loadModel('net.keras', realModels!, mnistTarget);
    expect(again.weightsFingerprint).toBe(whole.weightsFingerprint);
  });
});
