import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportTicket } from '../../../src/export/exportTicket';
import type { ExportFormat, Ticket } from '../../../src/export/ticket';
import { loadModel } from '../../../src/models/load';
import { fileWeights, initialWeights } from '../../../src/models/weights';
import { networkOf } from '../../../src/training/networkOf';
import { dense, keras2, lstm } from '../training/tfjs/kerasModels';

const target = { inputShape: [6, 4], classes: 3, loss: 'cross-entropy' } as const;
const topology = keras2([6, 4], [lstm('lstm_1'), dense('scores', 3, 'softmax')]);
let directory: string;
let ticket: Ticket;

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-lstm-'));
  const network = await networkOf({ topology: () => topology }, target);
  const weights = initialWeights(network, 1);
  const masks = network.parameters.map(({ prunable, size }) => (prunable ? new Uint8Array(size).fill(1) : null));
  ticket = {
    network,
    topology,
    start: weights,
    trained: initialWeights(network, 2),
    masks,
    provenance: { version: '1' },
  };
});
afterAll(() => rmSync(directory, { recursive: true }));

const write = (format: ExportFormat, name: string) =>
  exportTicket({
    ticket,
    part: 'ticket',
    format,
    pairs: false,
    out: path.join(directory, name),
    overwrite: false,
    signal: new AbortController().signal,
    onPhase: () => undefined,
  });

describe('a ticket of a model that no plan covers', { timeout: 60_000 }, () => {
  it.each([
    ['safetensors', 'lstm.safetensors'],
    ['npz', 'lstm.npz'],
  ] as const)('is written as %s', async (format, name) => {
    expect((await write(format, name)).tensors).toBeGreaterThan(0);
  });

  it.each([
    ['tfjs', 'lstm.json'],
    ['h5', 'lstm.h5'],
  ] as const)('is a model as %s, which says that it gives logits', async (format, name) => {
    const { notes } = await write(format, name);
    expect(notes.join()).toMatch(/logits/);
    const model = await loadModel(name, directory);
    const network = await networkOf(model, target);
    expect(network.parameters).toEqual(ticket.network.parameters);
    expect(fileWeights(network, model)).toEqual(ticket.trained);
  });

  it('is no state_dict, since its layouts are not known: says what to take instead', async () => {
    await expect(write('pt', 'lstm.pt')).rejects.toThrow(/"lstm_1" \(LSTM\).*safetensors, npz, tfjs or h5/);
  });
});
