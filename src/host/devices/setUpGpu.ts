/** "Set Up GPU": says what was found, and installs what is missing into this extension's own storage, if it is asked to. */
import * as vscode from 'vscode';
import type { Examination } from '../../shared/examination';
import { isTrusted } from '../runner';
import type { Doctor } from './doctor';
import { byHand, canInstall, installables, isInstalled, type Installable } from './modules';
import { findNpm, install, NpmMissingError, type Npm } from './npm';
import type { DeviceSettings } from './settings';

export class SetUpGpu {
  constructor(
    private readonly doctor: Doctor,
    private readonly settings: DeviceSettings,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  async run(): Promise<void> {
    const examination = await this.doctor.examine();
    if (!examination) return;
    const offered = installables.filter(one => canInstall(one) && !isUsable(examination, one));
    const again = (one: Installable): string => (isInstalled(one, this.settings.installFolder) ? ' Again' : '');
    const labels = new Map(offered.map(one => [`Install ${one.label}${again(one)}`, one]));
    const text = describe(examination);
    this.log.info(`Set Up GPU: ${text.summary}\n${text.detail}`);
    const detail = [
      text.detail,
      ...offered.map(({ label, name, version, detail: words }) => `${label} (${name} ${version}): ${words}`),
    ].join('\n\n');
    const answer = await vscode.window.showInformationMessage(
      text.summary,
      { modal: true, detail },
      ...labels.keys(),
      'Show Log',
    );
    if (answer === 'Show Log') this.log.show();
    const wanted = answer === undefined ? undefined : labels.get(answer);
    if (wanted) await this.install(wanted);
  }

  private async install(wanted: Installable): Promise<void> {
    // an installer runs code, if not the workspace's
    if (!(await isTrusted())) return;
    const folder = this.settings.installFolder;
    try {
      const npm = findNpm();
      if (!(await this.confirm(wanted, folder)) || !(await this.download(wanted, npm, folder))) return;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const start = error instanceof NpmMissingError ? `${reason}. Install Node.js and try again. ` : `${reason} `;
      throw new Error(`${start}${byHand(wanted, folder)}`, { cause: error });
    }
    const examination = await this.doctor.examine();
    if (!examination) return;
    const found = examination.executors.find(({ name }) => name === wanted.executor);
    const choose = 'Choose Device';
    const words = found?.usable
      ? vscode.window.showInformationMessage(`${wanted.executor} can be used now: ${found.device}.`, choose)
      : vscode.window.showWarningMessage(
          `${wanted.name} is installed, but ${wanted.executor} cannot be used yet: ${found?.reason ?? 'it is not known'}`,
        );
    if ((await words) === choose) await vscode.commands.executeCommand('winningTicket.chooseDevice');
  }

  private async confirm({ name, version, detail }: Installable, folder: string): Promise<boolean> {
    const yes = 'Install';
    const answer = await vscode.window.showWarningMessage(
      `Install ${name} ${version} with npm?`,
      { modal: true, detail: `${detail}\n\nIt is downloaded from the npm registry into ${folder}.` },
      yes,
    );
    return answer === yes;
  }

  /** False where the person has stopped it. */
  private async download({ name, version }: Installable, npm: Npm, folder: string): Promise<boolean> {
    const controller = new AbortController();
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: `Installing ${name} ${version}`,
      cancellable: true,
    };
    try {
      await vscode.window.withProgress(options, (progress, token) => {
        token.onCancellationRequested(() => {
          controller.abort(new DOMException('Cancelled.', 'AbortError'));
        });
        return install({
          npm,
          folder,
          name,
          version,
          signal: controller.signal,
          onLine: line => {
            this.log.info(`npm: ${line}`);
            progress.report({ message: line.slice(0, 100) });
          },
        });
      });
      return true;
    } catch (error) {
      if (controller.signal.aborted) return false;
      throw error;
    }
  }
}

function isUsable({ executors }: Examination, { executor }: Installable): boolean {
  return executors.some(({ name, usable }) => name === executor && usable);
}

const onGpu: readonly string[] = installables.map(({ executor }) => executor);

function describe({ executors, findings }: Examination): { readonly summary: string; readonly detail: string } {
  const gpus = executors.flatMap(one =>
    one.usable && onGpu.includes(one.name) ? [`${one.name} (${one.device})`] : [],
  );
  const summary =
    gpus.length > 0 ? `This machine can train on a GPU: ${gpus.join(', ')}.` : 'No GPU can be used for training yet.';
  const reasons = executors.flatMap(one =>
    one.usable || !onGpu.includes(one.name) ? [] : [`${one.name}: ${one.reason}`],
  );
  return { summary, detail: [...findings, ...reasons].join('\n\n') };
}
