/** `winning-ticket store verify` and `store gc`. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { formatBytes, plural } from '../../shared/format';
import { collect, type Collection } from '../care/collect';
import { verifyStore, type Verification } from '../care/verify';
import { StoreError } from '../files';
import { StoreLock } from '../lock';
import { exitCodes, type ExitCode } from '../outcome';
import { RunStore } from '../store';
import { complain, print, toJson } from './output';
import type { StoreCommand } from './storeArguments';
import { StatusLine } from './terminal';

export async function runStore(command: StoreCommand, signal: AbortSignal): Promise<ExitCode> {
  const directory = path.resolve(command.store);
  const isStore = await stat(path.join(directory, 'runs')).then(
    found => found.isDirectory(),
    () => false,
  );
  if (!isStore)
    throw new StoreError(directory, `${directory} is no store: it has no folder "runs". --store names another`);
  const store = await RunStore.open(directory);
  return command.action === 'verify' ? verify(store, command, signal) : gc(store, command, signal);
}

async function verify(store: RunStore, { json }: StoreCommand, signal: AbortSignal): Promise<ExitCode> {
  const status = new StatusLine(process.stderr);
  const found = await verifyStore(store, signal, (done, total) => {
    status.show(`run ${done + 1} of ${total}`);
  }).finally(() => {
    status.clear();
  });
  print(json ? toJson(found) : describeVerification(found));
  return found.damaged.length === 0 ? exitCodes.done : exitCodes.failed;
}

function describeVerification({ store, sound, unfinished, damaged, setAside }: Verification): string {
  const lines = [
    `${store}: ${plural(sound, 'run')} ${sound === 1 ? 'holds' : 'hold'} what was written`,
    ...(unfinished > 0 ? [`${unfinished} not finished`] : []),
    ...(setAside > 0 ? [`${setAside} damaged before, kept in ${path.join(store, 'damaged')}`] : []),
    ...damaged.map(({ problem }) => problem),
  ];
  return `${lines.join('\n')}\n`;
}

async function gc(store: RunStore, { dryRun, json }: StoreCommand, signal: AbortSignal): Promise<ExitCode> {
  const lock = await StoreLock.acquire(store.directory, {
    signal,
    onWait: holder => {
      const who = holder ? ` (process ${holder.pid} on ${holder.host.split(' ')[0]!})` : '';
      complain(`another job works on the store ${store.directory}${who}: waiting until it is done`);
    },
  });
  try {
    if (!dryRun) await store.clean();
    const found = await collect(store, dryRun);
    print(json ? toJson(found) : describeCollection(found, dryRun));
    return found.keptRuns === undefined ? exitCodes.done : exitCodes.failed;
  } finally {
    await lock.release();
  }
}

function describeCollection({ store, removed, keptRuns }: Collection, dryRun: boolean): string {
  const bytes = removed.reduce((sum, one) => sum + one.bytes, 0);
  const lines = [
    ...removed.map(one => `${one.path}  ${formatBytes(one.bytes)}  ${one.why}`),
    ...(keptRuns === undefined ? [] : [keptRuns]),
    `${formatBytes(bytes)} ${dryRun ? 'would be' : 'were'} freed in ${store}`,
  ];
  return `${lines.join('\n')}\n`;
}
