/** Every method always has the same colour, dash and marker, so that a chart reads without colour. */
import { methodNames } from '../../src/shared/format';
import type { Method } from '../../src/shared/report';
import { markers } from './markers';

export type StyleId = Method | 'dense';

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
  /** SVG path around the origin within −1 to 1; empty: no marker. No two methods have the same. */
  readonly marker: string;
  /** Hollow markers are filled with the background. */
  readonly filled: boolean;
}

const width = 2;

/** In the order in which they choose their colours: those of the first paper have the theme's own. */
const all = {
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
    width,
    dash: [],
    marker: markers.circle,
    filled: true,
  },
  'one-shot': {
    label: methodNames['one-shot'],
    explanation: 'The trained dense network pruned to the same count in one cut, rewound and trained.',
    variable: '--vscode-charts-green',
    hue: 145,
    width,
    dash: [7, 4],
    marker: markers.square,
    filled: false,
  },
  'random-reinit': {
    label: methodNames['random-reinit'],
    explanation: 'Control: the mask of the ticket with freshly drawn weights.',
    variable: '--vscode-charts-orange',
    hue: 50,
    width,
    dash: [2, 3],
    marker: markers.triangleUp,
    filled: false,
  },
  'random-mask': {
    label: methodNames['random-mask'],
    explanation: 'Control: the same weights kept in each layer, at random positions.',
    variable: '--vscode-charts-purple',
    hue: 310,
    width,
    dash: [8, 3, 2, 3],
    marker: markers.diamond,
    filled: false,
  },
  'fine-tuning': {
    label: methodNames['fine-tuning'],
    explanation: 'Pruned level after level like the ticket, but trained on from the trained weights at the last rate.',
    variable: '--vscode-charts-red',
    hue: 22,
    width,
    dash: [12, 3],
    marker: markers.triangleDown,
    filled: true,
  },
  'learning-rate-rewinding': {
    label: methodNames['learning-rate-rewinding'],
    explanation:
      'Pruned level after level like the ticket; the schedule goes back, the weights do not (Renda et al. 2020).',
    variable: '--vscode-charts-yellow',
    hue: 95,
    width,
    dash: [],
    marker: markers.pentagon,
    filled: false,
  },
  snip: {
    label: methodNames.snip,
    explanation:
      'Pruned before training by how much the loss depends on each weight: |gradient × weight| (Lee et al. 2019).',
    variable: '--vscode-charts-blue',
    hue: 195,
    width,
    dash: [5, 3],
    marker: markers.triangleRight,
    filled: false,
  },
  grasp: {
    label: methodNames.grasp,
    explanation: 'Pruned before training so that the gradient keeps flowing: Hessian × gradient (Wang et al. 2020).',
    variable: '--vscode-charts-purple',
    hue: 345,
    width,
    dash: [10, 3, 2, 3, 2, 3],
    marker: markers.triangleLeft,
    filled: false,
  },
  synflow: {
    label: methodNames.synflow,
    explanation:
      'Pruned before training, without data, in many rounds by the flow through each weight (Tanaka et al. 2020).',
    variable: '--vscode-charts-green',
    hue: 170,
    width,
    dash: [],
    marker: markers.star,
    filled: true,
  },
  prospr: {
    label: methodNames.prospr,
    explanation: 'Pruned before training by the loss after a few steps of training (Alizadeh et al. 2022).',
    variable: '--vscode-charts-blue',
    hue: 280,
    width,
    dash: [3, 3],
    marker: markers.hexagon,
    filled: true,
  },
  'magnitude-init': {
    label: methodNames['magnitude-init'],
    explanation: 'Pruned before training: the smallest of the first weights go.',
    variable: '--vscode-charts-orange',
    hue: 70,
    width,
    dash: [7, 2, 2, 2],
    marker: markers.hourglass,
    filled: true,
  },
  random: {
    label: methodNames.random,
    explanation: 'Pruned before training, at random over all layers or in a share for each layer.',
    variable: '--vscode-charts-foreground',
    hue: null,
    width,
    dash: [2, 4],
    marker: markers.cross,
    filled: false,
  },
  gradual: {
    label: methodNames.gradual,
    explanation: 'Pruned little by little while it trains, on a cubic schedule (Zhu & Gupta 2017).',
    variable: '--vscode-charts-yellow',
    hue: 120,
    width,
    dash: [14, 4, 4, 4],
    marker: markers.bowtie,
    filled: true,
  },
  'dual-lottery-ticket': {
    label: methodNames['dual-lottery-ticket'],
    explanation: 'A random mask, whose other weights are shrunk away and cut while it trains (Bai et al. 2022).',
    variable: '--vscode-charts-red',
    hue: 0,
    width,
    dash: [4, 2],
    marker: markers.plus,
    filled: false,
  },
} satisfies Readonly<Record<string, SeriesStyle>>;

export const styles: Readonly<Record<StyleId, SeriesStyle>> = all;
export const styleIds = Object.keys(all) as readonly StyleId[];

/** The colour for style sheets and SVG; set by `ui/theme.ts`. */
export const colorVariable = (id: StyleId): string => `--wt-line-${id}`;
