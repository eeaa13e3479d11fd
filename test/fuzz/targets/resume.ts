/** `resume.safetensors`: damaged as bytes, or forged, so that its checksum fits whatever it says. */
import { readFile, writeFile } from 'node:fs/promises';
import { ResumeFile, type ResumePoint } from '../../../src/job/resumeFile';
import { prunableLayers } from '../../../src/lottery/layers';
import { Mask } from '../../../src/lottery/mask';
import { initialWeights } from '../../../src/models/weights';
import { Random } from '../../../src/shared/random';
import { lowerModel } from '../../../src/training/plan/lower';
import { sampleCurve } from '../../support/sampleReports';
import { sampleTarget, sampleTopology } from '../../support/sampleTicket';
import { damageValue } from '../json';
import { demand, type Target } from '../target';
import { damageCheckpoint } from './safetensors';

const network = lowerModel({ topology: sampleTopology }, sampleTarget);
const layers = prunableLayers(network.parameters, 'output');
const weights = initialWeights(network, 1);
const masks = layers.map(({ shape }) => Mask.ones(shape.reduce((product, size) => product * size, 1)));
const point: ResumePoint = {
  step: 9000,
  curve: sampleCurve('iterative', 1, 0).slice(1, 4),
  settled: 0,
  losses: { sum: 1.5, steps: 10 },
  seconds: { train: 1, evaluate: 1, total: 2 },
  startedAt: '2026-01-01T00:00:00.000Z',
  memory: { data: 1, parameters: 2, activations: 3, total: 6 },
  weights,
  state: { updates: 9000, first: weights, second: weights, raw: weights.map(() => null) },
  stage: { to: 10_000, masks, penalty: { spared: masks, strength: 0.5 } },
};
const { step, curve, settled, losses, seconds, startedAt, memory } = point;
const told = { step, curve, settled, losses, seconds, startedAt, memory };

/** Of the run. */
const steps = { from: 0, to: 10_000 };

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

export const resumeTarget: Target = {
  name: 'resume.safetensors',
  sound: () => ({ told: json(told) }),
  damaged: random =>
    random.nextBelow(2) === 0
      ? { told: json(told), damage: json(random.nextUint32()) }
      : { told: json(damageValue(told, random)) },
  async read(files, directory) {
    const file = new ResumeFile(directory, 'a'.repeat(32), network, layers);
    const forged = JSON.parse(Buffer.from(files['told']!).toString()) as object | null;
    await file.write({ ...point, ...forged });
    if (files['damage']) {
      const random = new Random(Number(Buffer.from(files['damage']).toString()));
      await writeFile(file.file, damageCheckpoint(await readFile(file.file), random));
    }
    const read = await file.read(steps);
    if (read === null) return 'refused';
    demand(Number.isSafeInteger(read.step) && read.step >= 0 && read.step <= steps.to, 'a step of the run');
    demand(
      read.weights.every((values, i) => values.length === network.parameters[i]!.size),
      'weights of the network',
    );
    demand(
      read.stage.masks.every((mask, i) => mask.size === masks[i]!.size),
      'masks of the layers',
    );
    return 'valid';
  },
};
