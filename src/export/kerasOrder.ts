/** The order in which Keras has the layers of a Functional model, by which it takes the weights of an HDF5 file. */

interface Feeding {
  readonly name: string;
  /** Names of the layers that feed it, in order. */
  readonly inputs: readonly string[];
}

/**
 * Farthest from the output first; among those as far, in the order in which they are met on the way from the output back:
 * `map_graph` in keras/src/ops/function.py, and the same in Keras 2.
 * @param layers each after those that feed it; the last gives the output
 */
export function kerasOrder<T extends Feeding>(layers: readonly T[]): T[] {
  const byName = new Map(layers.map(layer => [layer.name, layer]));
  const depths = new Map<string, number>();
  for (const { name, inputs } of layers.toReversed()) {
    const depth = depths.get(name) ?? 0;
    depths.set(name, depth);
    for (const input of inputs) depths.set(input, Math.max(depth + 1, depths.get(input) ?? 0));
  }
  const met = new Map<string, number>();
  const waiting = layers.slice(-1).map(({ name }) => name);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (met.has(name)) continue;
    met.set(name, met.size);
    waiting.push(...(byName.get(name)?.inputs ?? []).toReversed());
  }
  return [...layers].sort((a, b) => {
    return depths.get(b.name)! - depths.get(a.name)! || (met.get(a.name) ?? 0) - (met.get(b.name) ?? 0);
  });
}
