/**
 * The Python literals that headers of .npy are made of: dictionaries, lists, tuples, strings, whole numbers, True, False
 * and None. Parsed, never evaluated.
 */
export type Literal = string | number | boolean | null | readonly Literal[] | ReadonlyMap<string, Literal>;

/** Structured types nest lists and tuples; none in use comes near. */
const maximumDepth = 16;
const tokens = /\s*(?:([{}[\](),:])|'([^'\\\n]*)'|"([^"\\\n]*)"|(-?\d{1,16})L?(?![\w.])|(True|False|None)(?!\w))/y;

/** @throws SyntaxError where the text is anything else, or nested deeper than 16 */
export function parseLiteral(text: string): Literal {
  tokens.lastIndex = 0;
  const value = parseValue(next(text), text, 0);
  if (text.slice(tokens.lastIndex).trim() !== '') throw unexpected(text);
  return value;
}

type Token = { readonly mark: string } | { readonly value: string | number | boolean | null };

function next(text: string): Token {
  const at = tokens.lastIndex;
  const match = tokens.exec(text);
  if (!match) {
    tokens.lastIndex = at;
    throw unexpected(text);
  }
  const [, mark, single, double, number, word] = match;
  if (mark !== undefined) return { mark };
  if (number !== undefined) return { value: Number(number) };
  if (word !== undefined) return { value: word === 'None' ? null : word === 'True' };
  return { value: single ?? double ?? '' };
}

function unexpected(text: string): SyntaxError {
  const rest = text.slice(tokens.lastIndex).trimStart().slice(0, 20);
  return new SyntaxError(rest === '' ? 'it ends too soon' : `${JSON.stringify(rest)} is not expected`);
}

function parseValue(token: Token, text: string, depth: number): Literal {
  if ('value' in token) return token.value;
  if (depth >= maximumDepth) throw new SyntaxError(`it is nested deeper than ${maximumDepth}`);
  if (token.mark === '{') return parseDictionary(text, depth + 1);
  if (token.mark === '[') return parseItems(text, ']', depth + 1).items;
  if (token.mark !== '(') throw unexpected(text);
  const { items, commas } = parseItems(text, ')', depth + 1);
  // brackets around one value make no tuple without a comma
  return items.length === 1 && commas === 0 ? items[0]! : items;
}

function parseItems(text: string, end: string, depth: number): { items: Literal[]; commas: number } {
  const items: Literal[] = [];
  let commas = 0;
  let token = next(text);
  while (!('mark' in token && token.mark === end)) {
    items.push(parseValue(token, text, depth));
    token = next(text);
    if (!('mark' in token)) throw unexpected(text);
    if (token.mark === ',') {
      commas++;
      token = next(text);
    } else if (token.mark !== end) throw unexpected(text);
  }
  return { items, commas };
}

function parseDictionary(text: string, depth: number): ReadonlyMap<string, Literal> {
  const entries = new Map<string, Literal>();
  let token = next(text);
  while (!('mark' in token && token.mark === '}')) {
    if (!('value' in token) || typeof token.value !== 'string') throw unexpected(text);
    const key = token.value;
    if (entries.has(key)) throw new SyntaxError(`it holds the key ${JSON.stringify(key)} twice`);
    const colon = next(text);
    if (!('mark' in colon) || colon.mark !== ':') throw unexpected(text);
    entries.set(key, parseValue(next(text), text, depth));
    token = next(text);
    if (!('mark' in token)) throw unexpected(text);
    if (token.mark === ',') token = next(text);
    else if (token.mark !== '}') throw unexpected(text);
  }
  return entries;
}
