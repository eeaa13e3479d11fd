/**
 * A cluster of one node for tests: SLURM's own controller and node daemon and MUNGE, on free ports of this machine, in a folder
 * of its own. Needs the programs (Debian: slurm-wlm, munge) and root, as in a container. Stops what it started, by number.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const programs = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scancel', 'scontrol'];
const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin'];

/** Why there can be no such cluster here; null where there can. */
export function whyNoSlurm(): string | null {
  const missing = programs.filter(name => !folders.some(folder => isExecutable(path.join(folder, name))));
  if (missing.length > 0) return `${missing.join(', ')} missing: apt-get install slurm-wlm munge`;
  return process.getuid?.() === 0 ? null : 'SLURM starts tasks for its users, which takes root';
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface Slurm {
  /** For processes that are to find the cluster. */
  readonly environment: NodeJS.ProcessEnv;
  /** Runs one of SLURM's programs. @returns what it prints */
  ask(program: string, ...argv: string[]): string;
  stop(): Promise<void>;
}

export async function startSlurm(): Promise<Slurm> {
  const directory = mkdtempSync(path.join(tmpdir(), 'wt-slurm-'));
  const inside = (name: string): string => path.join(directory, name);
  for (const name of ['munge', 'state', 'spool']) mkdirSync(inside(name));
  chmodSync(directory, 0o755);
  writeFileSync(inside('munge.key'), randomBytes(128), { mode: 0o400 });
  const [controller, node] = [await freePort(), await freePort()];
  writeFileSync(inside('slurm.conf'), configuration(directory, controller, node));
  const environment = { ...process.env, PATH: folders.join(path.delimiter), SLURM_CONF: inside('slurm.conf') };
  const started: ChildProcess[] = [];
  const start = (program: string, argv: readonly string[]): void => {
    const log = openSync(inside(`${program}.log`), 'a');
    started.push(spawn(program, argv, { env: environment, stdio: ['ignore', log, log] }));
    closeSync(log);
  };
  const ask = (program: string, ...argv: string[]): string =>
    execFileSync(program, argv, { env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const stop = async (): Promise<void> => {
    // tasks first: what watches over them outlives the daemons
    await nothingLeft(ask).catch(() => undefined);
    for (const child of started.reverse()) await ended(child);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const files = ['pid', 'seed', 'log'].map(kind => `--${kind}-file=${inside(`munge.${kind}`)}`);
    start('munged', [
      '--foreground',
      `--socket=${inside('munge/socket')}`,
      `--key-file=${inside('munge.key')}`,
      ...files,
    ]);
    start('slurmctld', ['-D', '-f', inside('slurm.conf')]);
    start('slurmd', ['-D', '-f', inside('slurm.conf'), '-N', hostname()]);
    await idle(ask);
  } catch (error) {
    await stop();
    throw error;
  }
  return { environment, ask, stop };
}

function configuration(directory: string, controller: number, node: number): string {
  const name = hostname();
  return `ClusterName=test
SlurmctldHost=${name}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${directory}/munge/socket
SlurmctldPort=${controller}
SlurmdPort=${node}
SlurmctldPidFile=${directory}/slurmctld.pid
SlurmdPidFile=${directory}/slurmd.pid
StateSaveLocation=${directory}/state
SlurmdSpoolDir=${directory}/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
KillWait=10
SchedulerParameters=sched_interval=1,bf_interval=1
NodeName=${name} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
}

async function nothingLeft(ask: Slurm['ask']): Promise<void> {
  ask('scancel', '--user=root');
  for (let attempt = 0; attempt < 100 && ask('squeue', '--noheader') !== ''; attempt++) await sleep(200);
}

/** Waits until the node takes tasks. */
async function idle(ask: Slurm['ask']): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      if (ask('sinfo', '--noheader', '--format=%T').trim() === 'idle') return;
    } catch {
      // not up yet
    }
    await sleep(200);
  }
  throw new Error('the node does not come up');
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    child.on('exit', () => {
      resolve();
    });
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 5000).unref();
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address) resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}
