/** A checkpoint file that cannot be read: names the file and the reason. */
export class CheckpointError extends Error {
  constructor(
    readonly file: string,
    reason: string,
  ) {
    super(`${file}: ${reason}`);
    this.name = 'CheckpointError';
  }
}
