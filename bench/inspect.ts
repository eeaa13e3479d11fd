/**
 * The inspector on a large safetensors file in the page cache: time to the list of tensors, full statistics against five
 * reductions in PyTorch on the same file in turn, and the most memory that the inspector's process holds.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { HostToInspector, InspectorToHost } from '../src/shared/inspectorMessages';
import { writeCheckpoint, type GeneratedFile } from './inspectFile';
import { markdownTable } from './markdown';
import { Peer } from './peer';
import type { Settings } from './settings';

export async function benchInspect(settings: Settings): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wt-inspect-'));
  try {
    for (const dtype of ['F32', 'BF16'] as const) {
      const file = path.join(folder, `${dtype}.safetensors`);
      const generated = writeCheckpoint(file, settings.inspectBytes, dtype);
      await benchFile(file, generated, dtype, settings);
      rmSync(file);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function benchFile(file: string, generated: GeneratedFile, dtype: string, settings: Settings): Promise<void> {
  const { bytes } = generated;
  console.log(`\ninspector: ${dtype} safetensors, ${(bytes / 1e9).toFixed(2)} GB, warm`);
  const peer = await Peer.start(settings.python, ['bench/peers/inspect_reductions.py', file, String(settings.threads)]);
  const first: number[] = [];
  const ours: number[] = [];
  const theirs: number[] = [];
  let megabytes = 0;
  // the first round warms the page cache and is not counted
  for (let round = 0; round <= settings.rounds; round++) {
    const inspector = new InspectorProcess();
    const open = await inspector.open(file);
    // as the first editor of a window: threads and compiler have yet to start
    const { seconds, zeros } = await inspector.statistics(open);
    if (zeros !== generated.zeros) throw new Error(`${zeros} zeros were counted of ${generated.zeros}`);
    megabytes = Math.max(megabytes, inspector.peakMegabytes());
    inspector.stop();
    const answer = (await peer?.ask('go')) as { seconds: number; zeros: number } | undefined;
    if (answer && answer.zeros !== zeros) throw new Error(`PyTorch counts ${answer.zeros} zeros, not ${zeros}`);
    if (round === 0) continue;
    first.push(open.seconds);
    ours.push(seconds);
    if (answer) theirs.push(answer.seconds);
  }
  peer?.stop();
  const row = (name: string, seconds: readonly number[]): string[] => {
    const middle = median(seconds);
    return [name, middle.toFixed(3), Math.min(...seconds).toFixed(3), (bytes / middle / 1e9).toFixed(2)];
  };
  const rows = [row('full statistics', ours)];
  if (peer) rows.push(row(`${peer.version}, five reductions`, theirs));
  console.log(markdownTable(['', 'median s', 'best s', 'GB/s'], rows));
  if (peer) console.log(`ratio ${(median(theirs) / median(ours)).toFixed(2)}`);
  console.log(`from the start of the process to the list of tensors: median ${(median(first) * 1000).toFixed(0)} ms`);
  console.log(`most memory held: ${megabytes > 0 ? `${megabytes.toFixed(0)} MB` : 'not measured on this system'}`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

interface Opened {
  readonly id: number;
  readonly tensors: number;
  /** Since the process was started. */
  readonly seconds: number;
}

class InspectorProcess {
  private readonly started = performance.now();
  private readonly child: ChildProcess = fork('dist/inspector.js', [], { serialization: 'advanced' });
  private requests = 0;

  async open(file: string): Promise<Opened> {
    const id = ++this.requests;
    let tensors = 0;
    await this.ask({ type: 'open', id, source: { path: file } }, message => {
      if (message.type === 'opened') tensors = message.tensorCount;
    });
    return { id, tensors, seconds: (performance.now() - this.started) / 1000 };
  }

  async statistics({ id: file, tensors }: Opened): Promise<{ seconds: number; zeros: number }> {
    const begin = performance.now();
    let zeros = 0;
    const all = Array.from({ length: tensors }, (_, index) => index);
    await this.ask({ type: 'statistics', id: ++this.requests, file, tensors: all }, message => {
      if (message.type === 'statistics' && message.result.ok) zeros += message.result.statistics.zeros;
    });
    return { seconds: (performance.now() - begin) / 1000, zeros };
  }

  peakMegabytes(): number {
    try {
      const status = readFileSync(`/proc/${String(this.child.pid)}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
    } catch {
      return 0; // not Linux
    }
  }

  stop(): void {
    this.child.disconnect();
  }

  private ask(
    message: HostToInspector & { readonly id: number },
    receive: (message: InspectorToHost) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const listener = (answer: InspectorToHost): void => {
        if (!('id' in answer) || answer.id !== message.id) return;
        if (answer.type === 'done') {
          this.child.off('message', listener);
          resolve();
        } else if (answer.type === 'failed') reject(new Error(answer.message));
        else receive(answer);
      };
      this.child.on('message', listener);
      this.child.once('exit', code => {
        reject(new Error(`the inspector ended with ${String(code)}`));
      });
      this.child.send(message);
    });
  }
}
