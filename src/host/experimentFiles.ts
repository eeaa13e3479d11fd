/** Writing and reading experiment files, as text. Pure. */
import { applyEdits, findNodeAtLocation, getNodeValue, modify, parseTree, type Node } from 'jsonc-parser';
import { usualControls, type Comparison } from '../shared/compareConfig';
import type { ExperimentFile } from '../shared/experiment';
import type { Recipe } from './recipes';
import { isExperimentName } from './validate';

export const experimentSuffix = '.ticket.json';

export const controlChoices: readonly {
  readonly label: string;
  readonly detail: string;
  readonly compare: readonly Comparison[];
}[] = [
  {
    label: 'All controls',
    detail: 'One-shot pruning, fresh weights, random masks: shows whether a ticket is better than chance',
    compare: usualControls,
  },
  {
    label: 'One-shot only',
    detail: 'Compares with pruning in one cut; not shown to be better than chance',
    compare: ['one-shot'],
  },
  { label: 'None', detail: 'Iterative pruning alone; not shown to be better than chance', compare: [] },
];

/** The built-in example: a small whole experiment that needs nothing downloaded, about a minute on two cores. */
export const example = {
  name: 'lenet-digits',
  /** In the folder of the extension; its text is what is written, comments and all. */
  file: 'media/examples/digits.ticket.json',
} as const;

/** A whole file that can be edited. */
export function newExperiment(choice: {
  readonly name: string;
  readonly model: string;
  /** Left out: the model has no weights of its own to start from. */
  readonly start?: 'fresh' | 'file';
  readonly data: ExperimentFile['data'];
  readonly recipe: Recipe;
  readonly compare: readonly Comparison[];
}): ExperimentFile {
  const { name, model, start, data, recipe, compare } = choice;
  const own = start === undefined ? {} : { start };
  return { name, model, ...own, data, ...recipe, compare: [...compare], replicates: 1, seed: 0 };
}

/** What a start means, beside it. */
const startComments = {
  fresh: 'starts from new weights drawn from the seed; "file": from the weights in the model file',
  file: 'starts from the weights in the model file, and rewinds to them; "fresh": from new weights drawn from the seed',
} as const;

export function experimentText(experiment: ExperimentFile): string {
  const text = `${JSON.stringify(experiment, null, 2)}\n`;
  const { start } = experiment;
  return start === undefined ? text : text.replace(/^ {2}"start": .*$/m, line => `${line} // ${startComments[start]}`);
}

/** A name an experiment may have, made from any words: "My model" → "My-model"; "experiment" where nothing is left. */
export function toExperimentName(words: string): string {
  const name = words
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+/, '')
    .slice(0, 100)
    .replace(/[-.]+$/, '');
  return isExperimentName(name) ? name : 'experiment';
}

/** The first of name, name-2, name-3, … that is not taken. */
export function freeName(name: string, taken: (name: string) => boolean): string {
  for (let i = 1; ; i++) {
    const candidate = i === 1 ? name : `${name}-${i}`;
    if (!taken(candidate)) return candidate;
  }
}

/**
 * Where the value of a field stands, e.g. `pruning.rate` or `compare[0]`: its offset and length in UTF-16 units. Of a
 * field that is missing, the nearest around it.
 */
export function placeOfField(text: string, field: string): { readonly offset: number; readonly length: number } | null {
  const tree = readTree(text);
  if (!tree || field === '') return null;
  const path = [...field.matchAll(/[^.[\]]+/g)].map(([part]) => (/^\d+$/.test(part) ? Number(part) : part));
  for (; path.length > 0; path.pop()) {
    const node = findNodeAtLocation(tree, path);
    if (node) return node;
  }
  return null;
}

/** null where there is nothing, or what no experiment file is: nested too deeply to be read. */
function readTree(text: string): Node | null {
  try {
    return parseTree(text, [], { allowTrailingComma: true }) ?? null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/**
 * The file with all the usual controls in `compare`, comments and layout kept; the same text where none is missing, or where it
 * cannot be read.
 */
export function withAllControls(text: string): string {
  const tree = readTree(text);
  if (!tree) return text;
  const node = findNodeAtLocation(tree, ['compare']);
  const present = (node?.children ?? []).map(child => getNodeValue(child) as unknown);
  const named = present.map(one => (typeof one === 'object' && one !== null && 'method' in one ? one.method : one));
  const missing = usualControls.filter(control => !named.includes(control));
  if (missing.length === 0) return text;
  const indent = /\n(\s+)\S/.exec(text)?.[1] ?? '  ';
  const formattingOptions = { insertSpaces: !indent.startsWith('\t'), tabSize: indent.length, eol: '\n' };
  return applyEdits(text, modify(text, ['compare'], [...present, ...missing], { formattingOptions }));
}
