/** The command line. */
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { startCli } from '../support/jobs';
import { atOnce, nothingTold, type Victim } from './victim';

export const cliVictim: Victim = {
  name: 'cli',
  start({ experiment, store, checkpointSeconds, parallel }) {
    const since = performance.now();
    const flags = ['--checkpoint-seconds', String(checkpointSeconds)];
    if (parallel !== null) flags.push('--parallel', String(parallel));
    const { child, ended, said } = startCli(['run', experiment, '--store', store, ...flags], path.dirname(experiment));
    const told = nothingTold();
    child.stderr!.on('data', (chunk: string) => (told.text += chunk));
    void said(' runs').then(
      () => (told.ready = (performance.now() - since) / 1000),
      () => undefined,
    );
    return {
      ended: ended.then(({ code }) => code),
      told,
      async kill() {
        child.kill('SIGKILL');
        await ended;
        return atOnce;
      },
    };
  },
};
