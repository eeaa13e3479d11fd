/** What comes to the extension's host from a child process or a webview. */
import { checkDescriberMessage } from '../../../src/host/describeCheck';
import { checkInspectorMessage, checkInspectorView } from '../../../src/host/inspector/check';
import { maskRefusal } from '../../../src/host/maskReader';
import { savedBytes } from '../../../src/host/savedFile';
import {
  checkComparisonMessage,
  checkJobMessage,
  checkPanelMessage,
  checkPreviewMessage,
  checkSidebarMessage,
  isExperimentName,
  mostCompared,
} from '../../../src/host/validate';
import { inspectorLimits, type InspectorToHost } from '../../../src/shared/inspectorMessages';
import { inspectorActions, mostVisible, type InspectorViewToHost } from '../../../src/shared/inspectorView';
import { maskLimits } from '../../../src/shared/mask';
import type { ComparisonToHost, JobToHost, PanelToHost, SavedFile } from '../../../src/shared/messages';
import { previewAnswers } from '../../../src/shared/previewMessages';
import { samplePreviews } from '../../support/sampleData';
import {
  comparisonOf,
  detailsOf,
  maskTileOf,
  matrixOf,
  pairsOf,
  residualNetwork,
  statisticsOf,
  tileOf,
} from '../../support/sampleInspection';
import { sampleCurve, sampleKey, sampleProgress, sampleReport } from '../../support/sampleReports';
import { demand } from '../target';
import { answer, messageTarget, type MessageTarget } from '../values';

const report = sampleReport({ levels: 2, replicates: 1, done: 5 });
const run = sampleKey('iterative', 1, 0);

const jobMessages: readonly JobToHost[] = [
  { type: 'progress', progress: sampleProgress(report) },
  { type: 'evaluation', run, point: sampleCurve('iterative', 1, 0)[0]! },
  { type: 'report', report },
  { type: 'log', level: 'info', message: 'hello' },
  { type: 'finished', status: 'paused' },
  { type: 'finished', status: 'failed', error: { message: 'no', field: 'a', file: 'b' } },
];

const layer = report.layers[0]!.name;
const region = { output: 0, outputs: 300, input: 0, inputs: 700 };
const pictures: readonly SavedFile[] = [
  { name: 'accuracy by sparsity', kind: 'svg', content: '<svg xmlns="http://www.w3.org/2000/svg"></svg>' },
  { name: 'a', kind: 'png', content: 'iVBORw0KGgoAAAANSUhEUg==' },
  { name: 'table_1.b', kind: 'csv', content: 'a,b' },
];
const panelMessages: readonly PanelToHost[] = [
  { type: 'curves', runs: [run] },
  { type: 'evaluations', runs: [run] },
  { type: 'mask', request: 1, run, layer, weights: 'final', region, block: null },
  { type: 'mask', request: 2, run, layer, weights: 'start', region, block: { outputs: 2, inputs: 4 } },
  ...pictures.map(file => ({ type: 'save', file }) as const),
  ...(
    [
      'ready',
      'run',
      'cancel',
      'pause',
      'resume',
      'prioritise',
      'addControls',
      'openExperiment',
      'openReport',
      'copyTable',
      'showLog',
      'savePage',
      'exportTicket',
    ] as const
  ).map(type => ({ type })),
];
const comparisonMessages: readonly ComparisonToHost[] = [
  { type: 'ready' },
  { type: 'open', index: 1 },
  ...pictures.map(file => ({ type: 'save', file }) as const),
];

/** A page names the file: it may lead nowhere but into the folder that a person chooses. */
function demandPlainFile(file: SavedFile): void {
  demand(/^[A-Za-z0-9 ._-]{1,100}$/.test(file.name) && !/^\.|[ .]$/.test(file.name), 'a plain file name');
  demand(savedBytes(file).length <= 64 * 2 ** 20, 'a file that is not beyond all bounds');
}

