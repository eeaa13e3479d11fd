/** Every method always has the same colour, dash and marker, so that a chart reads without colour. */
import { methodNames } from '../../src/shared/format';
import type { Method } from '../../src/shared/report';

export type StyleId = Method | 'dense';
export const styleIds: readonly StyleId[] = ['dense', 'iterative', 'one-shot', 'random-reinit', 'random-mask'];

export interface SeriesStyle {
  readonly label: string;
  /** What the method is, for a tooltip. */
  readonly explanation: string;
  /** Variable of the theme that names the colour; `palette.ts` makes of it what is drawn. */
  readonly variable: string;
  /** Oklab hue in degrees where the theme's colour is missing or too near another; null: grey. */
  readonly hue: number | null;
  /** Width of the line in CSS pixels. */
  readonly width: number;
  /** CSS pixels drawn and left out in turn; empty: solid. */
  readonly dash: readonly number[];
  /** SVG path around the origin within −1 to 1; empty: no marker. */
  readonly marker: string;
  /** Hollow markers are filled with the background. */
  readonly filled: boolean;
}

const circle = 'M-1,0 a1,1 0 1,0 2,0 a1,1 0 1,0 -2,0 z';
const square = 'M-0.86,-0.86 h1.72 v1.72 h-1.72 z';
const triangle = 'M0,-1.1 L1.05,0.8 L-1.05,0.8 z';
const diamond = 'M0,-1.2 L1.1,0 L0,1.2 L-1.1,0 z';

export const styles: Readonly<Record<StyleId, SeriesStyle>> = {
  dense: {
    label: 'dense',
    explanation: 'The whole network, before any pruning (level 0).',
    variable: '--vscode-charts-foreground',
    hue: null,
    width: 1.25,
    dash: [],
    marker: '',
    filled: false,
  },
  iterative: {
    label: methodNames.iterative,
    explanation: 'Iterative magnitude pruning: train, prune, rewind, level after level.',
    variable: '--vscode-charts-blue',
    hue: 255,
    width: 2,
    dash: [],
    marker: circle,
    filled: true,
  },
  'one-shot': {
    label: methodNames['one-shot'],
    explanation: 'The trained dense network pruned to the same count in one cut, rewound and trained.',
    variable: '--vscode-charts-green',
    hue: 145,
    width: 2,
    dash: [7, 4],
    marker: square,
    filled: false,
  },
  'random-reinit': {
    label: methodNames['random-reinit'],
    explanation: 'Control: the mask of the ticket with freshly drawn weights.',
    variable: '--vscode-charts-orange',
    hue: 50,
    width: 2,
    dash: [2, 3],
    marker: triangle,
    filled: false,
  },
  'random-mask': {
    label: methodNames['random-mask'],
    explanation: 'Control: the same weights kept in each layer, at random positions.',
    variable: '--vscode-charts-purple',
    hue: 310,
    width: 2,
    dash: [8, 3, 2, 3],
    marker: diamond,
    filled: false,
  },
};

/** The colour for style sheets and SVG; set by `ui/theme.ts`. */
export const colorVariable = (id: StyleId): string => `--wt-line-${id}`;
