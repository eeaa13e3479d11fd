/** What stands in the cells of the table: bars, small histograms, placeholders. */
import { formatCount, formatShare } from '../../src/shared/format';
import { histogramFirst } from '../../src/shared/inspection';
import { h, setChildren, svg } from '../ui/dom';

/** A number that has not come yet. */
export function fillPending(cell: HTMLElement): void {
  setChildren(cell, h('span', { class: 'pending', title: 'not counted yet', text: '·' }));
}

export function fillText(cell: HTMLElement, text: string, title?: string): void {
  setChildren(cell, h('span', { class: 'cell-text', text, ...(title !== undefined && { title }) }));
}

/** A share as a number, and as a bar where it is one to look at: pruning leaves biases and normalisation alone. */
export function fillShare(
  cell: HTMLElement,
  share: number,
  title: string,
  { bar: withBar, note = '' }: { readonly bar: boolean; readonly note?: string },
): void {
  setChildren(
    cell,
    withBar ? bar([{ share, className: share === 1 ? 'part-full' : 'part-zeros' }]) : h('span', { class: 'no-bar' }),
    h('span', {
      class: withBar ? 'cell-text share-text' : 'cell-text share-text quiet',
      text: formatShare(share) + note,
      title,
    }),
  );
}

export interface Part {
  /** 0 to 1 of the whole. */
  readonly share: number;
  readonly className: string;
}

export function bar(parts: readonly Part[]): HTMLElement {
  return h(
    'span',
    { class: 'share-bar', attributes: { 'aria-hidden': 'true' } },
    ...parts.map(({ share, className }) =>
      h('span', { class: className, style: { width: `${Math.max(0, Math.min(1, share)) * 100}%` } }),
    ),
  );
}

/** The same axis in every row, so that rows compare: 2⁻²⁰ to 2⁴; the ends gather what lies beyond. */
const axis = { first: -20, bins: 24 } as const;
const size = { width: 72, height: 16 } as const;

/** Bins of the axis shown, from the file's bins. Pure. */
export function shownBins(histogram: readonly number[]): number[] {
  const shown = new Array<number>(axis.bins).fill(0);
  histogram.forEach((count, bin) => {
    const place = Math.min(axis.bins - 1, Math.max(0, bin + histogramFirst - axis.first));
    shown[place]! += count;
  });
  return shown;
}

/** "2⁻⁵ to 2⁻¹, most at 2⁻³"; '' where all is 0. Pure. */
export function histogramWords(histogram: readonly number[]): string {
  const first = histogram.findIndex(count => count > 0);
  if (first < 0) return '';
  const last = histogram.findLastIndex(count => count > 0);
  const most = histogram.reduce((best, count, bin) => (count > histogram[best]! ? bin : best), first);
  const power = (bin: number): string => `2${superscript(bin + histogramFirst)}`;
  return `|w| from ${power(first)} to ${power(last + 1)}, most above ${power(most)}`;
}

function superscript(value: number): string {
  return String(value).replace(/[-\d]/g, digit => (digit === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]!));
}

export function fillHistogram(cell: HTMLElement, histogram: readonly number[]): void {
  const words = histogramWords(histogram);
  if (words === '') {
    fillText(cell, '–', 'every weight is 0');
    return;
  }
  const bins = shownBins(histogram);
  const most = Math.max(...bins);
  const step = size.width / bins.length;
  // the square root: a bin of a few weights still shows
  const path = bins
    .map((count, bin) => {
      const tall = Math.sqrt(count / most) * size.height;
      return tall > 0 ? `M${bin * step},${size.height}v${-Math.max(1, tall)}h${step - 0.5}v${Math.max(1, tall)}z` : '';
    })
    .join('');
  setChildren(
    cell,
    svg(
      'svg',
      {
        class: 'small-histogram',
        attributes: { viewBox: `0 0 ${size.width} ${size.height}`, role: 'img', 'aria-label': words },
      },
      svg('title', { text: words }),
      svg('path', { attributes: { d: path } }),
    ),
  );
}

/** "3 / 64", or a dash where there is no such axis. */
export function fillDead(
  cell: HTMLElement,
  dead: { readonly dead: number; readonly total: number } | null,
  what: string,
): void {
  if (!dead) fillText(cell, '–', `has no ${what}`);
  else {
    fillText(
      cell,
      `${formatCount(dead.dead)} / ${formatCount(dead.total)}`,
      `${formatCount(dead.dead)} of ${formatCount(dead.total)} ${what} are wholly 0`,
    );
  }
  cell.classList.toggle('is-dead', dead !== null && dead.dead > 0);
}
