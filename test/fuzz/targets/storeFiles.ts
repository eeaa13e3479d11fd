/** Files of the store that are read from disk, where anyone may have written them. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readProgress } from '../../../src/host/store';
import { seeWork } from '../../../src/job/atWork';
import { readVersion } from '../../../src/job/care/storeVersion';
import { ClusterFile, type ClusterRecord } from '../../../src/job/cluster/clusterFile';
import { ExecutorFile, type ExecutorEntry } from '../../../src/job/executorFile';
import { StoreError } from '../../../src/job/files';
import { parseHolder, StoreLock } from '../../../src/job/lock';
import { readDefinition } from '../../../src/job/modelDefinition';
import { changeQueue, readQueue, withEntry } from '../../../src/job/queueFile';
import { seeQueue } from '../../../src/job/queueTurn';
import { RunStore } from '../../../src/job/store';
import { takeWish } from '../../../src/job/wish';
import { readWorth, type RunWorth } from '../../../src/job/worthFile';
import { formatProgress } from '../../../src/shared/format';
import type { Progress } from '../../../src/shared/report';
import { sampleExperiment } from '../../support/sampleReports';
import { sampleTarget, sampleTopology } from '../../support/sampleTicket';
import { damageJson } from '../json';
import { demand, reading, type Outcome, type Target } from '../target';

const key = 'a'.repeat(32);
const experiment = 'mine';
const subject = 's';

const entry: ExecutorEntry = {
  subject,
  executor: 'wasm',
  variant: '1',
  device: '2 threads',
  reason: 'the fastest',
  candidates: [
    { executor: 'wasm', device: '2 threads', speed: { dense: 100, sparse: 200, mean: 150 } },
    { executor: 'webgpu', reason: 'is not installed' },
  ],
  losses: [
    {
      executor: 'webgpu',
      variant: '1',
      device: 'd',
      kind: 'lost',
      message: 'gone',
      method: 'iterative',
      level: 1,
      replicate: 0,
      next: 'wasm',
      nextVariant: '1',
      kept: [key],
    },
  ],
};

const bytes = { dense: 400, gzip: 300, coo: 200, csr: 150, bitmask: 100 };
const worth: RunWorth = {
  key,
  executor: 'wasm',
  device: '2 threads',
  batchSize: 60,
  bytes,
  multiplyAdds: { dense: 100, effective: 20 },
  layers: [{ name: 'dense', bytes, multiplyAdds: null }],
  seconds: { step: 0.1, inference: 0.01 },
};

const definition = {
  fingerprint: 'f',
  description: 'sample',
  topology: sampleTopology(),
  ...sampleTarget,
  task: 'classification',
  mean: [0.5],
  std: [0.25],
};

const waiting = [
  { name: 'mine', file: path.resolve('mine.ticket.json') },
  { name: 'other', file: path.resolve('other.ticket.json'), paused: true as const },
  { name: 'begun', file: path.resolve('begun.ticket.json'), taken: 'mark' },
  { name: 'ended', file: path.resolve('ended.ticket.json'), taken: 'mark', cancelled: true as const },
];

const progress: Progress = {
  runsDone: 3,
  runsTotal: 8,
  run: { key, method: 'random-mask', study: { kind: 'sweep', rewind: 500 }, level: 1, replicate: 0, step: 5, steps: 9 },
  runsAtWork: 2,
  levels: 2,
  fraction: 0.25,
  secondsLeft: 38,
};

const cluster: ClusterRecord = {
  version: 1,
  scheduler: 'slurm',
  submission: '0123456789abcdef',
  submittedAt: '2026-01-01T00:00:00.000Z',
  executor: 'wasm',
  cluster: 'main',
  groups: [
    { depth: 0, job: '17', runs: [{ key, name: 'dense' }] },
    { depth: 1, job: null, runs: [{ key, name: 'iterative, level 1' }] },
  ],
  lastJob: null,
};

/** @param place path in the store */
function fileTarget(name: string, place: string, value: unknown, read: (store: string) => Promise<Outcome>): Target {
  return {
    name,
    sound: () => ({ [place]: Buffer.from(JSON.stringify(value)) }),
    damaged: random => ({ [place]: damageJson(value, random) }),
    async read(files, directory) {
      await mkdir(path.dirname(path.join(directory, place)), { recursive: true });
      await writeFile(path.join(directory, place), files[place]!);
      return read(directory);
    },
  };
}

const ownFolder = `experiments/${experiment}`;

