/** One level cursor for chart, table and heatmap: hovered while the pointer or the keyboard is there, pinned by a click. */
export class LevelCursor {
  hovered: number | null = null;
  private readonly listeners: (() => void)[] = [];

  constructor(public pinned: number | null) {}

  get active(): number | null {
    return this.hovered ?? this.pinned;
  }

  readonly hover = (level: number | null): void => {
    if (level === this.hovered) return;
    this.hovered = level;
    this.changed();
  };

  /** Pins a level; the pinned one is let go. */
  readonly pick = (level: number): void => {
    this.pinned = this.pinned === level ? null : level;
    this.changed();
  };

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}
