/** Gathers results that come one by one, so that a page is told of many at once. */
import { mostResults } from '../../shared/inspectorView';

/** A page that draws 20 times a second looks live. */
const milliseconds = 50;

export class Batch<T> {
  private items: T[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly send: (items: readonly T[]) => void) {}

  add(item: T): void {
    this.items.push(item);
    if (this.items.length >= mostResults) this.flush();
    else
      this.timer ??= setTimeout(() => {
        this.flush();
      }, milliseconds);
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { items } = this;
    this.items = [];
    if (items.length > 0) this.send(items);
  }

  drop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.items = [];
  }
}
