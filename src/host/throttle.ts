/** For views of what changes many times a second. No vscode. */

/** How often a view outside a webview is drawn anew. */
export const viewMilliseconds = 250;

/** Acts soon after it is asked to, and once for all that ask meanwhile. */
export class Throttle {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly milliseconds: number,
    private readonly act: () => void,
  ) {}

  ask(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.act();
    }, this.milliseconds);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}
