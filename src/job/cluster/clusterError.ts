/** A program of the cluster is missing, refuses, or answers what nobody understands: says which and what to do. */
export class ClusterError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClusterError';
  }
}
