/** Things to do, each once, in an order that may still change. */
export class Wishes {
  /** The most urgent last; what is done already is passed over. */
  private readonly order: number[];
  private readonly left: Set<number>;

  constructor(wanted: readonly number[]) {
    this.order = wanted.toReversed();
    this.left = new Set(wanted);
  }

  /** Those of them that are not done yet go first. */
  prefer(wanted: readonly number[]): void {
    for (const wish of wanted.toReversed()) {
      if (this.left.has(wish)) this.order.push(wish);
    }
  }

  /** Null where nothing is left. */
  next(): number | null {
    for (;;) {
      const wish = this.order.pop();
      if (wish === undefined) return null;
      if (this.left.delete(wish)) return wish;
    }
  }
}
