/** Puts together what is about devices: the doctor, the two commands, and the device beside the language of an experiment file. */
import * as vscode from 'vscode';
import { ChooseDevice } from './chooseDevice';
import { Doctor } from './doctor';
import type { DeviceSettings } from './settings';
import { SetUpGpu } from './setUpGpu';

export interface DeviceCommands {
  readonly chooseDevice: () => Promise<void>;
  readonly setUpGpu: () => Promise<void>;
}

export function deviceCommands(
  { extensionUri, globalState }: vscode.ExtensionContext,
  settings: DeviceSettings,
  log: vscode.LogOutputChannel,
): DeviceCommands {
  const script = vscode.Uri.joinPath(extensionUri, 'dist', 'cli.js').fsPath;
  const doctor = new Doctor(script, settings, globalState, log);
  const setUp = new SetUpGpu(doctor, settings, log);
  const choose = new ChooseDevice(doctor, settings, () => setUp.run());
  return { chooseDevice: () => choose.choose(), setUpGpu: () => setUp.run() };
}

/** Which device experiments that say "auto" get, where an experiment file is in front. */
export function registerDeviceStatus(settings: DeviceSettings): vscode.Disposable {
  const status = vscode.languages.createLanguageStatusItem('winningTicket.executor', { pattern: '**/*.ticket.json' });
  status.name = 'Winning Ticket device';
  status.detail = 'device of experiments that say "auto"';
  status.command = { command: 'winningTicket.chooseDevice', title: 'Choose Device' };
  const show = (): void => {
    status.text = settings.executor === 'auto' ? 'auto: the fastest' : settings.executor;
  };
  show();
  return vscode.Disposable.from(
    status,
    vscode.workspace.onDidChangeConfiguration(event => {
      if (event.affectsConfiguration('winningTicket.executor')) show();
    }),
  );
}
