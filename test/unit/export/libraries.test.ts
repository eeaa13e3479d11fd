/** What the formats' own libraries make of exported tickets. Those of Python are asked where PYTHON names an interpreter. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportTicket } from '../../../src/export/exportTicket';
import { kindsOf, nameIn, tensorsOf, type ExportPart } from '../../../src/export/ticket';
import { torchParameters } from '../../../src/export/torchLayout';
import { planOf } from '../../../src/training/network';
import { forward64 } from '../../support/float64Reference';
import { sampleTicket } from '../../support/sampleTicket';

const ticket = sampleTicket();
const plan = planOf(ticket.network);
const examples = 3;
const inputs = Float32Array.from({ length: examples * 8 * 6 * 2 }, (_, i) => Math.sin(i * 1.7));
const shape = [examples, 8, 6, 2];

let directory: string;
const file = (name: string): string => path.join(directory, name);
beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'wt-libraries-'));
  for (const [name, format, part, pairs] of [
    ['model.json', 'tfjs', 'trained', false],
    ['ticket.h5', 'h5', 'ticket', false],
    ['ticket.npz', 'npz', 'ticket', false],
    ['ticket.safetensors', 'safetensors', 'ticket', false],
    ['ticket.pt', 'pt', 'ticket', false],
    ['pairs.pt', 'pt', 'trained', true],
  ] as const) {
    const signal = new AbortController().signal;
    const out = file(name);
    await exportTicket({ ticket, part, format, pairs, out, overwrite: false, signal, onPhase: () => undefined });
  }
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true }));

/** Probabilities of each example. */
function expected(): number[] {
  const logits = Array.from(forward64(plan, ticket.trained, inputs));
  const probabilities: number[] = [];
  for (let i = 0; i < logits.length; i += 3) {
    const powers = logits.slice(i, i + 3).map(Math.exp);
    const sum = powers.reduce((total, one) => total + one);
    probabilities.push(...powers.map(one => one / sum));
  }
  return probabilities;
}

function expectClose(actual: readonly number[]): void {
  expect(actual).toHaveLength(examples * 3);
  expected().forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 5));
}

it('TensorFlow.js computes with the model what was trained', async () => {
  await tf.setBackend('cpu');
  const json = JSON.parse(readFileSync(file('model.json'), 'utf8')) as {
    modelTopology: object;
    weightsManifest: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[];
  };
  const [group] = json.weightsManifest;
  const weightData = Uint8Array.from(readFileSync(file(group!.paths[0]!))).buffer;
  const artefacts = { modelTopology: json.modelTopology, weightSpecs: group!.weights, weightData };
  const model = await loadLayersModel(tf.io.fromMemory(artefacts));
  expectClose([...((model.predict(tf.tensor(inputs, shape)) as tf.Tensor).dataSync() as Float32Array)]);
  model.dispose();
});

/** What each library says, or null where Python does not have it. */
interface Answers {
  readonly npz: Record<string, string>;
  readonly safetensors: Record<string, string> | null;
  readonly torch: { readonly [part: string]: Record<string, string> } | null;
  readonly pruned: Record<string, string> | null;
  readonly keras: number[] | null;
}

const script = `
import hashlib, importlib.util, json, sys
import numpy as np
folder = sys.argv[1]
has = lambda name: importlib.util.find_spec(name) is not None
digest = lambda array: hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
answers = dict(safetensors=None, torch=None, pruned=None, keras=None)
with np.load(folder + '/ticket.npz') as arrays:
    answers['npz'] = {name: digest(arrays[name]) for name in arrays.files}
if has('safetensors'):
    from safetensors.numpy import load_file
    answers['safetensors'] = {name: digest(array) for name, array in load_file(folder + '/ticket.safetensors').items()}
if has('torch'):
    import torch
    ticket = torch.load(folder + '/ticket.pt', weights_only=True)
    answers['torch'] = {part: {name: digest(value.numpy()) for name, value in ticket[part].items()} for part in ('state_dict', 'start', 'mask')}
    import torch.nn.utils.prune as prune
    layer = prune.identity(torch.nn.Linear(4 * 2, 5), 'weight')
    pairs = torch.load(folder + '/pairs.pt', weights_only=True)
    layer.load_state_dict({name.removeprefix('hidden.'): value for name, value in pairs.items() if name.startswith('hidden.')})
    layer(torch.zeros(1, 8))
    answers['pruned'] = {'hidden.weight': digest(layer.weight.detach().numpy())}
if has('keras') and (has('torch') or has('tensorflow') or has('jax')):
    import os
    if not has('tensorflow'): os.environ['KERAS_BACKEND'] = 'torch' if has('torch') else 'jax'
    import keras
    x = np.array(json.load(open(folder + '/inputs.json')), 'f4')
    answers['keras'] = np.array(keras.models.load_model(folder + '/ticket.h5').predict(x, verbose=0)).ravel().tolist()
print(json.dumps(answers))
`;

const python = process.env['PYTHON'];
if (python === undefined)
  console.info('exports are not read by NumPy, PyTorch, Keras, safetensors: PYTHON names no interpreter');

describe.skipIf(python === undefined)('libraries of Python', () => {
  let answers: Answers;
  beforeAll(() => {
    writeFileSync(file('inputs.json'), JSON.stringify(tf.tensor(inputs, shape).arraySync()));
    const printed = execFileSync(python!, ['-c', script, directory], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    answers = JSON.parse(printed.trim().split('\n').at(-1)!) as Answers;
  }, 120_000);

  const digest = (data: Float32Array | Uint8Array): string =>
    createHash('sha256')
      .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      .digest('hex');
  const digests = (part: ExportPart): Record<string, string> =>
    Object.fromEntries(tensorsOf(ticket, kindsOf[part]).map(one => [nameIn(part, one), digest(one.data)]));

  it('NumPy finds every array as it was', () => {
    expect(answers.npz).toMatchObject(digests('ticket'));
  });

  it('safetensors finds every tensor as it was', context => {
    if (answers.safetensors === null) return context.skip('PYTHON has no safetensors');
    expect(answers.safetensors).toEqual(digests('ticket'));
  });

  it('PyTorch loads the dictionary by weights_only, each tensor under its name and in its layout', context => {
    if (answers.torch === null) return context.skip('PYTHON has no torch');
    const arranged = (values: readonly (Float32Array | Uint8Array | null)[]): Record<string, string> =>
      Object.fromEntries(
        torchParameters(plan).flatMap(({ name, arrange }, i) =>
          values[i] ? [[name, digest(arrange(values[i]))]] : [],
        ),
      );
    expect(answers.torch).toEqual({
      state_dict: arranged(ticket.trained),
      start: arranged(ticket.start),
      mask: arranged(ticket.masks),
    });
  });

  it('torch.nn.utils.prune makes the masked weight of the pair', context => {
    if (answers.pruned === null) return context.skip('PYTHON has no torch');
    const index = plan.parameters.findIndex(({ name }) => name === 'hidden/kernel');
    expect(answers.pruned).toEqual({
      'hidden.weight': digest(torchParameters(plan)[index]!.arrange(ticket.trained[index]!)),
    });
  });

  it('Keras computes with the model what was trained', context => {
    if (answers.keras === null) return context.skip('PYTHON has no Keras');
    expectClose(answers.keras);
  });
});
