/** The settings about devices. */
import path from 'node:path';
import * as vscode from 'vscode';
import { executors, type Experiment } from '../../shared/experiment';
import type { JobSettings } from '../jobProcess';
import { modulesEnvironment } from './modules';

const section = 'winningTicket';

export class DeviceSettings {
  /** What "Set Up GPU" installs into. */
  readonly installFolder: string;

  constructor(globalStorage: vscode.Uri) {
    this.installFolder = path.join(globalStorage.fsPath, 'modules');
  }

  get executor(): Experiment['executor'] {
    const value = vscode.workspace.getConfiguration(section).get<unknown>('executor');
    return executors.find(name => name === value) ?? 'auto';
  }

  async setExecutor(name: Experiment['executor']): Promise<void> {
    const configuration = vscode.workspace.getConfiguration(section);
    await configuration.update('executor', name, vscode.ConfigurationTarget.Global);
  }

  job(): JobSettings {
    const { executor } = this;
    const folders: unknown = vscode.workspace.getConfiguration(section).get('moduleFolders');
    const chosen = Array.isArray(folders) ? folders.filter(folder => typeof folder === 'string') : [];
    const environment = modulesEnvironment(chosen, this.installFolder);
    return executor === 'auto' ? { environment } : { executor, environment };
  }
}
