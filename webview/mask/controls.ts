/** What is looked at: method, replicate, level, which weights, and how they are coloured. */
import { formatShare, methodNames } from '../../src/shared/format';
import { maskWeights, type MaskWeights } from '../../src/shared/mask';
import type { Method, Report } from '../../src/shared/report';
import { h, setAttribute, setChildren, setText } from '../ui/dom';
import { button, dropdown } from '../ui/toolkit';
import { methodsWithMasks, type Resolved } from './choices';
import { maskModeNames, maskModes, type MaskMode } from './colors';
import { weightsNames } from './words';

export interface ControlsOptions {
  readonly onMethod: (method: Method) => void;
  readonly onReplicate: (replicate: number) => void;
  /** Index of a stop. */
  readonly onStop: (at: number) => void;
  readonly onMode: (mode: MaskMode) => void;
  readonly onWeights: (weights: MaskWeights) => void;
}

export class Controls {
  private readonly methods = h('span');
  private readonly replicates = h('span');
  private readonly looks = h('span', { class: 'mask-looks' });
  private readonly slider = h('input', { attributes: { type: 'range', min: 0, step: 1, 'aria-label': 'Level' } });
  private readonly level = h('span', { class: 'mask-level' });
  readonly element = h(
    'div',
    { class: 'mask-controls' },
    this.methods,
    this.replicates,
    h(
      'span',
      { class: 'mask-stepper' },
      button(
        '‹',
        () => {
          this.step(-1);
        },
        { title: 'Level before ([)' },
      ),
      this.slider,
      button(
        '›',
        () => {
          this.step(1);
        },
        { title: 'Next level (])' },
      ),
      this.level,
    ),
    this.looks,
  );
  private built = '';
  private stops = 1;

  constructor(private readonly options: ControlsOptions) {
    this.slider.addEventListener('input', () => {
      options.onStop(Number(this.slider.value));
    });
  }

  show(report: Report, { choice, stops, at }: Resolved, mode: MaskMode, weights: MaskWeights): void {
    const methods = methodsWithMasks(report);
    const replicates = stops[at]!.runs.map(run => run.replicate);
    // what is open or focused stays, unless there is something else to choose from
    const built = JSON.stringify([methods, replicates, choice.method, choice.replicate, mode, weights]);
    if (built !== this.built) this.build(methods, replicates, choice, mode, weights);
    this.built = built;
    this.stops = stops.length;
    setAttribute(this.slider, 'max', stops.length - 1);
    this.slider.value = String(at);
    this.slider.disabled = stops.length < 2;
    const { label, kept, total } = stops[at]!;
    setText(this.level, `${label} (${formatShare(total > 0 ? kept / total : 0)} of the network)`);
    setAttribute(this.slider, 'aria-valuetext', label);
  }

  /** One level on, or back. */
  step(by: -1 | 1): void {
    const at = Number(this.slider.value) + by;
    if (at >= 0 && at < this.stops) this.options.onStop(at);
  }

  private build(
    methods: readonly Method[],
    replicates: readonly number[],
    choice: Resolved['choice'],
    mode: MaskMode,
    weights: MaskWeights,
  ): void {
    const named = methods.map(value => ({ value, label: methodNames[value] }));
    setChildren(this.methods, methods.length > 1 && dropdown('Method', named, choice.method, this.options.onMethod));
    const numbered = replicates.map(one => ({ value: String(one), label: `replicate ${one + 1}` }));
    const pick = (value: string): void => {
      this.options.onReplicate(Number(value));
    };
    setChildren(
      this.replicates,
      replicates.length > 1 && dropdown('Replicate', numbered, String(choice.replicate), pick),
    );
    setChildren(
      this.looks,
      dropdown(
        'Colours',
        maskModes.map(value => ({ value, label: maskModeNames[value] })),
        mode,
        this.options.onMode,
      ),
      dropdown(
        'Weights',
        [...maskWeights].reverse().map(value => ({ value, label: weightsNames[value] })),
        weights,
        this.options.onWeights,
      ),
    );
  }
}
