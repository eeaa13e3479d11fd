/** A peer in another process that answers each line with a line of JSON. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Peer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
    private readonly complaints: () => string,
    readonly version: string,
  ) {}

  /** @returns null where the interpreter or what the script imports is missing */
  static async start(command: string, args: readonly string[]): Promise<Peer | null> {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let complaints = '';
    child.stderr.on('data', (text: Buffer) => {
      complaints = (complaints + text.toString()).slice(-2000);
    });
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
    return new Peer(child, lines, () => complaints, (JSON.parse(first.value) as { version: string }).version);
  }

  /** What it answers is for the caller to know: both ends are files of this folder. */
  async ask(line: string): Promise<unknown> {
    this.child.stdin!.write(`${line}\n`);
    const answer = await this.lines.next();
    if (answer.done) throw new Error(`the peer ended early, at ${line}\n${this.complaints()}`);
    return JSON.parse(answer.value);
  }

  stop(): void {
    this.child.stdin!.end();
  }
}
