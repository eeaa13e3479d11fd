/** Where jobs look for optional packages, and which of them can be installed. No vscode. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { JobSettings } from '../jobProcess';

/** Of jobs and of the command line: folders, separated as in PATH. */
const variable = 'WINNING_TICKET_MODULES';

/**
 * @param chosen folders of the setting, in the order of preference
 * @param installed what "Set Up GPU" installs into
 */
export function modulesEnvironment(
  chosen: readonly string[],
  installed: string,
  inherited = process.env[variable],
): JobSettings['environment'] {
  const folders = [...chosen, installed, ...(inherited === undefined ? [] : [inherited])];
  // one that is no absolute path would depend on where a job starts, and an empty one would be the folder itself
  const usable = folders.flatMap(folder => folder.split(path.delimiter)).filter(folder => path.isAbsolute(folder));
  return { [variable]: usable.join(path.delimiter) };
}

export interface Installable {
  readonly name: 'webgpu' | '@tensorflow/tfjs-node-gpu';
  /** Pinned: what was tested is what is installed. */
  readonly version: string;
  readonly executor: 'webgpu' | 'tensorflow-gpu';
  readonly label: string;
  /** What it is for, what it needs, and how much it is. */
  readonly detail: string;
}

export const installables: readonly Installable[] = [
  {
    name: 'webgpu',
    version: '0.6.2',
    executor: 'webgpu',
    label: 'WebGPU',
    detail: 'GPUs of any vendor; needs the driver of the GPU only. About 130 MB on disk.',
  },
  {
    name: '@tensorflow/tfjs-node-gpu',
    version: '4.22.0',
    executor: 'tensorflow-gpu',
    label: 'TensorFlow',
    detail:
      'NVIDIA GPUs on Linux and Windows; needs CUDA 11.2 and cuDNN 8, which you install yourself. ' +
      'Its installer downloads the TensorFlow library, several hundred MB.',
  },
];

/** Where TensorFlow's C library for GPUs is made for. */
export function canInstall({ executor }: Installable, platform = process.platform, arch = process.arch): boolean {
  return executor === 'webgpu' || (arch === 'x64' && (platform === 'linux' || platform === 'win32'));
}

/** @param folder that it would be installed into */
export function isInstalled({ name }: Installable, folder: string): boolean {
  return existsSync(path.join(folder, 'node_modules', ...name.split('/'), 'package.json'));
}

/** For people without npm here, to type where there is one. */
export function byHand({ name, version }: Installable, folder: string): string {
  return (
    `On a machine with npm and the same system, run: npm install --prefix "${folder}" ${name}@${version} ` +
    `(or copy the folder that results here, and name it in the setting "winningTicket.moduleFolders").`
  );
}
