/** Writes little files of CIFAR for tests. */

/** Records whose labels are as given and whose colours are three different ramps. @param labels of each, one or two bytes */
export function records(labels: readonly (readonly number[])[]): Buffer {
  return Buffer.concat(
    labels.map(label => {
      const planes = [0, 1, 2].map(channel =>
        Uint8Array.from({ length: 1024 }, (_, i) => (i + 50 * channel + label.at(-1)!) % 256),
      );
      return Buffer.concat([Buffer.from(label), ...planes]);
    }),
  );
}

/** Of CIFAR-10. */
export function batch(labels: readonly number[]): Buffer {
  return records(labels.map(label => [label]));
}
