/** Lets so much work run at a time; what comes later waits in its order. */
export class Limit {
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(private readonly most: number) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.most) await new Promise<void>(resolve => this.waiting.push(resolve));
    else this.running++;
    try {
      return await work();
    } finally {
      // its place goes to the next one, or is given back
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}