const tensors = residualNetwork();
const info = tensors[0]!;
const statistics = statisticsOf(info, 1);
const matrix = matrixOf(info);
const seen = { row: 0, column: 0, rows: 8, columns: 8 };
const cells = { rows: 4, columns: 4 };
const inspectorMessages: readonly InspectorToHost[] = [
  {
    type: 'opened',
    id: 1,
    summary: { file: 'a.pt', format: 'PyTorch', bytes: 9, tensors, metadata: [['a', 'b']], notes: ['c'] },
    tensorCount: tensors.length,
    identity: 'a',
  },
  { type: 'tensors', id: 1, first: 3, tensors: tensors.slice(0, 3) },
  { type: 'statistics', id: 2, tensor: 0, result: { ok: true, statistics } },
  { type: 'statistics', id: 2, tensor: 0, result: { ok: false, error: 'no' } },
  { type: 'tile', id: 3, tile: tileOf(matrix, seen, cells) },
  { type: 'tile', id: 3, tile: tileOf(matrix, seen, { rows: 8, columns: 8 }) },
  { type: 'details', id: 4, details: detailsOf(info, statistics) },
  {
    type: 'pairs',
    id: 5,
    pairs: [{ name: 'a', left: 0, right: 1 }],
    unpaired: [{ name: 'b', left: [1, 2], right: null }],
  },
  { type: 'comparison', id: 5, pair: 0, result: { ok: true, comparison: comparisonOf(pairsOf(tensors)[0]!, 1) } },
  { type: 'maskTile', id: 6, tile: maskTileOf(matrix, seen, cells) },
  { type: 'difference', id: 7, found: { position: 3, row: 1, column: 1 } },
  { type: 'done', id: 7 },
  { type: 'cancelled', id: 7 },
  { type: 'failed', id: 7, message: 'no' },
  { type: 'changed', file: 1, reason: 'removed' },
  { type: 'log', level: 'warn', message: 'hello' },
];
const viewMessages: readonly InspectorViewToHost[] = [
  { type: 'ready' },
  { type: 'visible', tensors: [0, 1, 2] },
  { type: 'tile', request: 1, tensor: 0, region: seen, cells },
  { type: 'details', request: 2, tensor: 0 },
  { type: 'maskTile', request: 3, pair: 0, region: seen, cells },
  { type: 'nextDifference', request: 4, pair: 0, from: 0 },
  { type: 'forget', request: 4 },
  { type: 'counted', prunable: 6, zeros: 3 },
  { type: 'copy', format: 'csv', text: 'a,b', rows: 1 },
  ...inspectorActions.map(action => ({ type: 'perform', action }) as const),
];

const facts = { layers: '1 dense layer', weights: 8, prunable: 6, multiplyAdds: 6 };
const descriptions = [
  { type: 'builtins', id: 1, models: [{ name: 'builtin:mlp:3', ok: true, ...facts }] },
  { type: 'data', id: 2, data: samplePreviews.images.data },
  { type: 'data', id: 3, data: samplePreviews.table.data },
  { type: 'failed', id: 4, message: 'a.csv: is empty' },
];

export const hostTargets: readonly MessageTarget[] = [
  messageTarget('message of the job', jobMessages, value =>
    answer(checkJobMessage(value), message => {
      if (message.type === 'report') demand(isExperimentName(message.report.experiment.name), 'the name of a folder');
    }),
  ),
  messageTarget('message of the panel', panelMessages, value =>
    answer(checkPanelMessage(value), message => {
      if (message.type === 'save') demandPlainFile(message.file);
      if (message.type === 'curves' || message.type === 'evaluations') {
        demand(
          message.runs.every(key => /^[0-9a-f]+$/.test(key)),
          'keys of which paths can be made',
        );
      }
      if (message.type !== 'mask' || maskRefusal(report, message) !== null) return;
      const { region: asked, block } = message;
      const weights = asked.outputs * asked.inputs;
      demand(weights <= (block ? maskLimits.blockWeights : maskLimits.weights), 'no more than memory is for');
    }),
  ),
  messageTarget('message of the comparison', comparisonMessages, value =>
    answer(checkComparisonMessage(value), message => {
      if (message.type === 'save') demandPlainFile(message.file);
      else if (message.type === 'open') demand(message.index <= mostCompared, 'one of those that are compared');
    }),
  ),
  messageTarget('message of the side panel', [{ type: 'ready' }, { type: 'open' }], value =>
    answer(checkSidebarMessage(value)),
  ),
  messageTarget(
    'message of the preview',
    [{ type: 'ready' }, ...previewAnswers.map(given => ({ type: 'answer', answer: given }))],
    value => answer(checkPreviewMessage(value)),
  ),
  messageTarget('message of the inspector’s page', viewMessages, value =>
    answer(checkInspectorView(value), message => {
      if (message.type === 'visible') demand(message.tensors.length <= mostVisible, 'no more than a screen has');
      if (message.type === 'tile' || message.type === 'maskTile') {
        const { rows, columns } = message.cells;
        demand(Math.max(rows, columns) <= inspectorLimits.cells, 'no more cells than memory is for');
      }
    }),
  ),
  messageTarget('message of the inspecting child', inspectorMessages, value =>
    answer(checkInspectorMessage(value), message => {
      if (message.type !== 'tile') return;
      const { rows, columns, cells: held } = message.tile;
      const values = held.kind === 'weights' ? held.values : held.mean;
      demand(values.length === rows * columns, 'as many cells as it says');
    }),
  ),
  messageTarget('message of the describing child', descriptions, value => answer(checkDescriberMessage(value))),
];
