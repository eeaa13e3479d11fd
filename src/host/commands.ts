/** The commands of the palette and the menus, and which experiment each is meant for. */
import * as vscode from 'vscode';
import { formatProgress } from '../shared/format';
import type { DeviceCommands } from './devices';
import type { ExperimentComparison } from './experimentComparison';
import type { ExperimentIndex } from './experimentIndex';
import type { ExperimentPanels } from './experimentPanels';
import { activeUri, isExperimentFile, type Find } from './find';
import type { JobService } from './jobService';
import type { Results } from './results';
import { refIn, refsIn } from './refs';
import type { Runner } from './runner';
import type { ExperimentRef } from './store';
import { sortEntries, stateOf, type ExperimentEntry } from './treeModel';

export interface CommandServices {
  readonly jobs: JobService;
  readonly index: ExperimentIndex;
  readonly panels: ExperimentPanels;
  readonly runner: Runner;
  readonly find: Find;
  readonly results: Results;
  readonly devices: DeviceCommands;
  readonly comparison: ExperimentComparison;
  readonly log: vscode.LogOutputChannel;
}

type Wanted = (entry: ExperimentEntry) => boolean;
const any: Wanted = () => true;
const running: Wanted = entry => entry.live !== undefined || entry.elsewhere === true;
const queued: Wanted = entry => stateOf(entry) === 'queued';
const resumable: Wanted = entry => ['paused', 'interrupted', 'cancelled'].includes(stateOf(entry));
const stopped: Wanted = entry => entry.live === undefined;
const withReport: Wanted = entry => entry.report !== null;

export function registerCommands(services: CommandServices): vscode.Disposable {
  const { find, results, devices, comparison, log } = services;
  /** A command on one experiment: the one it is called on, else the one in front, else one to choose. */
  const onExperiment =
    (wanted: Wanted, act: (ref: ExperimentRef) => unknown) =>
    async (argument?: unknown): Promise<void> => {
      const ref = await chooseExperiment(services, argument, wanted);
      if (ref) await act(ref);
    };
  const commands: Readonly<Record<string, (argument?: unknown, selection?: unknown) => unknown>> = {
    find: argument => find.find(argument instanceof vscode.Uri ? argument : undefined),
    tryExample: () => find.tryExample(),
    openModel: () => find.chooseModel(),
    cancel: onExperiment(running, ref => results.cancel(ref)),
    pause: onExperiment(running, ref => results.pause(ref)),
    resume: onExperiment(resumable, ref => results.resume(ref)),
    restart: onExperiment(stopped, ref => results.restart(ref)),
    prioritise: onExperiment(queued, ref => results.prioritise(ref)),
    removeFromQueue: onExperiment(queued, ref => results.removeFromQueue(ref)),
    openPanel: onExperiment(any, ref => {
      results.openPanel(ref);
    }),
    rerun: onExperiment(stopped, ref => results.rerun(ref)),
    openExperiment: onExperiment(any, ref => results.openExperiment(ref)),
    reveal: onExperiment(any, ref => results.reveal(ref)),
    delete: onExperiment(stopped, ref => results.delete(ref)),
    copyMarkdown: onExperiment(withReport, ref => results.copyMarkdown(ref)),
    exportTicket: onExperiment(withReport, ref => results.exportTicket(ref)),
    savePage: onExperiment(withReport, ref => results.savePage(ref)),
    compareExperiments: (argument, selection) => comparison.compare(refsIn(argument, selection)),
    chooseDevice: () => devices.chooseDevice(),
    setUpGpu: () => devices.setUpGpu(),
    showLog: () => {
      log.show();
    },
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, run]) =>
      vscode.commands.registerCommand(`winningTicket.${name}`, async (argument?: unknown, selection?: unknown) => {
        try {
          await run(argument, selection);
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          log.error(error instanceof Error ? error : message);
          const answer = await vscode.window.showErrorMessage(`Winning Ticket: ${message}`, 'Show Log');
          if (answer) log.show();
        }
      }),
    ),
  );
}

async function chooseExperiment(
  { index, panels, runner }: CommandServices,
  argument: unknown,
  wanted: Wanted,
): Promise<ExperimentRef | null> {
  const given = refIn(argument);
  if (given) return given;
  const front = argument instanceof vscode.Uri ? argument : activeUri();
  const inFront = panels.active() ?? (front && isExperimentFile(front) ? await runner.refOfFile(front) : null);
  if (inFront && wanted(index.entry(inFront))) return inFront;
  const entries = sortEntries(index.entries()).filter(wanted);
  if (entries.length === 0) {
    const find = 'Find Winning Ticket';
    const words =
      wanted === running
        ? 'No experiment of this window is running.'
        : wanted === queued
          ? 'No experiment of this window waits in a queue.'
          : 'There is no such experiment in this window yet.';
    if ((await vscode.window.showInformationMessage(words, find)) === find) {
      await vscode.commands.executeCommand('winningTicket.find');
    }
    return null;
  }
  if (entries.length === 1) return entries[0]!.ref;
  const chosen = await vscode.window.showQuickPick(
    entries.map(entry => ({
      label: entry.ref.name,
      description: entry.live ? formatProgress(entry.live.progress) : (entry.report?.status ?? ''),
      detail: entry.folder ?? '',
      ref: entry.ref,
    })),
    { title: 'Winning Ticket', placeHolder: 'Which experiment' },
  );
  return chosen?.ref ?? null;
}
