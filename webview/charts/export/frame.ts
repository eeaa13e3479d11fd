/** The frame of a chart in a file: title, legend, axes with grid, and where in it a value lies. Pure. */
import type { PlotModel } from '../model';
import { thin, type Range } from '../scales';
import { styles, type StyleId } from '../styles';
import { element, paint, textElement, textWidth } from './svg';
import type { Theme } from '../../ui/theme';

/** What of the theme a file is drawn with. */
export type FileColors = Pick<Theme, 'foreground' | 'muted' | 'background' | 'colors'>;

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface KeyItem {
  readonly look: StyleId;
  readonly label: string;
}

const rowHeight = 18;
const sampleWidth = 34;

/** Line samples with their names, in as many rows as they need. */
export function key(
  items: readonly KeyItem[],
  colors: FileColors,
  box: Pick<Box, 'left' | 'top' | 'width'>,
): { readonly svg: string; readonly height: number } {
  let [x, row] = [0, 0];
  const parts = items.map(({ look, label }) => {
    const width = sampleWidth + 8 + textWidth(label, 11) + 16;
    if (x > 0 && x + width > box.width) [x, row] = [0, row + 1];
    const [left, middle] = [box.left + x, box.top + row * rowHeight + rowHeight / 2];
    x += width;
    return [
      line(look, colors, `M${left},${middle} h${sampleWidth}`),
      marker(look, colors, left + sampleWidth / 2, middle, 3.8),
      textElement(label, { x: left + sampleWidth + 6, y: middle + 4, ...paint('fill', colors.foreground) }),
    ].join('');
  });
  return { svg: parts.join(''), height: items.length === 0 ? 0 : (row + 1) * rowHeight };
}

export function line(look: StyleId, { colors }: FileColors, path: string): string {
  const { width, dash } = styles[look];
  return element('path', {
    d: path,
    fill: 'none',
    ...paint('stroke', colors[look]),
    'stroke-width': width,
    'stroke-linejoin': 'round',
    'stroke-dasharray': dash.join(' ') || undefined,
  });
}

export function marker(look: StyleId, { colors, background }: FileColors, x: number, y: number, size: number): string {
  const { marker: path, filled } = styles[look];
  if (path === '') return '';
  return element('path', {
    d: path,
    transform: `translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${size})`,
    ...paint('stroke', colors[look]),
    'stroke-width': 1.6 / size,
    ...paint('fill', filled ? colors[look] : background),
  });
}

/** From values to pixels. */
export function scales(model: PlotModel, box: Box): { x(value: number): number; y(value: number): number } {
  const along = ({ min, max }: Range, value: number): number => (value - min) / (max - min || 1);
  return {
    x: value => box.left + along(model.x.range, value) * box.width,
    y: value => box.top + box.height - along(model.y.range, value) * box.height,
  };
}

/** Grid, ticks, labels and titles. */
export function axes(model: PlotModel, box: Box, colors: FileColors): string {
  const at = scales(model, box);
  const { left, top, width, height } = box;
  const ink = paint('fill', colors.muted);
  const grid = { ...paint('stroke', colors.foreground, 0.14), 'stroke-width': 1 };
  const parts: string[] = [];
  for (const tick of model.x.ticks(width)) {
    const x = at.x(tick.at);
    parts.push(element('path', { d: `M${x.toFixed(2)},${top} v${height + 4}`, ...grid }));
    parts.push(textElement(tick.label, { x, y: top + height + 16, 'text-anchor': 'middle', ...ink }));
  }
  for (const tick of model.y.ticks(height)) {
    const y = at.y(tick.at);
    parts.push(element('path', { d: `M${left - 4},${y.toFixed(2)} h${width + 4}`, ...grid }));
    parts.push(textElement(tick.label, { x: left - 8, y: y + 4, 'text-anchor': 'end', ...ink }));
  }
  if (model.top) {
    const { min, max } = model.x.range;
    for (const tick of thin(model.top.ticks(width), ((max - min) / width) * 22)) {
      parts.push(textElement(tick.label, { x: at.x(tick.at), y: top - 7, 'text-anchor': 'middle', ...ink }));
    }
    parts.push(textElement(model.top.title, { x: left - 8, y: top - 7, 'text-anchor': 'end', ...ink }));
  }
  parts.push(
    textElement(model.x.title, { x: left + width / 2, y: top + height + 33, 'text-anchor': 'middle', ...ink }),
  );
  const turn = `translate(14 ${(top + height / 2).toFixed(2)}) rotate(-90)`;
  parts.push(textElement(model.y.title, { transform: turn, 'text-anchor': 'middle', ...ink }));
  return parts.join('');
}

export function heading(title: string, x: number, y: number, colors: FileColors): string {
  return textElement(title, { x, y, 'font-size': 14, 'font-weight': 600, ...paint('fill', colors.foreground) });
}

/** Room left of the axis for its labels. */
export function labelRoom(model: PlotModel, height: number): number {
  return Math.max(44, ...model.y.ticks(height).map(tick => textWidth(tick.label, 11) + 32));
}
