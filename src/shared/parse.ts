/**
 * Reads an experiment file: JSON with comments and trailing commas. Whatever is wrong becomes one `ExperimentError` that
 * names file, line, field and remedy.
 */
import {
  findNodeAtLocation,
  getNodeValue,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from 'jsonc-parser';
import { safeParse } from './check';
import { methodOf } from './compareConfig';
import { ExperimentError, experimentSchema, type ParsedExperiment, type TextPosition } from './experiment';
import { explainIssue, mostTelling } from './issues';

/** No experiment file comes near; keeps a wrong file from being parsed for minutes. */
export const maximumExperimentLength = 1_000_000;

type Path = readonly (string | number)[];

/**
 * @param text content of the file
 * @param file its path, for messages
 * @throws ExperimentError
 */
export function parseExperiment(text: string, file: string): ParsedExperiment {
  if (text.length > maximumExperimentLength) {
    throw new ExperimentError('', `holds ${text.length} characters: this is no experiment file`, file);
  }
  // editors on Windows write a byte-order mark, which is no part of JSON
  const root = readTree(text.replace(/^\uFEFF/, ' '), file);
  const value: unknown = getNodeValue(root);
  const result = safeParse(experimentSchema, value);
  if (!result.success) {
    const issue = mostTelling(result.error.issues);
    const { path, reason } = explainIssue(issue, value);
    throw new ExperimentError(fieldName(path), reason, file, positionOf(root, path, text));
  }
  const refuse = (path: Path, reason: string): never => {
    throw new ExperimentError(fieldName(path), reason, file, positionOf(root, path, text));
  };
  const { training, pruning, compare } = result.data;
  if (training.steps !== undefined && training.epochs !== undefined) {
    refuse(['training', 'epochs'], 'give either "steps" or "epochs", not both: remove one');
  }
  if (pruning.levels !== undefined && pruning.target !== undefined) {
    refuse(['pruning', 'target'], 'give either "levels" or "target", not both: remove one');
  }
  compare.forEach((given, i) => {
    const other = compare.findIndex(one => methodOf(one) === methodOf(given));
    // a bare name given twice is one comparison
    if (other === i || (typeof given === 'string' && compare[other] === given)) return;
    refuse(['compare', i], `"${methodOf(given)}" stands here twice, with different points: keep one`);
  });
  if (training.loss !== 'cross-entropy') {
    const needs = `needs the loss "cross-entropy", not "${training.loss}": change one of them`;
    if (training.labelSmoothing > 0) refuse(['training', 'labelSmoothing'], needs);
    if (training.classWeights !== undefined) refuse(['training', 'classWeights'], needs);
  }
  return result.data;
}

function readTree(text: string, file: string): Node {
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(text, errors, { allowTrailingComma: true });
    if (root) forbidDuplicates(root, text, file);
  } catch (error) {
    if (error instanceof RangeError)
      throw new ExperimentError('', 'is nested too deeply: this is no experiment file', file);
    throw error;
  }
  const first = errors[0];
  if (first) {
    throw new ExperimentError(
      '',
      `is not valid JSON: ${syntaxErrors[printParseErrorCode(first.error)] ?? 'unexpected text'}`,
      file,
      lineAndColumn(text, first.offset),
    );
  }
  if (root?.type !== 'object') {
    throw new ExperimentError('', 'must hold one JSON object, such as { "name": "my-experiment", … }', file);
  }
  return root;
}

const syntaxErrors: Readonly<Record<string, string>> = {
  InvalidSymbol: 'a name or text must stand in double quotes',
  InvalidNumberFormat: 'this is not a number',
  PropertyNameExpected: 'a field name in double quotes is expected here',
  ValueExpected: 'a value is expected here',
  ColonExpected: 'a colon is expected here',
  CommaExpected: 'a comma is missing before this',
  CloseBraceExpected: 'a closing } is missing',
  CloseBracketExpected: 'a closing ] is missing',
  EndOfFileExpected: 'there is text after the end of the object',
  InvalidCommentToken: 'this comment is not closed',
  UnexpectedEndOfComment: 'this comment is not closed',
  UnexpectedEndOfString: 'this text lacks its closing quote',
  UnexpectedEndOfNumber: 'this number is not complete',
  InvalidUnicode: 'a \\u escape needs four hexadecimal digits',
  InvalidEscapeCharacter: 'this escape is unknown: write \\\\ for a backslash',
  InvalidCharacter: 'control characters must be escaped',
};

/** JSON keeps the last of two fields with one name silently: a person would look at the other. */
function forbidDuplicates(node: Node, text: string, file: string): void {
  const seen = new Set<string>();
  for (const child of node.children ?? []) {
    if (node.type === 'object') {
      const key = child.children?.[0];
      const name = String(key?.value);
      if (key && seen.has(name)) {
        const field = fieldName([...pathOf(node), name]);
        throw new ExperimentError(field, 'is given twice: remove one', file, lineAndColumn(text, key.offset));
      }
      seen.add(name);
    }
    forbidDuplicates(child, text, file);
  }
}

function pathOf(node: Node): (string | number)[] {
  const parent = node.parent;
  if (!parent) return [];
  if (parent.type === 'property') return [...pathOf(parent), String(parent.children?.[0]?.value)];
  if (parent.type === 'array') return [...pathOf(parent), parent.children?.indexOf(node) ?? 0];
  return pathOf(parent);
}

/** `['compare', 0]` → `compare[0]` */
export function fieldName(path: Path): string {
  return path
    .map(part => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}

/** Where the field stands, or the nearest thing around it that is there. */
function positionOf(root: Node, path: Path, text: string): TextPosition {
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(root, path.slice(0, length));
    if (node) return lineAndColumn(text, (node.parent?.type === 'property' ? node.parent : node).offset);
  }
  return lineAndColumn(text, root.offset);
}

function lineAndColumn(text: string, offset: number): TextPosition {
  const lines = text.slice(0, offset).split(/\r\n|\n|\r/);
  return { line: lines.length, column: lines.at(-1)!.length + 1 };
}
