/**
 * The first key that some object of a JSON text holds twice, or null. `JSON.parse` keeps the last one silently, so that
 * two readers of one file could see different tensors.
 * @param text valid JSON
 */
export function duplicateKey(text: string): string | null {
  /** Keys seen in each object that is open; null for an array. */
  const open: (Set<string> | null)[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]]/gsu;
  const isKey = /\s*:/y;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const found = match[0];
    if (found === '{') open.push(new Set());
    else if (found === '[') open.push(null);
    else if (found === '}' || found === ']') open.pop();
    else {
      isKey.lastIndex = token.lastIndex;
      const keys = open.at(-1);
      if (!keys || !isKey.test(text)) continue;
      const key = JSON.parse(found) as string;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return null;
}
