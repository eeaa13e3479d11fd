import type { ExperimentRef } from '../../src/host/store';
import type { StoreFile } from '../../src/host/storeWatch';

/** Stands in for the watching of stores: what is found in them, and what is told of them, is as a test says. */
export class FakeStoreWatch {
  found: ExperimentRef[] = [];
  private listener: (file: StoreFile) => void = () => undefined;

  readonly find = (): Promise<ExperimentRef[]> => Promise.resolve(this.found);

  readonly onDidChange = (listener: (file: StoreFile) => void): { dispose(): void } => {
    this.listener = listener;
    return { dispose: () => undefined };
  };

  tell(file: StoreFile): void {
    this.listener(file);
  }
}
