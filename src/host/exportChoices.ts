/** What "Export Ticket…" asks, and the command line that it makes of the answers. Pure. */
import path from 'node:path';
import { formatCount, formatShare } from '../shared/format';
import { qualityOf } from '../shared/quality';
import type { Report } from '../shared/report';
import { experimentDirectory, type ExperimentRef } from './store';

export interface LevelChoice {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly level: number;
}

export interface FormatChoice {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  /** Ending of the file. */
  readonly extension: string;
  /** Of the command line. */
  readonly options: readonly string[];
}

/** Levels of the iterative series that are there, the winning ticket first, then the sparsest. */
export function levelChoices(report: Report): LevelChoice[] {
  const { verdict, series } = report;
  const quality = qualityOf(report);
  const wins = (level: number): boolean => verdict.found && verdict.level === level;
  const points = series.find(({ method }) => method === 'iterative')?.points ?? [];
  return [...points]
    .sort((a, b) => Number(wins(b.level)) - Number(wins(a.level)) || b.level - a.level)
    .map(point => ({
      label: point.level === 0 ? 'Level 0, dense' : `Level ${String(point.level)}`,
      description: `${quality.phrase(quality.of(point))}${wins(point.level) ? ', the winning ticket' : ''}`,
      detail: `${formatCount(point.kept)} of ${formatCount(point.total)} weights kept (${formatShare(point.kept / point.total)})`,
      level: point.level,
    }));
}

const whole = 'Starting weights, mask and trained weights, and where they come from.';

export const formatChoices: readonly FormatChoice[] = [
  {
    label: 'safetensors',
    description: 'one file that most frameworks read',
    detail: whole,
    extension: 'safetensors',
    options: ['--format', 'safetensors'],
  },
  {
    label: 'PyTorch',
    description: 'torch.load(weights_only=True)',
    detail: `${whole} Names and layouts are PyTorch's.`,
    extension: 'pt',
    options: ['--format', 'pt'],
  },
  {
    label: 'PyTorch, a plain state_dict',
    description: 'for load_state_dict',
    detail: 'Trained weights only, with the zeros written in.',
    extension: 'pt',
    options: ['--format', 'pt', '--what', 'trained'],
  },
  {
    label: 'PyTorch, weight_orig and weight_mask',
    description: 'for modules under torch.nn.utils.prune',
    detail: 'Trained weights and their masks, so that training can go on under them.',
    extension: 'pt',
    options: ['--format', 'pt', '--what', 'trained', '--mask-pairs'],
  },
  {
    label: 'Keras',
    description: 'keras.models.load_model, Keras 2 and 3',
    detail: 'The model with its trained weights, the zeros written in; start and mask in groups beside them.',
    extension: 'h5',
    options: ['--format', 'h5'],
  },
  {
    label: 'TensorFlow.js',
    description: 'tf.loadLayersModel',
    detail: 'model.json and its weights, the zeros written in; start and mask in a safetensors file beside them.',
    extension: 'json',
    options: ['--format', 'tfjs'],
  },
  {
    label: 'NumPy',
    description: 'numpy.load, .npz',
    detail: whole,
    extension: 'npz',
    options: ['--format', 'npz'],
  },
];

/** Beside the store, named for the experiment and the level. */
export function exportPath({ store, name }: ExperimentRef, level: number, { extension }: FormatChoice): string {
  return path.join(path.dirname(store), `${name}-level-${String(level)}.${extension}`);
}

/** @param overwrite a person has agreed to it */
export function exportArguments(
  ref: ExperimentRef,
  level: number,
  { options }: FormatChoice,
  out: string,
  overwrite: boolean,
): string[] {
  const place = ['export', experimentDirectory(ref), '--level', String(level), `--out=${out}`];
  return [...place, ...options, ...(overwrite ? ['--overwrite'] : [])];
}
