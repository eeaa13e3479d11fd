/** Turns what zod found wrong with an experiment file into words: what is there, what may be there, what was meant. */
import type { z } from 'zod';
import { experimentJsonSchema } from './schema';

type Issue = z.core.$ZodIssue;
type Path = readonly (string | number)[];

/** The parts of JSON Schema that `experimentJsonSchema` uses. */
interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** A misspelt field explains a missing one, so it comes first. */
export function mostTelling(issues: readonly Issue[]): Issue {
  const unfolded = issues.flatMap(unfold);
  return unfolded.find(issue => issue.code === 'unrecognized_keys') ?? unfolded[0]!;
}

/** Of a value that may be of several kinds, what is wrong with it as the kind that it is. */
function unfold(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const inside = issue.errors.find(errors => errors.every(error => error.path.length > 0 || isOfKeys(error)));
  return inside && inside.length > 0
    ? inside.flatMap(error => unfold({ ...error, path: [...issue.path, ...error.path] }))
    : [issue];
}

function isOfKeys({ code }: Issue): boolean {
  return code === 'unrecognized_keys';
}

/** @param root the whole value that was validated */
export function explainIssue(issue: Issue, root: unknown): { path: Path; reason: string } {
  const path = issue.path.filter((part): part is string | number => typeof part !== 'symbol');
  const schema = experimentJsonSchema() as SchemaNode;
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const allowed = fieldsOf(nodeAt(schema, path, root), valueAt(root, path));
    return {
      path: [...path, key],
      reason: `is unknown${didYouMean(key, allowed) || '.'} Allowed here: ${allowed.join(', ')}`,
    };
  }
  const value = valueAt(root, path);
  const node = nodeAt(schema, path, root);
  const choices = choicesOf(node);
  const allowed = choices.length > 0 ? oneOf(choices) : inWords(node);
  // only the messages written in the schema itself say more than the JSON Schema does
  const written = /^(must|may) /.test(issue.message);
  const rule = written ? issue.message : `must be ${allowed}`;
  if (value === undefined) return { path, reason: `is missing: it ${rule}` };
  const hint = typeof value === 'string' ? didYouMean(value, choices.map(String)) : '';
  return { path, reason: `${rule}, not ${shorten(JSON.stringify(value))}${hint}` };
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) value = (value as Readonly<Record<string | number, unknown>> | null | undefined)?.[part];
  return value;
}

/** Of alternatives among alternatives, all. */
function alternatives(node: SchemaNode | undefined): readonly SchemaNode[] {
  const direct = node?.oneOf ?? node?.anyOf ?? [];
  return direct.flatMap(option => (option.oneOf || option.anyOf ? alternatives(option) : [option]));
}

/** The alternative of a discriminated union whose constants the value has. */
function chosen(node: SchemaNode | undefined, value: unknown): SchemaNode | undefined {
  const matches = (candidate: SchemaNode): boolean =>
    Object.entries(candidate.properties ?? {}).every(
      ([key, property]) => property.const === undefined || property.const === valueAt(value, [key]),
    );
  return alternatives(node).find(candidate => candidate.properties && matches(candidate)) ?? node;
}

function nodeAt(schema: SchemaNode, path: Path, root: unknown): SchemaNode | undefined {
  let node: SchemaNode | undefined = schema;
  path.forEach((part, depth) => {
    const around = chosen(node, valueAt(root, path.slice(0, depth)));
    // of a value or a list of values, the list
    if (typeof part === 'number') node = around?.items ?? alternatives(around).find(({ items }) => items)?.items;
    else if (around?.properties) node = around.properties[part];
    // the discriminator itself is wrong: all of its values are allowed
    else node = { enum: alternatives(around).flatMap(({ properties }) => properties?.[part]?.const ?? []) };
  });
  return node;
}

function fieldsOf(node: SchemaNode | undefined, value: unknown): string[] {
  return Object.keys(chosen(node, value)?.properties ?? {}).filter(name => name !== '$schema');
}

/** The values there are; of a value or an object, the values. */
function choicesOf(node: SchemaNode | undefined): readonly unknown[] {
  const named = node?.anyOf?.find(option => option.enum);
  if (named) return named.enum!;
  return node?.enum ?? (node?.const === undefined ? [] : [node.const]);
}

function oneOf(choices: readonly unknown[]): string {
  return (choices.length > 1 ? 'one of ' : '') + choices.map(choice => JSON.stringify(choice)).join(', ');
}

function inWords(node: SchemaNode | undefined): string {
  if (!node) return 'something else';
  const options = alternatives(node);
  if (options.length > 0) {
    if (options.every(option => option.type === 'object')) return 'an object in braces';
    return options.map(inWords).join(' or ');
  }
  switch (node.type) {
    case 'integer':
      return `a whole number${bounds(node)}`;
    case 'number':
      return `a number${bounds(node)}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return `a list in brackets of ${choicesOf(node.items).length > 0 ? oneOf(choicesOf(node.items)) : inWords(node.items)}`;
    case 'object':
      return 'an object in braces';
    case undefined:
    default:
      return `text in double quotes${node.description ? ` (${node.description.replace(/\.$/, '')})` : ''}`;
  }
}

function bounds(node: SchemaNode): string {
  const low = node.exclusiveMinimum ?? node.minimum;
  const high = node.exclusiveMaximum ?? node.maximum;
  const parts: string[] = [];
  if (low !== undefined && low > Number.MIN_SAFE_INTEGER) {
    parts.push(`${node.exclusiveMinimum === undefined ? '≥' : '>'} ${low}`);
  }
  if (high !== undefined && high < Number.MAX_SAFE_INTEGER) {
    parts.push(`${node.exclusiveMaximum === undefined ? '≤' : '<'} ${high}`);
  }
  return parts.length > 0 ? ` ${parts.join(' and ')}` : '';
}

function didYouMean(word: string, known: readonly string[]): string {
  const ranked = known
    .map(candidate => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, Math.floor(word.length / 3)) ? `: did you mean "${best.candidate}"?` : '';
}

/** Levenshtein: insertions, deletions and substitutions from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
