/**
 * Which executors this machine can use, how fast each trains two small networks, a dense and a convolutional one, and which
 * of them "auto" would take for these.
 */
import type { ExaminedExecutor, Examination, Measurement } from '../shared/examination';
import { formatRate } from '../shared/executorChoice';
import { formatBytes, formatMemory, formatShare } from '../shared/format';
import { parseExperiment } from '../shared/parse';
import { speedOver, type Workload } from './choose';
import { executorSources, probe, type ExecutorName, type ExecutorSource } from './executors';
import { findings } from './findings';
import { prepare } from './prepare';
import { measure, type TrialLimits, type TrialSubject } from './trial';
import { trialSubject, workloadOf } from './trialSubject';

interface Subject {
  readonly measuredOn: string;
  readonly trial: TrialSubject;
  readonly workload: readonly Workload[];
}

export interface ExamineOptions {
  /** Left out: all of this version. */
  readonly sources?: readonly ExecutorSource[];
  /** Before each executor. */
  readonly onExecutor?: (name: ExecutorName) => void;
  readonly signal?: AbortSignal;
}

const limits: TrialLimits = { measured: 0.5, patience: 12, slow: Infinity };
const steps = 5000;
/** Of the default experiment. */
const levels = 12;
const rate = 0.2;

/** @throws the reason of `signal` where that is aborted */
export async function examine(options: ExamineOptions = {}): Promise<Examination> {
  const { sources = executorSources, onExecutor, signal } = options;
  const subjects = [
    await subject('LeNet-300-100', 'builtin:lenet-300-100', 60),
    await subject('SimpleCNN', 'builtin:simple-cnn', 64),
  ];
  const executors: ExaminedExecutor[] = [];
  for (const source of sources) {
    onExecutor?.(source.name);
    executors.push(await examineOne(source, subjects, signal));
  }
  const compared = executors.filter(({ name }) => !sources.some(source => source.name === name && source.reference));
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    findings: await findings(),
    executors,
    auto: subjects.flatMap(one => {
      const executor = fastest(compared, one) ?? executors.find(({ usable }) => usable)?.name;
      return executor === undefined ? [] : [{ measuredOn: one.measuredOn, executor }];
    }),
  };
}

/** An experiment like any other, on digits that are drawn by code. */
async function subject(name: string, model: string, batchSize: number): Promise<Subject> {
  const experiment = {
    name,
    model,
    data: { format: 'digits', training: 640, test: 10 },
    training: { steps, batchSize, optimizer: { name: 'adam' } },
    pruning: { levels, rate },
  };
  const prepared = await prepare(parseExperiment(JSON.stringify(experiment), name), name);
  const nodes = prepared.planFor({ executor: { name: '', variant: '' } });
  return {
    measuredOn: `${name}, Adam, batch ${batchSize}`,
    trial: trialSubject(prepared, nodes),
    workload: workloadOf(prepared, nodes),
  };
}

async function examineOne(
  source: ExecutorSource,
  subjects: readonly Subject[],
  signal: AbortSignal | undefined,
): Promise<ExaminedExecutor> {
  const found = await probe(source);
  signal?.throwIfAborted();
  if (!found.usable) return found;
  const measurements: Measurement[] = [];
  // a single convolutional step of the reference takes longer than all the others together
  const trained = source.reference ? subjects.slice(0, 1) : subjects;
  for (const { measuredOn, trial } of trained) {
    const asked = source.reference ? { ...trial, masks: null } : trial;
    const result = await measure(found, () => asked, limits, signal);
    if (!result.measured) measurements.push({ measuredOn, reason: result.reason });
    else {
      const { dense, sparse, memory } = result;
      const masked = source.reference ? {} : { sparseStepsPerSecond: sparse };
      measurements.push({ measuredOn, stepsPerSecond: dense, ...masked, memory });
    }
  }
  const { name, device, variant, notes } = found;
  const [first] = measurements.filter(one => 'stepsPerSecond' in one);
  if (first) return { name, usable: true, device, variant, notes, stepsPerSecond: first.stepsPerSecond, measurements };
  const reasons = new Set(measurements.map(one => ('reason' in one ? one.reason : '')));
  return { name, usable: false, reason: `${device}: ${[...reasons].join('; ')}` };
}

function fastest(executors: readonly ExaminedExecutor[], { measuredOn, workload }: Subject): ExecutorName | undefined {
  const speeds = executors.flatMap(executor => {
    const one = executor.usable && executor.measurements.find(measurement => measurement.measuredOn === measuredOn);
    if (!one || 'reason' in one) return [];
    const { stepsPerSecond: dense, sparseStepsPerSecond: sparse = dense } = one;
    return [{ name: executor.name, mean: speedOver(workload, { dense, sparse }).mean }];
  });
  return speeds.sort((a, b) => b.mean - a.mean)[0]?.name;
}

export function describeExamination({ node, platform, findings: found, executors, auto }: Examination): string {
  const width = Math.max(...executors.map(({ name }) => name.length));
  const indent = ' '.repeat(width + 4);
  const lines = executors.flatMap(executor => {
    const name = executor.name.padEnd(width);
    if (!executor.usable) return [`✘ ${name}  ${executor.reason}`];
    return [
      `✔ ${name}  ${executor.device}`,
      ...executor.measurements.map(one => `${indent}${describeMeasurement(one)}`),
      ...executor.notes.map(note => `${indent}${note}`),
    ];
  });
  const taken = auto.map(({ measuredOn, executor }) => `auto takes ${executor} for ${measuredOn}`);
  return [`Node ${node}, ${platform}`, ...lines, ...taken, ...found, ''].join('\n');
}

function describeMeasurement(measurement: Measurement): string {
  const { measuredOn } = measurement;
  if ('reason' in measurement) return `${measuredOn}: ${measurement.reason}`;
  const { stepsPerSecond, sparseStepsPerSecond, memory } = measurement;
  const sparse =
    sparseStepsPerSecond === undefined
      ? ''
      : `, ${formatRate(sparseStepsPerSecond)} with ${formatShare((1 - rate) ** levels)} of the weights`;
  return (
    `${measuredOn}: ${formatRate(stepsPerSecond)} dense${sparse}; ` +
    `${formatBytes(memory.total)} planned (${formatMemory(memory)})`
  );
}
