import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeSafetensors } from '../../../src/checkpoints/safetensors';
import { runExperiment } from '../../../src/job/experiment';
import { loadTicket, placeOf, withHashes } from '../../../src/job/ticketSource';
import { parseExperiment } from '../../../src/shared/parse';
import type { Report } from '../../../src/shared/report';
import { fakeExecutor } from '../../support/fakeExecutor';

let directory: string;
let report: Report;
const experimentPath = (): string => path.join(directory, 'tiny.ticket.json');
const place = (): { store: string; name: string } => ({ store: path.join(directory, 'store'), name: 'tiny' });
const file = (...parts: string[]): string => path.join(directory, 'store', ...parts);

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-ticket-'));
  const text = JSON.stringify({
    name: 'tiny',
    model: 'builtin:mlp:4',
    data: { format: 'digits', training: 20, test: 10 },
    training: { steps: 10, batchSize: 5 },
    pruning: { levels: 2, rate: 0.5 },
    rewind: 3,
    compare: ['random-mask'],
    replicates: 2,
    worth: false,
    seed: 5,
  });
  writeFileSync(experimentPath(), text);
  report = await runExperiment({
    experimentPath: experimentPath(),
    parsed: parseExperiment(text, experimentPath()),
    storeDirectory: file(),
    emit: () => undefined,
    executors: [fakeExecutor()],
  });
});
afterAll(() => rmSync(directory, { recursive: true }));

const chosen = { method: 'random-mask', level: 2, replicate: 1 } as const;

describe('a ticket of the store', () => {
  it('is what the run has stored, whole', async () => {
    const { network, start, trained, masks } = await loadTicket(place(), chosen);
    const { key } = report.runs.find(run => run.method === 'random-mask' && run.level === 2 && run.replicate === 1)!;
    const stored = (name: string) => {
      const bytes = readFileSync(file('runs', key, `${name}.safetensors`));
      return decodeSafetensors(bytes, name).tensors;
    };
    network.parameters.forEach(({ name, prunable }, i) => {
      expect(start[i]).toEqual(stored('start').get(name)!.data);
      expect(trained[i]).toEqual(stored('final').get(name)!.data);
      expect(masks[i] ?? undefined).toEqual(stored('mask').get(name)?.data);
      expect(masks[i] !== null).toBe(prunable);
    });
  });

  it('says where it comes from, with the hash of each tensor', async () => {
    const ticket = withHashes(await loadTicket(place(), chosen), 'ticket');
    const { start, sha256, ...facts } = ticket.provenance;
    expect(facts).toMatchObject({
      experiment: 'tiny',
      method: 'random-mask',
      level: '2',
      replicate: '2',
      seed: '5',
      rewind_step: '3',
      steps: '3 to 10',
      prunable: String(784 * 4 + 4 * 10),
      kept: String((784 * 4 + 4 * 10) / 4),
      input_shape: '[28,28,1]',
    });
    // the run to the rewind step, of this replicate
    expect(start).toMatch(/^weights of run [0-9a-f]{32}$/);
    const bytes = new Uint8Array(ticket.masks[0]!);
    expect(JSON.parse(sha256!)).toHaveProperty(['mask/dense/kernel'], createHash('sha256').update(bytes).digest('hex'));
  });

  it('is found by the experiment file, the store, or the experiment in it', async () => {
    for (const operand of [experimentPath(), file(), file('experiments', 'tiny')]) {
      expect(await placeOf(operand, file())).toEqual(place());
    }
  });
});

describe('what is not there', () => {
  it.each([
    [{ ...chosen, level: 3 }, /no run random-mask, level 3, replicate 2: it has levels 1, 2 of random-mask/],
    [{ ...chosen, replicate: 2 }, /no run random-mask, level 2, replicate 3/],
    [{ ...chosen, method: 'snip' } as const, /it has runs of iterative, random-mask/],
  ])('is told with what is: %j', async (choice, words) => {
    await expect(loadTicket(place(), choice)).rejects.toThrow(words);
  });

  it('is an experiment of another name', async () => {
    await expect(loadTicket({ ...place(), name: 'other' }, chosen)).rejects.toThrow(/no results of "other"/);
    await expect(loadTicket({ ...place(), name: '../tiny' }, chosen)).rejects.toThrow(/not the name of an experiment/);
  });

  it('is a store', async () => {
    await expect(placeOf(directory, file())).rejects.toThrow(/is no store with experiments/);
  });
});

it('says what to do where the model of the store is damaged', async () => {
  const model = file('experiments', 'tiny', 'model.json');
  const text = readFileSync(model, 'utf8');
  try {
    writeFileSync(model, '{"topology": 3}');
    await expect(loadTicket(place(), chosen)).rejects.toThrow(
      /model\.json is no description of a model.*run the experiment again/,
    );
    rmSync(model);
    await expect(loadTicket(place(), chosen)).rejects.toThrow(/an earlier version wrote the experiment: run/);
    writeFileSync(model, text.replace(/"fingerprint":"./, '"fingerprint":"x'));
    await expect(loadTicket(place(), chosen)).rejects.toThrow(/belongs to another model/);
  } finally {
    writeFileSync(model, text);
  }
});
