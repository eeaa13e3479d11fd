/** The settings about devices, and how jobs share them. */
import path from 'node:path';
import * as vscode from 'vscode';
import { executors, type Experiment } from '../../shared/experiment';
import type { JobSettings } from '../jobProcess';
import { modulesEnvironment } from './modules';

const section = 'winningTicket';
/** As the setting's schema has it. */
const mostParallel = 1024;
const mostCheckpointSeconds = 86_400;

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
    const { executor, parallel, checkpointSeconds, storeLimitGiB } = this;
    const folders: unknown = vscode.workspace.getConfiguration(section).get('moduleFolders');
    const chosen = Array.isArray(folders) ? folders.filter(folder => typeof folder === 'string') : [];
    const environment = {
      ...modulesEnvironment(chosen, this.installFolder),
      ...(storeLimitGiB !== null && { WINNING_TICKET_STORE_LIMIT_GIB: String(storeLimitGiB) }),
    };
    return {
      ...(executor !== 'auto' && { executor }),
      ...(parallel !== null && { parallel }),
      ...(checkpointSeconds !== null && { checkpointSeconds }),
      environment,
    };
  }

  /** null: as the job decides. */
  private get parallel(): number | null {
    const value: unknown = vscode.workspace.getConfiguration(section).get('parallelRuns');
    return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= mostParallel ? value : null;
  }

  /** null: none is set here. */
  private get storeLimitGiB(): number | null {
    const value: unknown = vscode.workspace.getConfiguration(section).get('storeLimitGiB');
    return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : null;
  }

  /** null: the job's default. */
  private get checkpointSeconds(): number | null {
    const value: unknown = vscode.workspace.getConfiguration(section).get('checkpointSeconds');
    return typeof value === 'number' && value >= 0 && value <= mostCheckpointSeconds ? value : null;
  }
}
