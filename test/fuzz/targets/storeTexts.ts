/** Files of the store that are only looked into: whatever is in them, nothing is thrown. */
import { reportMarkdown } from '../../../src/host/markdown';
import { parseLock, parseReport } from '../../../src/host/validate';
import { parsePath } from '../../../src/job/studies/pathFile';
import { positionsOnLine } from '../../../src/lottery/studies/barrier';
import { measuresOf, recallsOf } from '../../../src/shared/evaluation';
import { longestLogMessage, parseLog } from '../../../src/shared/logLine';
import { parseCurve } from '../../../src/shared/storedCurve';
import { parseEvaluation } from '../../../src/shared/storedEvaluation';
import { sampleEvaluations } from '../../support/sampleEvaluations';
import { sampleCurve, sampleKey, sampleReport } from '../../support/sampleReports';
import { demand, type Target } from '../target';
import { answer, textTarget } from '../values';

const report = sampleReport({ levels: 2, replicates: 1, done: 5 });
const curve = sampleCurve('iterative', 1, 0).slice(0, 3);
const run = sampleKey('iterative', 1, 0);
const evaluation = sampleEvaluations(report, [run])[run];

const points = 5;
const line = {
  version: 1,
  runs: ['a'.repeat(32), 'b'.repeat(32)],
  normalisationSteps: 3,
  points: positionsOnLine(points).map(alpha => ({ alpha, testError: 0.25 })),
  executor: 'wasm',
  device: 'd',
  seconds: 1,
} as const;

export const storeTextTargets: readonly Target[] = [
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
  textTarget('lock of another process', { pid: 1, host: 'h', startedAt: '2026-01-01T00:00:00.000Z' }, text => {
    const startedAt = parseLock(text)?.startedAt ?? null;
    demand(startedAt === null || Number.isFinite(startedAt), 'a time, or null');
    return startedAt === null ? 'refused' : 'valid';
  }),
  textTarget(`path-${points}.json`, line, text => {
    const read = parsePath(text, line.runs, points);
    if (read === null) return 'refused';
    demand(read.points.length === points && read.runs.join() === line.runs.join(), 'the whole line between these runs');
    return 'valid';
  }),
  textTarget('line of the log', { time: '2026-01-01T00:00:00.000Z', level: 'info', message: 'a', run }, text => {
    const lines = parseLog(`${text}\n{"time":`);
    demand(
      lines.every(({ message }) => message.length <= longestLogMessage),
      'messages in bounds',
    );
    return lines.length > 0 ? 'valid' : 'refused';
  }),
];
