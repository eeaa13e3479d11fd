const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const opening = new Set([0x5b, 0x7b]);
const closing = new Set([0x5d, 0x7d]);

/**
 * Why a JSON text would take far more memory than its size once parsed, or null. Looks at brackets and commas only:
 * whether it is JSON at all, the parser says.
 * @param json UTF-8
 * @param depth of objects and lists within each other at most
 * @param values of all objects and lists together at most
 */
export function beyondBounds(json: Uint8Array, depth: number, values: number): string | null {
  let [open, commas] = [0, 0];
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]!;
    if (byte === quote) {
      i++;
      while (i < json.length && json[i] !== quote) i += json[i] === backslash ? 2 : 1;
    } else if (byte === comma) {
      if (++commas > values) return `holds more than ${values} values`;
    } else if (opening.has(byte)) {
      if (++open > depth) return `is nested deeper than ${depth}`;
      // each may be empty, so that commas alone would not count them all
      if (++commas > values) return `holds more than ${values} values`;
    } else if (closing.has(byte)) open--;
  }
  return null;
}
