/** Child processes of this extension's own: other bundles of it, run by the Node that runs the window. No vscode. */
import { fork, type ChildProcess } from 'node:child_process';

/**
 * The extension host is Electron on a desktop and must be told to be Node; options for another Node are not for this one.
 * @param more beside what this process has in its own
 */
export function nodeEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env, ...more, ELECTRON_RUN_AS_NODE: '1' };
  delete environment['NODE_OPTIONS'];
  return environment;
}

/** Messages go by structured clone; what it prints is for the log. */
export function forkNode(script: string, more?: NodeJS.ProcessEnv): ChildProcess {
  return fork(script, [], {
    serialization: 'advanced',
    execPath: process.execPath,
    execArgv: [],
    env: nodeEnvironment(more),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}
