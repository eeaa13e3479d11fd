/** Processes as Linux lists them. */
import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether it runs: one that has ended and that nobody has waited for does not. */
export function isAlive(pid: number): boolean {
  try {
    // the name, in brackets, may hold anything
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** @returns how many seconds it went on for; it is killed where it does not stop at all */
export async function gone(pid: number): Promise<number> {
  const since = performance.now();
  while (isAlive(pid)) {
    if (performance.now() - since > 20_000) process.kill(pid, 'SIGKILL');
    await sleep(5);
  }
  return (performance.now() - since) / 1000;
}

/** Memory in MiB. `resident` counts shared pages whole, `proportional` by its share of them; null once the process is gone. */
export function memoryOf(pid: number): { readonly resident: number; readonly proportional: number } | null {
  try {
    const resident = mebibytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS');
    const proportional = mebibytes(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss');
    return { resident, proportional };
  } catch {
    return null;
  }
}

function mebibytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024;
}

/** Those of a process group whose command line holds the text. */
export function inGroup(group: number, text: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0 && isAlive(pid) && groupOf(pid) === group && commandLine(pid).includes(text));
}

function groupOf(pid: number): number {
  return Number(/\) \S \d+ (\d+)/.exec(readText(`/proc/${pid}/stat`))?.[1]);
}

function commandLine(pid: number): string {
  return readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

/** Nothing where the process is gone. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
