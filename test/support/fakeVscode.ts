/** Stands in for the parts of VS Code's interface that behave the same in every test; the rest each test brings itself. */

export const nothing = { dispose: (): void => undefined };

export class EventEmitter<T> {
  private readonly listeners = new Set<(value: T) => void>();
  readonly event = (listener: (value: T) => void): { dispose(): void } => {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  };

  fire(value: T): void {
    for (const listener of this.listeners) listener(value);
  }

  dispose(): void {
    this.listeners.clear();
  }
}

export const Disposable = {
  from: (...all: { dispose(): unknown }[]): { dispose(): void } => ({
    dispose: () => {
      for (const one of all) one.dispose();
    },
  }),
};
