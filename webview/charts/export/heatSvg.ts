/** Heatmaps as SVG files: layers × levels, and confusion matrices. Pure. */
import { cssColor, parseColor, textOn, type Rgb } from '../color';
import { labelStride, rampPosition, type ConfusionModel } from '../confusionModel';
import { diverging } from '../diverging';
import type { HeatModel } from '../heatModel';
import { ramp } from '../ramp';
import { densityPosition, densityTicks } from '../scales';
import { heading, type FileColors } from './frame';
import { element, paint, svgFile, textElement, textWidth, titleElement } from './svg';

export type HeatColors = FileColors & { readonly dark: boolean };

const margin = 16;
const top = 44;
const stops = 24;

/** A bar of colours with labels under it; `at`: 0 left to 1 right. */
function rampBar(
  x: number,
  y: number,
  title: string,
  colorAt: (share: number) => Rgb,
  ticks: readonly { readonly at: number; readonly label: string }[],
  colors: FileColors,
): string {
  const width = 260;
  const ink = paint('fill', colors.muted);
  const left = x + textWidth(title, 11) + 24;
  const pieces = Array.from({ length: stops }, (_, i) =>
    element('rect', {
      x: left + (i * width) / stops,
      y,
      width: width / stops + 0.5,
      height: 10,
      fill: cssColor(colorAt((i + 0.5) / stops)),
    }),
  );
  return [
    textElement(title, { x, y: y + 9, ...ink }),
    ...pieces,
    ...ticks.map(({ at, label }) =>
      textElement(label, { x: left + at * width, y: y + 24, 'text-anchor': 'middle', ...ink }),
    ),
  ].join('');
}

export function heatSvg(model: HeatModel, colors: HeatColors, title: string): string {
  const [cellWidth, cellHeight] = [34, 26];
  const names = Math.min(260, Math.max(60, ...model.rows.map(row => textWidth(`${row.name}  ${row.shape}`, 11))) + 12);
  const left = margin + names;
  const ink = paint('fill', colors.foreground);
  const hatch = element(
    'pattern',
    { id: 'empty', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
    element('rect', { width: 6, height: 6, ...paint('fill', colors.background) }),
    element('rect', { width: 2, height: 6, ...paint('fill', colors.foreground, 0.6) }),
  );
  const heads = model.levels.map((level, column) =>
    textElement(String(level), {
      x: left + (column + 0.5) * cellWidth,
      y: top + 12,
      'text-anchor': 'middle',
      ...paint('fill', colors.muted),
    }),
  );
  const rows = model.rows.flatMap((row, index) => {
    const y = top + 20 + index * cellHeight;
    const label = [
      textElement(row.name, { x: margin, y: y + cellHeight / 2 + 4, ...ink }),
      textElement(row.shape, {
        x: left - 8,
        y: y + cellHeight / 2 + 4,
        'text-anchor': 'end',
        ...paint('fill', colors.muted),
      }),
    ];
    const cells = row.cells.flatMap((cell, column) => {
      if (cell.density === null) return [];
      const color = ramp(cell.share, colors.dark);
      const x = left + column * cellWidth;
      const fill = cell.empty ? 'url(#empty)' : cssColor(color);
      return [
        element('rect', { x, y, width: cellWidth - 1, height: cellHeight - 1, fill }, titleElement(cell.title)),
        textElement(cell.text, {
          x: x + cellWidth / 2,
          y: y + cellHeight / 2 + 4,
          'text-anchor': 'middle',
          'font-size': 10,
          fill: cell.empty ? cssColor(parseColor(colors.foreground)?.rgb ?? [0, 0, 0]) : textOn(color),
        }),
      ];
    });
    return [...label, ...cells];
  });
  const bottom = top + 20 + model.rows.length * cellHeight + 14;
  const depth = densityPosition(model.minimum);
  const ticks = densityTicks(model.minimum * 0.99, 5).map(({ at, label }) => ({ at: at / depth, label }));
  return svgFile(
    {
      width: Math.max(460, left + model.levels.length * cellWidth + margin),
      height: bottom + 40,
      title,
      background: colors.background,
    },
    element('defs', {}, hatch),
    heading(title, margin, 26, colors),
    ...heads,
    ...rows,
    rampBar(margin, bottom, 'density (kept / total)', share => ramp(1 - share, colors.dark), ticks, colors),
  );
}

export function confusionSvg(model: ConfusionModel, colors: HeatColors, title: string): string {
  const { classes, values } = model;
  const cell = Math.max(3, Math.min(34, 560 / classes));
  const labels = 16 + 7 * String(classes - 1).length;
  const [left, first] = [margin + labels, top + labels];
  const background = parseColor(colors.background)?.rgb ?? [255, 255, 255];
  const colorOf = (position: number): Rgb =>
    model.signed ? diverging(position, colors.dark, background) : ramp(position, colors.dark);
  const cells = values.flatMap((value, index) => {
    if (Number.isNaN(value)) return [];
    const color = colorOf(rampPosition(model, value));
    const [x, y] = [left + (index % classes) * cell, first + Math.floor(index / classes) * cell];
    const gap = cell >= 6 ? 1 : 0;
    const square = element('rect', { x, y, width: cell - gap, height: cell - gap, fill: cssColor(color) });
    const text = cell < 27 ? '' : model.text(value);
    if (text === '') return [square];
    const place = { x: x + cell / 2, y: y + cell / 2 + 4, 'text-anchor': 'middle', 'font-size': 10 };
    return [square, textElement(text, { ...place, fill: textOn(color) })];
  });
  const ink = paint('fill', colors.muted);
  const every = labelStride(cell, 18 + 4 * String(classes - 1).length);
  const names = Array.from({ length: Math.ceil(classes / every) }, (_, i) => i * every).flatMap(k => [
    textElement(String(k), { x: left - 6, y: first + (k + 0.5) * cell + 4, 'text-anchor': 'end', ...ink }),
    textElement(String(k), { x: left + (k + 0.5) * cell, y: first - 6, 'text-anchor': 'middle', ...ink }),
  ]);
  const bottom = first + classes * cell + 16;
  const [low, high] = model.ends;
  const ends = [
    { at: 0, label: low },
    { at: 1, label: high },
  ];
  // as on the page: the ramp is even in the values, so its colours follow the square root
  const barColor = (share: number): Rgb => {
    const value = model.signed ? 2 * share - 1 : share;
    return colorOf(rampPosition(model, value * model.largest));
  };
  return svgFile(
    {
      width: Math.max(620, left + classes * cell + margin),
      height: bottom + 40,
      title,
      background: colors.background,
    },
    heading(title, margin, 26, colors),
    ...names,
    ...cells,
    rampBar(margin, bottom, model.legend, barColor, ends, colors),
  );
}
