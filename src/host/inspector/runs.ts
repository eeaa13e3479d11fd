/** The weights of an experiment's runs in the inspector: one run looked into, two levels compared. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { ExperimentIndex } from '../experimentIndex';
import { runDirectory, type ExperimentRef } from '../store';
import { sortEntries, type TreeNode } from '../treeModel';
import type { ComparisonPanels } from './comparisons';
import { viewTypes } from './editors';
import { tellError } from './pages';
import { runChoices, type RunChoice } from './runChoices';

export interface RunCommands {
  readonly index: ExperimentIndex;
  readonly comparisons: ComparisonPanels;
  readonly log: vscode.LogOutputChannel;
}

/** Trained weights are exactly 0 under the mask, so that they show it too. */
const weightsOf = ({ store }: ExperimentRef, { key }: RunChoice): vscode.Uri =>
  vscode.Uri.file(path.join(runDirectory(store, key), 'final.safetensors'));

export function registerRunCommands({ index, comparisons, log }: RunCommands): vscode.Disposable {
  const choicesOf = (ref: ExperimentRef): RunChoice[] => {
    const { report } = index.entry(ref);
    return report ? runChoices(report) : [];
  };
  /** The run a menu was opened on, else one to choose. */
  const runOf = async (node: TreeNode | null, title: string): Promise<[ExperimentRef, RunChoice] | null> => {
    const ref = node?.ref ?? (await chooseExperiment(index, title));
    if (!ref) return null;
    const choices = choicesOf(ref);
    const given = choices.find(({ key }) => key === node?.run);
    const run = given ?? (await chooseRun(choices, title, 'Which run'));
    return run && [ref, run];
  };
  const commands: Readonly<Record<string, (node: TreeNode | null) => Promise<void>>> = {
    inspectRun: async node => {
      const found = await runOf(node, 'Inspect Weights of a Run');
      if (found) await vscode.commands.executeCommand('vscode.openWith', weightsOf(...found), viewTypes[0]);
    },
    compareRuns: async node => {
      const found = await runOf(node, 'Compare Weights of Two Runs (1/2)');
      if (!found) return;
      const [ref, left] = found;
      const others = choicesOf(ref).filter(({ key }) => key !== left.key);
      const right = await chooseRun(others, `Compare ${left.label} of ${ref.name} with …`, 'The right side');
      if (!right) return;
      const nameOf = ({ label }: RunChoice): string => `${ref.name} ${label}`;
      comparisons.open(weightsOf(ref, left), weightsOf(ref, right), [nameOf(left), nameOf(right)]);
    },
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, run]) =>
      vscode.commands.registerCommand(`winningTicket.${name}`, async (node?: TreeNode) => {
        try {
          await run(node ?? null);
        } catch (error) {
          tellError(error, log);
        }
      }),
    ),
  );
}

async function chooseExperiment(index: ExperimentIndex, title: string): Promise<ExperimentRef | null> {
  const entries = sortEntries(index.entries()).filter(({ report }) => report?.runs.some(run => run.status === 'done'));
  if (entries.length === 0) {
    void vscode.window.showInformationMessage('No experiment in this window has a finished run yet.');
    return null;
  }
  if (entries.length === 1) return entries[0]!.ref;
  const items = entries.map(({ ref, folder }) => ({ label: ref.name, description: folder ?? '', ref }));
  const chosen = await vscode.window.showQuickPick(items, { title, placeHolder: 'Which experiment' });
  return chosen?.ref ?? null;
}

async function chooseRun(choices: readonly RunChoice[], title: string, placeHolder: string): Promise<RunChoice | null> {
  if (choices.length === 0) {
    void vscode.window.showInformationMessage('No other run of this experiment is finished yet.');
    return null;
  }
  return (await vscode.window.showQuickPick(choices, { title, placeHolder, matchOnDescription: true })) ?? null;
}