export const storeFileTargets: readonly Target[] = [
  fileTarget(
    'experiment.json',
    `${ownFolder}/experiment.json`,
    { ...sampleExperiment(), executor: 'wasm' },
    async store => {
      const name = await new ExecutorFile(store, experiment).computedOn();
      demand(name === null || /^[a-z-]+$/.test(name), 'the name of an executor');
      return name === null ? 'refused' : 'valid';
    },
  ),
  fileTarget('executor.json', `${ownFolder}/executor.json`, { version: 1, entries: [entry] }, async store => {
    const found = await new ExecutorFile(store, experiment).find(subject);
    if (!found) return 'refused';
    demand(
      found.losses.every(({ kept }) => kept.every(one => /^[0-9a-f]{32}$/.test(one))),
      'keys of which paths can be made',
    );
    return 'valid';
  }),
  fileTarget('model.json of the store', `${ownFolder}/model.json`, definition, store =>
    reading([StoreError], path.join(store, ownFolder, 'model.json'), () => readDefinition(store, experiment)),
  ),
  fileTarget('cluster.json', `${ownFolder}/cluster.json`, cluster, store => {
    const file = new ClusterFile(store, experiment);
    return reading([StoreError], file.path, async () => {
      const read = await file.read();
      // they become arguments of the scheduler's commands
      const numbers = read!.groups.map(({ job }) => job ?? '1');
      demand(
        [...numbers, read!.submission].every(one => /^[0-9a-f]+$/.test(one)),
        'plain numbers of jobs',
      );
    });
  }),
  fileTarget('store.json', 'store.json', { version: 2 }, store =>
    reading([StoreError], store, async () => {
      const { version } = await readVersion(store);
      demand(Number.isInteger(version) && version > 0, 'a version');
    }),
  ),
  fileTarget('queue.json', 'queue.json', { version: 1, waiting }, async store => {
    const read = await readQueue(store);
    demand(
      read.every(({ file }) => path.isAbsolute(file)),
      'paths that depend on no folder',
    );
    const seen = await seeQueue(store);
    demand(seen.turn === null, 'nobody’s turn where nobody holds its lock');
    demand(
      seen.waiting.every(({ paused, cancelled }) => !paused && !cancelled),
      'none whose turn is not to come',
    );
    const changed = await changeQueue(store, queue => withEntry(queue, waiting[0]!, 'first'));
    demand(changed[0]!.name === waiting[0]!.name, 'a queue that can be changed, whatever was there');
    return read.length > 0 ? 'valid' : 'refused';
  }),
  fileTarget('worth.json', `runs/${key}/worth.json`, worth, async directory => {
    const read = await readWorth(await RunStore.open(directory), key);
    demand(read === null || read.key === key, 'of the run that was asked for');
    return read === null ? 'refused' : 'valid';
  }),
  fileTarget('progress.json', `${ownFolder}/progress.json`, progress, async store => {
    const holder = { pid: process.pid, host: 'h', startedAt: '', token: 't', experiment };
    await writeFile(path.join(store, 'lock'), JSON.stringify(holder));
    const inLine = (await seeWork(store))!.progress;
    demand(inLine === null || (inLine.fraction >= 0 && inLine.fraction <= 1), 'a share of the work');
    const whole = await readProgress({ store, name: experiment });
    if (whole === null) return 'refused';
    demand(inLine !== null && formatProgress(whole).length < 300, 'a progress that both can show');
    return 'valid';
  }),
  fileTarget('wish.json', `${ownFolder}/wish.json`, { wish: 'pause' }, async store => {
    const directory = path.join(store, ownFolder);
    const wish = await takeWish(directory);
    demand([null, 'pause', 'cancel'].includes(wish), 'a wish there is');
    demand(!(await readdir(directory)).includes('wish.json'), 'none that is left for the next job');
    return wish === null ? 'refused' : 'valid';
  }),
  // whoever holds it, or whatever it holds: one whose heartbeat stands still is taken over
  fileTarget(
    'lock',
    'lock',
    { pid: 1, host: 'h', startedAt: '2026-01-01T00:00:00.000Z', token: 't' },
    async directory => {
      const held = parseHolder(await readFile(path.join(directory, 'lock'), 'utf8'));
      demand(held === null || (Number.isSafeInteger(held.pid) && held.pid > 0), 'the number of a process');
      await (await StoreLock.acquire(directory, { staleMilliseconds: 0 })).release();
      return held === null ? 'refused' : 'valid';
    },
  ),
];
