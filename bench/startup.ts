/**
 * A whole experiment of one training step on MNIST, from starting the CLI to its exit (so an upper bound for the time to the
 * first step), and the most memory that a longer one ever holds.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export async function benchStartup(mnist: string): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wt-bench-'));
  try {
    const seconds: number[] = [];
    for (let run = 0; run < 5; run++)
      seconds.push((await runCli(folder, mnist, `one-step-${String(run)}`, 1, 0)).seconds);
    seconds.sort((a, b) => a - b);
    console.log(
      `\na whole experiment of one training step: median ${seconds[2]!.toFixed(2)} s of ${seconds.map(s => s.toFixed(2)).join(', ')}`,
    );
    const { peakMegabytes } = await runCli(folder, mnist, 'memory', 1000, 3);
    console.log(
      `most memory held: ${peakMegabytes > 0 ? `${peakMegabytes.toFixed(0)} MB` : 'not measured on this system'}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runCli(
  folder: string,
  mnist: string,
  name: string,
  steps: number,
  levels: number,
): Promise<{ seconds: number; peakMegabytes: number }> {
  const experiment = path.join(folder, `${name}.ticket.json`);
  const data = { format: 'idx', directory: mnist, validation: 5000 };
  const training = { steps, batchSize: 60 };
  writeFileSync(
    experiment,
    JSON.stringify({ name, model: 'builtin:lenet-300-100', data, training, pruning: { levels } }),
  );
  const begin = performance.now();
  const child = spawn(process.execPath, ['dist/cli.js', 'run', experiment, '--store', path.join(folder, name)], {
    stdio: 'ignore',
  });
  let peakMegabytes = 0;
  const sampler = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${String(child.pid)}/status`, 'utf8');
      peakMegabytes = Math.max(peakMegabytes, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // not Linux, or the process has just ended
    }
  }, 50);
  const code = await new Promise(resolve => child.once('exit', resolve));
  clearInterval(sampler);
  if (code !== 0) throw new Error(`the CLI ended with ${String(code)}`);
  return { seconds: (performance.now() - begin) / 1000, peakMegabytes };
}
