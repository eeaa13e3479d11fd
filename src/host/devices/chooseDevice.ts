/** "Choose Device": a list of the executors with their devices, speeds and reasons; the choice becomes a setting. */
import * as vscode from 'vscode';
import type { Examination } from '../../shared/examination';
import { deviceChoices, type DeviceChoice } from './deviceChoices';
import type { Doctor } from './doctor';
import type { DeviceSettings } from './settings';

type Item = vscode.QuickPickItem & { readonly choice?: DeviceChoice; readonly act?: () => Promise<void> };

export class ChooseDevice {
  constructor(
    private readonly doctor: Doctor,
    private readonly settings: DeviceSettings,
    private readonly setUp: () => Promise<void>,
  ) {}

  async choose(): Promise<void> {
    const examination = this.doctor.kept() ?? (await this.doctor.examine());
    if (examination) await this.show(examination);
  }

  private async show(examination: Examination): Promise<void> {
    const items: Item[] = deviceChoices(examination, this.settings.executor).map(choice => ({ ...choice, choice }));
    items.push(
      { label: '', kind: vscode.QuickPickItemKind.Separator },
      { label: '$(refresh) Measure again', act: () => this.measureAgain() },
      { label: '$(tools) Set up GPU…', act: this.setUp },
    );
    const chosen = await vscode.window.showQuickPick(items, {
      title: 'Choose Device',
      placeHolder: 'What experiments that say "auto" are trained on',
      matchOnDescription: true,
      matchOnDetail: true,
    });
    if (chosen?.choice) await this.take(chosen.choice);
    else await chosen?.act?.();
  }

  private async measureAgain(): Promise<void> {
    const examination = await this.doctor.examine();
    if (examination) await this.show(examination);
  }

  private async take({ executor, usable, detail }: DeviceChoice): Promise<void> {
    if (!usable) {
      const setUp = 'Set Up GPU';
      const text = `${executor} cannot be used here: ${detail}`;
      if ((await vscode.window.showWarningMessage(text, setUp)) === setUp) await this.setUp();
      return;
    }
    await this.settings.setExecutor(executor);
    const what = executor === 'auto' ? 'The fastest device' : executor;
    void vscode.window.showInformationMessage(
      `${what} is used for experiments that say "auto", from their first start on. ` +
        'One that has been started stays with its device, so that its results stay valid: name another in its file to compute it again.',
    );
  }
}
