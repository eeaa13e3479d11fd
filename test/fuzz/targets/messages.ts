/** What the extension's host takes from a child process, a webview or a file of the store. */
import { deserialize, serialize } from 'node:v8';
import { checkDescriberMessage } from '../../../src/host/describeCheck';
import { parseEvaluation } from '../../../src/shared/storedEvaluation';
import { reportMarkdown } from '../../../src/host/markdown';
import { maskRefusal } from '../../../src/host/maskReader';
import {
  checkJobMessage,
  checkPanelMessage,
  checkSidebarMessage,
  parseLock,
  parseReport,
  type Checked,
} from '../../../src/host/validate';
import { parseCurve } from '../../../src/shared/storedCurve';
import { maskLimits } from '../../../src/shared/mask';
import { measuresOf, recallsOf } from '../../../src/shared/evaluation';
import type { JobToHost, PanelToHost } from '../../../src/shared/messages';
import { samplePreviews } from '../../support/sampleData';
import { sampleEvaluations } from '../../support/sampleEvaluations';
import { sampleCurve, sampleKey, sampleProgress, sampleReport } from '../../support/sampleReports';
import { damageJson, damageValue } from '../json';
import { demand, pick, type Outcome, type Target } from '../target';

const report = sampleReport({ levels: 2, replicates: 1, done: 5 });
const curve = sampleCurve('iterative', 1, 0).slice(0, 3);
const run = sampleKey('iterative', 1, 0);
const evaluation = sampleEvaluations(report, [run])[run];

const jobMessages: readonly JobToHost[] = [
  { type: 'progress', progress: sampleProgress(report) },
  { type: 'evaluation', run, point: curve[0]! },
  { type: 'report', report },
  { type: 'log', level: 'info', message: 'hello' },
  { type: 'finished', status: 'failed', error: { message: 'no', field: 'a', file: 'b' } },
];
const layer = report.layers[0]!.name;
const region = { output: 0, outputs: 300, input: 0, inputs: 700 };
const pageMessages: readonly PanelToHost[] = [
  { type: 'ready' },
  { type: 'curves', runs: [run] },
  { type: 'evaluations', runs: [run] },
  { type: 'mask', request: 1, run, layer, weights: 'final', region, block: null },
  { type: 'mask', request: 2, run, layer, weights: 'start', region, block: { outputs: 2, inputs: 4 } },
];

function answer<T>(checked: Checked<T>, use: (value: T) => void = () => undefined): Outcome {
  if (checked.ok) {
    use(checked.value);
    return 'valid';
  }
  demand(checked.problem.length > 0 && checked.problem.length < 10_000, 'a problem in words');
  return 'refused';
}

/** Messages travel as structured clones, which hold more than JSON does. */
function messageTarget(name: string, messages: readonly object[], check: (value: unknown) => Outcome): Target {
  return {
    name,
    sound: random => ({ message: serialize(pick(random, messages)) }),
    damaged(random) {
      const damaged = damageValue(pick(random, messages), random);
      const strange: readonly unknown[] = [
        undefined,
        NaN,
        1n,
        new Map([['type', 'log']]),
        new Uint8Array(4),
        new Date(0),
      ];
      if (random.nextBelow(5) > 0 || typeof damaged !== 'object' || damaged === null) {
        return { message: serialize(damaged) };
      }
      const field = pick(random, [...Object.keys(damaged), 'type']);
      return { message: serialize({ ...damaged, [field]: pick(random, [...strange, damaged]) }) };
    },
    read: files => Promise.resolve().then(() => check(deserialize(files['message']!))),
  };
}

/** Where a file is read to see what is in it, nothing is thrown, whatever that is. */
function textTarget(name: string, value: unknown, read: (text: string) => Outcome): Target {
  return {
    name,
    sound: () => ({ [name]: Buffer.from(JSON.stringify(value)) }),
    damaged: random => ({ [name]: damageJson(value, random) }),
    read: files => Promise.resolve().then(() => read(Buffer.from(files[name]!).toString())),
  };
}

const facts = { layers: '1 dense layer', weights: 8, prunable: 6, multiplyAdds: 6 };
const descriptions = [
  { type: 'builtins', id: 1, models: [{ name: 'builtin:mlp:3', ok: true, ...facts }] },
  { type: 'data', id: 2, data: samplePreviews.images.data },
  { type: 'data', id: 3, data: samplePreviews.table.data },
  { type: 'failed', id: 4, message: 'a.csv: is empty' },
];

export const hostTargets: readonly Target[] = [
  messageTarget('message of the job', jobMessages, value => answer(checkJobMessage(value))),
  messageTarget('message of the panel', pageMessages, value =>
    answer(checkPanelMessage(value), message => {
      if (message.type !== 'mask' || maskRefusal(report, message) !== null) return;
      const { region: asked, block } = message;
      const weights = asked.outputs * asked.inputs;
      demand(weights <= (block ? maskLimits.blockWeights : maskLimits.weights), 'no more than memory is for');
    }),
  ),
  messageTarget('message of the side panel', [{ type: 'ready' }, { type: 'open' }], value =>
    answer(checkSidebarMessage(value)),
  ),
  textTarget('report.json', report, text => answer(parseReport(text), use => reportMarkdown(use))),
  textTarget('curve.jsonl', curve[0], text => {
    const points = parseCurve(`${text}\n${JSON.stringify(curve[1])}\n`);
    demand(points.length > 0, 'the points of lines that are whole');
    return points.length > 1 ? 'valid' : 'refused';
  }),
  textTarget('evaluation.json', evaluation, text => {
    const read = parseEvaluation(text);
    if (read === null) return 'refused';
    const measures = Object.values(measuresOf(read));
    demand(measures.every(Number.isFinite), 'measures that are numbers');
    if (read.task === 'classification') {
      demand(
        recallsOf(read).every(recall => recall === null || (recall >= 0 && recall <= 1)),
        'recalls from 0 to 1',
      );
    }
    return 'valid';
  }),
  textTarget('lock', { pid: 1, host: 'h', startedAt: '2026-01-01T00:00:00.000Z' }, text => {
    const startedAt = parseLock(text);
    demand(startedAt === null || Number.isFinite(startedAt), 'a time, or null');
    return startedAt === null ? 'refused' : 'valid';
  }),
  messageTarget('message of the describing child', descriptions, value => answer(checkDescriberMessage(value))),
];
