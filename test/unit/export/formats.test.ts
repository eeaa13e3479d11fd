import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../../src/checkpoints/open';
import { decodeSafetensors } from '../../../src/checkpoints/safetensors';
import { openFile } from '../../../src/checkpoints/source';
import { exportTicket, type ExportResult } from '../../../src/export/exportTicket';
import { exportFormats, type ExportFormat, type ExportPart } from '../../../src/export/ticket';
import { loadModel } from '../../../src/models/load';
import { fileWeights } from '../../../src/models/weights';
import { networkOf } from '../../../src/training/networkOf';
import { isPlan } from '../../../src/training/network';
import { sampleTarget, sampleTicket } from '../../support/sampleTicket';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-export-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const ticket = sampleTicket();
const names: Readonly<Record<ExportFormat, string>> = {
  safetensors: 'ticket.safetensors',
  npz: 'ticket.npz',
  tfjs: 'model.json',
  h5: 'ticket.h5',
  pt: 'ticket.pt',
};

function write(format: ExportFormat, part: ExportPart, more: object = {}): Promise<ExportResult> {
  return exportTicket({
    ticket,
    part,
    format,
    pairs: false,
    out: path.join(directory, names[format]),
    overwrite: false,
    signal: new AbortController().signal,
    onPhase: () => undefined,
    ...more,
  });
}

async function tensorsIn(file: string): Promise<Map<string, number[]>> {
  const checkpoint = await openCheckpoint(await openFile(path.join(directory, file)));
  try {
    const tensors = new Map<string, number[]>();
    for (const [i, { name, count }] of checkpoint.tensors.entries()) {
      tensors.set(name, [...(await checkpoint.values(i, 0, count))]);
    }
    return tensors;
  } finally {
    await checkpoint.close();
  }
}

describe('a ticket', { timeout: 60_000 }, () => {
  it.each(exportFormats)('is written as %s, read back and left alone in its folder', async format => {
    const { files, tensors } = await write(format, 'ticket');
    expect(files.map(file => path.basename(file)).sort()).toEqual(readdirSync(directory).sort());
    expect(files.at(-1)).toBe(path.join(directory, names[format]));
    expect(tensors).toBeGreaterThanOrEqual(2 * ticket.trained.length);
  });

  it('has start, mask and trained weights, and says where they come from', async () => {
    await write('safetensors', 'ticket');
    const { tensors, metadata } = decodeSafetensors(readFileSync(path.join(directory, names.safetensors)), 'file');
    for (const [i, { name, prunable }] of ticket.network.parameters.entries()) {
      expect(tensors.get(`trained/${name}`)!.data).toEqual(ticket.trained[i]);
      expect(tensors.get(`start/${name}`)!.data).toEqual(ticket.start[i]);
      expect(tensors.get(`mask/${name}`)?.data ?? null).toEqual(prunable ? ticket.masks[i] : null);
    }
    expect(Object.fromEntries(metadata)).toEqual(ticket.provenance);
  });

  it.each(['safetensors', 'npz'] as const)(
    'keeps the names of its parameters where one part goes to %s',
    async format => {
      await write(format, 'trained');
      const found = await tensorsIn(names[format]);
      for (const [i, { name }] of ticket.network.parameters.entries()) {
        expect(found.get(name)).toEqual([...ticket.trained[i]!]);
      }
    },
  );

  it('is a mask and nothing else where that is asked for, and no model', async () => {
    await write('npz', 'mask');
    expect([...(await tensorsIn(names.npz)).keys()]).toEqual([
      ...ticket.network.parameters.filter(({ prunable }) => prunable).map(({ name }) => name),
      'provenance',
    ]);
    await expect(write('tfjs', 'mask')).rejects.toThrow(/a mask is no model: export it as safetensors, npz or pt/);
    await expect(write('h5', 'mask')).rejects.toThrow(/a mask is no model/);
  });
});

describe.each(['tfjs', 'h5'] as const)('a model as %s', { timeout: 60_000 }, format => {
  it.each(['trained', 'start'] as const)('is trained on as it is: the same plan, with the %s weights', async part => {
    await write(format, part);
    const model = await loadModel(names[format], directory);
    const network = await networkOf(model, sampleTarget);
    const { parameters } = ticket.network;
    if (!isPlan(network) || !isPlan(ticket.network)) throw new Error('a plan is missing');
    expect(network.parameters.map(({ name, shape, role }) => [name, shape, role])).toEqual(
      ticket.network.parameters.map(({ name, shape, role }) => [name, shape, role]),
    );
    expect(network.ops.map(({ kind }) => kind)).toEqual(ticket.network.ops.map(({ kind }) => kind));
    expect(network.activations).toEqual(ticket.network.activations);
    expect(fileWeights(network, model)).toEqual(ticket[part]);
    expect(parameters).toHaveLength(ticket[part].length);
  });
});

describe('a state_dict', () => {
  it('has the names and axes of PyTorch', async () => {
    await write('pt', 'trained');
    const found = await tensorsIn(names.pt);
    expect([...found.keys()]).toEqual([
      ...['stem.weight', 'stem.bias', 'norm.weight', 'norm.bias', 'norm.running_mean', 'norm.running_var'],
      ...['deep.weight', 'deep.bias', 'hidden.weight', 'hidden.bias', 'output.weight', 'output.bias'],
    ]);
    const at = (name: string) => ticket.trained[ticket.network.parameters.findIndex(one => one.name === name)]!;
    // [height, width, in, out] → [out, in, height, width]: output 3, input 1, row 2, column 0
    expect(found.get('stem.weight')![((3 * 2 + 1) * 3 + 2) * 3]).toBe(at('stem/kernel')[((2 * 3 + 0) * 2 + 1) * 4 + 3]);
    // [in, out] → [out, in]; the pool gives 2 × 1 pixels of 4 channels: channel 2 of row 1
    expect(found.get('hidden.weight')![4 * 8 + (2 * 2 + 1)]).toBe(at('hidden/kernel')[(1 * 4 + 2) * 5 + 4]);
  });

  it('is pairs of torch.nn.utils.prune where that is asked for, which come to the same', async () => {
    await write('pt', 'trained');
    const permanent = await tensorsIn(names.pt);
    await write('pt', 'trained', { pairs: true, overwrite: true });
    expect(await tensorsIn(names.pt)).toEqual(permanent);
    expect(readFileSync(path.join(directory, names.pt)).includes('stem.weight_orig')).toBe(true);
  });
});

describe('a file that is there', () => {
  it('stays as it is unless it may be replaced, and nothing is left beside it', async () => {
    const file = path.join(directory, names.npz);
    writeFileSync(file, 'mine');
    await expect(write('npz', 'ticket')).rejects.toThrow(/ticket\.npz.*a file is there already.*--overwrite/);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    await write('npz', 'ticket', { overwrite: true });
    expect(readdirSync(directory)).toEqual([names.npz]);
  });

  it('may be the weights of another model: no file of several is replaced unasked', async () => {
    writeFileSync(path.join(directory, 'model.weights.bin'), 'mine');
    await expect(write('tfjs', 'trained')).rejects.toThrow(/model\.weights\.bin.*already/);
    expect(readdirSync(directory)).toEqual(['model.weights.bin']);
  });
});

it('is not written where the folder is missing', async () => {
  await expect(write('npz', 'ticket', { out: path.join(directory, 'no/ticket.npz') })).rejects.toThrow(
    /there is no such folder/,
  );
});
