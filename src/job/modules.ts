/**
 * Where the optional native packages lie: in folders that the user chose or that "Set Up GPU" installed into, else among
 * the extension's own. Never in the workspace: what lies there is not executed.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';

/** Executors that need more than this extension's own code bring it in one of these. */
export type OptionalModule = 'webgpu' | '@tensorflow/tfjs-node' | '@tensorflow/tfjs-node-gpu';

/** Folders with packages, in the order of preference, separated as in PATH; the host fills it in from its settings. */
export const modulesVariable = 'WINNING_TICKET_MODULES';

/** Bundles lie in dist/, sources (in tests) two folders below the root. */
const root = path.basename(__dirname) === 'dist' ? path.dirname(__dirname) : path.join(__dirname, '../..');

/**
 * Every folder that is looked in, first those of the variable: a `node_modules`, or a folder that has one. A relative one
 * would depend on the folder a job is started in, the workspace perhaps, and is left out.
 */
export function moduleFolders(variable = process.env[modulesVariable]): string[] {
  const chosen = (variable ?? '').split(path.delimiter).filter(folder => path.isAbsolute(folder));
  return [...chosen.flatMap(folder => [folder, path.join(folder, 'node_modules')]), path.join(root, 'node_modules')];
}

/** The package's own folder, which holds its `package.json`; null where it is in none of the folders. */
export function findModule(name: OptionalModule): string | null {
  return (
    moduleFolders()
      .map(folder => path.join(folder, ...name.split('/')))
      .find(folder => existsSync(path.join(folder, 'package.json'))) ?? null
  );
}
