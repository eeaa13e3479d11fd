/** `winning-ticket shrink`: the physically smaller model that is left once dead channels are taken out. */
import { exportTicket } from '../../export/exportTicket';
import { formatBytes, formatCount, formatShare, plural } from '../../shared/format';
import { checkOutputs, type Agreement } from '../../shrink/check';
import type { Remains } from '../../shrink/dead';
import { shrink, type ShrunkLayer } from '../../shrink/shrink';
import { kernelUses } from '../../training/plan/kernelUses';
import type { Plan } from '../../training/plan/plan';
import { exitCodes, type ExitCode } from '../outcome';
import { modelToShrink, runToShrink, type ShrinkSource } from '../shrinkSource';
import { layOut, type Cell, type Column } from './columns';
import { print, toJson } from './output';
import type { ShrinkCommand } from './shrinkArguments';
import { printable, StatusLine, terminalOf, type Terminal } from './terminal';

/** The outputs are not those of the larger model: nothing is written. */
class DisagreementError extends Error {
  constructor({ largestDifference, largestOutput }: Agreement) {
    super(
      `the smaller model differs by ${largestDifference} in outputs of up to ${largestOutput}: nothing was written; please report this`,
    );
    this.name = 'DisagreementError';
  }
}

/** @throws StoreError, ExperimentError, PlanError, CheckpointError, DisagreementError; the signal's reason */
export async function runShrink(command: ShrinkCommand, signal: AbortSignal): Promise<ExitCode> {
  const { operand, store, run, part, format, out, overwrite, json } = command;
  const status = new StatusLine(process.stderr);
  try {
    status.show('reading the model');
    const source = run ? await runToShrink(operand, store, run, part) : await modelToShrink(operand);
    const { topology, plan, weights, provenance } = source;
    status.show('taking out dead channels');
    const target = { inputShape: plan.inputShape, classes: plan.activations.at(-1)!.size, loss: plan.loss };
    const smaller = shrink(topology, plan, weights, target);
    signal.throwIfAborted();
    status.show('comparing outputs');
    const agreement = await checkOutputs(source, smaller);
    if (!agreement.agrees) throw new DisagreementError(agreement);
    signal.throwIfAborted();
    const written = await exportTicket({
      ticket: {
        network: smaller.plan,
        topology: smaller.topology,
        start: smaller.weights,
        trained: smaller.weights,
        masks: smaller.plan.parameters.map(() => null),
        provenance,
      },
      part: 'trained',
      format,
      pairs: false,
      out,
      overwrite,
      signal,
      onPhase: () => {
        status.show('writing the smaller model');
      },
    });
    status.clear();
    const document: ShrinkDocument = {
      files: written.files,
      format,
      ...sizesOf(source, smaller.plan),
      layers: smaller.layers,
      remains: smaller.remains,
      agreement,
      notes: written.notes,
    };
    print(json ? toJson(document) : describe(document, terminalOf(process.stdout)));
    return exitCodes.done;
  } finally {
    status.clear();
  }
}

interface BeforeAfter {
  readonly before: number;
  readonly after: number;
}

export interface ShrinkDocument {
  readonly files: readonly string[];
  readonly format: string;
  /** All of them, biases and normalisation too. */
  readonly parameters: BeforeAfter;
  /** As float32. */
  readonly bytes: BeforeAfter;
  /** Of one example; `kept`: those before whose weight is not 0. */
  readonly multiplyAdds: BeforeAfter & { readonly kept: number };
  /** Kernels. */
  readonly layers: readonly ShrunkLayer[];
  readonly remains: readonly Remains[];
  readonly agreement: Agreement;
  readonly notes: readonly string[];
}

function sizesOf(
  { plan, weights }: ShrinkSource,
  smaller: Plan,
): Pick<ShrinkDocument, 'parameters' | 'bytes' | 'multiplyAdds'> {
  const parameters = { before: parametersOf(plan), after: parametersOf(smaller) };
  const uses = kernelUses(plan);
  const kept = plan.parameters.reduce((sum, { name }, i) => {
    const each = uses.get(name) ?? 0;
    return each === 0 ? sum : sum + each * weights[i]!.reduce((count, weight) => (weight === 0 ? count : count + 1), 0);
  }, 0);
  return {
    parameters,
    bytes: { before: 4 * parameters.before, after: 4 * parameters.after },
    multiplyAdds: { before: multiplyAddsOf(plan), kept, after: multiplyAddsOf(smaller) },
  };
}

function parametersOf({ parameters }: Plan): number {
  return parameters.reduce((sum, { size }) => sum + size, 0);
}

function multiplyAddsOf(plan: Plan): number {
  const uses = kernelUses(plan);
  return plan.parameters.reduce((sum, { name, size }) => sum + size * (uses.get(name) ?? 0), 0);
}

const columns: readonly Column[] = [
  { title: 'kernel', align: 'left', dropped: 0, minimum: 24 },
  { title: 'before', align: 'right', dropped: 1 },
  { title: 'after', align: 'right', dropped: 0 },
];

function describe(document: ShrinkDocument, terminal: Terminal): string {
  const { parameters, bytes, multiplyAdds, layers, remains, agreement, notes, files, format } = document;
  const rows = layers.map(({ name, before, after }): Cell[] => [
    { text: printable(name) },
    { text: before.join('×') },
    { text: after.join('×') },
  ]);
  const share = ({ before, after }: BeforeAfter): string => formatShare(before === 0 ? 1 : after / before);
  return [
    ...layOut(columns, rows, terminal).lines,
    '',
    `parameters     ${formatCount(parameters.before)} → ${formatCount(parameters.after)} (${share(parameters)})`,
    `bytes          ${formatBytes(bytes.before)} → ${formatBytes(bytes.after)}`,
    `multiply-adds  ${formatCount(multiplyAdds.before)} → ${formatCount(multiplyAdds.after)} an example (${share(multiplyAdds)}); ` +
      `${formatCount(multiplyAdds.kept)} of them were not with 0 before`,
    ...remains.map(
      ({ layer, channels, reason }) =>
        `stays: ${plural(channels, 'dead channel')} of ${printable(layer)}: ${printable(reason)}`,
    ),
    ...notes.map(note => `note: ${printable(note)}`),
    `Outputs agree on ${agreement.examples} random examples: they differ by ${agreement.largestDifference.toExponential(1)} at most`,
    `Written and checked: ${files.map(printable).join(', ')} (${format})`,
    '',
  ].join('\n');
}
