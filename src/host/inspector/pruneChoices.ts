/** What "Prune a Copy…" asks, and the command line that it makes of the answers. Pure. */
import path from 'node:path';
import { sparsityGuidelines } from '../../shared/totals';

export interface PruneMethod {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  /** Options of the command line, without how much goes. */
  readonly options: readonly string[];
  /** Says by itself how much goes. */
  readonly fixed: boolean;
  /** Part of the copy's name; the share is added where it is asked for. */
  readonly suffix: string;
}

/** The middle of each range. */
const policy = Object.entries(sparsityGuidelines)
  .map(([kind, { least, most }]) => `${kind}=${((least + most) / 2).toFixed(2)}`)
  .join(',');

const method = (
  label: string,
  description: string,
  detail: string,
  options: readonly string[],
  suffix: string,
  fixed = false,
): PruneMethod => ({ label, description, detail, options, suffix, fixed });

export const pruneMethods: readonly PruneMethod[] = [
  method(
    'Magnitude, global',
    'the smallest weights of the whole network go',
    'The rule of the lottery-ticket papers for convolutional networks; layers end up unevenly sparse.',
    ['--method', 'magnitude', '--scope', 'global'],
    'pruned',
  ),
  method(
    'Magnitude, layer by layer',
    'the smallest weights of each tensor go',
    'The same share everywhere: no layer runs empty.',
    ['--method', 'magnitude', '--scope', 'layer'],
    'pruned',
  ),
  method(
    'Magnitude by role',
    `a share of its own for each part of a transformer: ${policy.replaceAll(',', ', ')}`,
    'The middle of the guideline that the inspector shows.',
    ['--method', 'magnitude', '--scope', 'layer', '--role-policy', policy],
    'pruned-by-role',
    true,
  ),
  method(
    '2:4',
    'of every 4 neighbouring inputs, the 2 largest stay',
    'What sparse tensor cores run; half of the weights go.',
    ['--method', 'n:m', '--pattern', '2:4'],
    'pruned-2-4',
    true,
  ),
  method(
    '4:8',
    'of every 8 neighbouring inputs, the 4 largest stay',
    'Half of the weights go, more freely than with 2:4.',
    ['--method', 'n:m', '--pattern', '4:8'],
    'pruned-4-8',
    true,
  ),
  method(
    'Whole outputs',
    'filters and rows of the smallest norm go',
    'Shapes stay as they are; the outputs are 0.',
    ['--method', 'structured', '--scope', 'global'],
    'pruned-outputs',
  ),
];

/** Percent of the weights that stay. */
export const densities = [50, 20, 10, 5, 2] as const;

/** "10", "2.5 %", "2,5": percent above 0, up to 100. @returns words where it is none */
export function readDensity(text: string): number | string {
  const value = Number(text.replace('%', '').replace(',', '.').trim());
  return value > 0 && value <= 100 ? value : 'A number above 0, up to 100: percent of the weights that stay.';
}

/**
 * Where the copy goes: beside the file; a file of several parts goes into a folder of its own, because its parts keep
 * their names.
 * @param density percent; null where the method says it
 */
export function copyPath(file: string, { suffix }: PruneMethod, density: number | null): string {
  const ending = `${suffix}${density === null ? '' : `-${density}`}`;
  const { dir, base } = path.parse(file);
  if (base.endsWith('.json')) return path.join(dir, ending, base);
  const [, stem, extension] = /^(.+?)((?:\.pth\.tar|\.weights\.h5|\.[^.]*)?)$/i.exec(base) ?? [];
  return path.join(dir, `${stem ?? base}-${ending}${extension ?? ''}`);
}

/** @param density percent; null where the method says it. @param overwrite a person was asked about it */
export function pruneArguments(
  file: string,
  out: string,
  { options }: PruneMethod,
  density: number | null,
  overwrite: boolean,
): string[] {
  // a path that begins with a dash is still a path
  return [
    'prune',
    path.resolve(file),
    '--out',
    path.resolve(out),
    ...options,
    ...(density === null ? [] : ['--density', String(density / 100)]),
    ...(overwrite ? ['--overwrite'] : []),
    '--json',
  ];
}
