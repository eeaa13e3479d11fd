import { StoreError } from '../files';

/** A run of the store does not hold what was written: it counts as nothing until it is set aside and computed anew. */
export class DamagedRunError extends StoreError {
  constructor(
    /** Of the run. */
    directory: string,
    readonly key: string,
    /** What is wrong with which of its files. */
    readonly damage: string,
  ) {
    super(
      directory,
      `run ${key} is damaged: ${damage}. Delete the folder ${directory} and run again: only this run is computed anew`,
    );
    this.name = 'DamagedRunError';
  }
}
