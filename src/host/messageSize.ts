/** How much a value from outside holds, before it is validated: that takes time for each value in it. No vscode. */

/**
 * Bounds of lists do not bound a message: lists lie in lists, and between processes one list may stand in many places at
 * the cost of one, or in itself.
 * @returns whether there are more than `most` entries in all its arrays and objects; stops looking then
 */
export function holdsMoreThan(value: unknown, most: number): boolean {
  let left = most;
  const waiting: object[] = [];
  const visit = (one: unknown): void => {
    if (typeof one === 'object' && one !== null && !ArrayBuffer.isView(one)) waiting.push(one);
  };
  visit(value);
  for (let holder = waiting.pop(); holder !== undefined; holder = waiting.pop()) {
    const entries: readonly unknown[] = Array.isArray(holder) ? holder : Object.values(holder);
    left -= entries.length;
    if (left < 0) return true;
    for (const entry of entries) visit(entry);
  }
  return false;
}
