const [quote, backslash, colon] = [0x22, 0x5c, 0x3a];

/**
 * The first key that some object of a JSON text holds twice, or null. `JSON.parse` keeps the last one silently, so that
 * two readers of one file could see different tensors. A scan rather than a pattern: a pattern overflows the stack on a
 * string of many megabytes.
 * @param text valid JSON
 */
export function duplicateKey(text: string): string | null {
  /** Keys seen in each object that is open; null for an array. */
  const open: (Set<string> | null)[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(null);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = endOfString(text, i);
      const keys = open.at(-1);
      if (keys && text.charCodeAt(skipSpace(text, end)) === colon) {
        const key = JSON.parse(text.slice(i, end)) as string;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      i = end - 1;
    }
  }
  return null;
}

/** @returns position after the closing quote of the string that opens at `start` */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (text.charCodeAt(i) !== quote) i += text.charCodeAt(i) === backslash ? 2 : 1;
  return i + 1;
}

function skipSpace(text: string, start: number): number {
  let i = start;
  while (text.charCodeAt(i) <= 0x20) i++;
  return i;
}
