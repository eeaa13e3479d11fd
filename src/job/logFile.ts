/**
 * What a job said and did, a JSON object a line, for whoever looks into it later: `<store>/logs/<experiment>-<time>.jsonl`.
 * Everything in it is in the events that the job sends anyway. Bounded in size and number; a log that cannot be written is
 * no reason to stop, so nothing here throws.
 */
import { appendFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { version } from '../../package.json';
import { longestLogMessage, type LogLine } from '../shared/logLine';
import type { ExperimentStatus, Report, RunStatus } from '../shared/report';
import type { JobEvent } from './experiment';
import { Stop } from './stop';

type Fields = Readonly<Record<string, string | number | null>>;

export interface LogLimits {
  /** Of one file, bytes; then another is begun. */
  readonly bytes: number;
  /** In a store; the oldest go. */
  readonly files: number;
}

const defaultLimits: LogLimits = { bytes: 2 ** 20, files: 20 };

const fileName = /-(\d{8}T\d{9}Z)\.jsonl$/;

export class JobLog {
  private readonly directory: string;
  private file: string | null = null;
  private bytes = 0;
  private status: ExperimentStatus | null = null;
  private readonly runs = new Map<string, RunStatus>();

  constructor(
    store: string,
    private readonly experiment: string,
    private readonly limits = defaultLimits,
  ) {
    this.directory = path.join(store, 'logs');
  }

  /** The first line: what is at work, and where. */
  start(): void {
    const { pid, platform, arch, versions } = process;
    const system = { version, node: versions.node, platform: `${platform} ${arch}` };
    this.write('info', 'started', { experiment: this.experiment, pid, ...system });
  }

  /** Takes down what the event tells that is not down yet. */
  event(event: JobEvent): void {
    if (event.type === 'log') this.write(event.level, event.message);
    else if (event.type === 'report') this.report(event.report);
  }

  /** The last line of a job that ended without a report. */
  fail(error: unknown): void {
    const level = error instanceof Stop ? 'info' : 'error';
    this.write(level, `ended: ${error instanceof Error ? error.message : String(error)}`);
  }

  private report({ status, error, runs, executor, device }: Report): void {
    for (const run of runs) {
      const before = this.runs.get(run.key);
      if (before === run.status) continue;
      this.runs.set(run.key, run.status);
      // those that were there before the job began are nothing that it did
      if (before === undefined && run.status !== 'running') continue;
      const { key, method, level, replicate, seconds = null } = run;
      const fields = { run: key, method, pruningLevel: level, replicate, seconds };
      if (run.status === 'failed') this.write('error', `run failed: ${run.error ?? ''}`, fields);
      else this.write('info', `run ${run.status}`, fields);
    }
    if (status === this.status) return;
    this.status = status;
    const level = status === 'failed' ? 'error' : 'info';
    this.write(level, `experiment ${status}`, { executor, device, ...(error !== undefined && { error }) });
  }

  private write(level: LogLine['level'], message: string, fields: Fields = {}): void {
    const time = new Date().toISOString();
    const cut = Object.entries({ message, ...fields }).map(([name, value]) => {
      return [name, typeof value === 'string' ? value.slice(0, longestLogMessage) : value] as const;
    });
    const line = `${JSON.stringify({ time, level, ...Object.fromEntries(cut) })}\n`;
    try {
      const length = Buffer.byteLength(line);
      if (this.file === null || this.bytes + length > this.limits.bytes) this.begin(time);
      this.bytes += length;
      appendFileSync(this.file!, line);
    } catch {
      // a full disk, say: the job tells of it where it matters
    }
  }

  private begin(time: string): void {
    mkdirSync(this.directory, { recursive: true });
    this.file = path.join(this.directory, `${this.experiment}-${time.replace(/[-:.]/g, '')}.jsonl`);
    this.bytes = 0;
    const logs = readdirSync(this.directory).flatMap(name => {
      const began = fileName.exec(name)?.[1];
      return began === undefined ? [] : [{ name, began }];
    });
    logs.sort((a, b) => (a.began < b.began ? 1 : -1));
    for (const { name } of logs.slice(this.limits.files - 1)) rmSync(path.join(this.directory, name), { force: true });
  }
}
