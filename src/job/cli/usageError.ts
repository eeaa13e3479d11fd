/** Wrong arguments: the message names the one. Exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(`${message} (winning-ticket --help shows what there is)`);
    this.name = 'UsageError';
  }
}
