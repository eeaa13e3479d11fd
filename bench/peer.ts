/** A peer in another process that does one level for each line it is sent. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Peer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    readonly version: string,
  ) {}

  /** @returns null where the interpreter or what the script imports is missing */
  static async start(command: string, args: readonly string[]): Promise<Peer | null> {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    const missing = new Promise<null>(resolve => {
      child.once('error', () => {
        resolve(null);
      });
      child.once('exit', () => {
        resolve(null);
      });
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await Promise.race([missing, lines.next()]);
    if (first === null || first.done) return null;
    return new Peer(child, lines, (JSON.parse(first.value) as { version: string }).version);
  }

  async level(): Promise<{ readonly kept: number; readonly train: number; readonly total: number }> {
    this.child.stdin!.write('level\n');
    const line = await this.lines.next();
    if (line.done) throw new Error('the peer ended early');
    return JSON.parse(line.value) as { kept: number; train: number; total: number };
  }

  stop(): void {
    this.child.stdin!.end();
  }
}
