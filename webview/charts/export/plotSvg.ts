/** A line chart as an SVG file: bands, lines, markers and the reference, as the page shows them. Pure. */
import { clipLine, type LinePoint, type PlotModel, type PlotSeries } from '../model';
import { axes, heading, key, labelRoom, line, marker, scales, type Box, type FileColors } from './frame';
import { element, paint, svgFile } from './svg';

const [width, plotHeight, margin] = [760, 380, 16];
/** Pixels between markers that only tell lines apart. */
const sparseGap = 48;

export function plotSvg(model: PlotModel, colors: FileColors, title: string): string {
  const items = [
    ...(model.reference ? [{ look: 'dense' as const, label: 'dense' }] : []),
    ...model.series.map(({ look, label }) => ({ look, label })),
  ];
  const legend = key(items, colors, { left: margin, top: 34, width: width - 2 * margin });
  const left = labelRoom(model, plotHeight);
  const box: Box = {
    left,
    top: 34 + legend.height + (model.top ? 26 : 12),
    width: width - left - margin,
    height: plotHeight,
  };
  const id = 'plot-area';
  const clip = element('clipPath', { id }, rectangle(box, {}));
  const inside = element(
    'g',
    { 'clip-path': `url(#${id})` },
    reference(model, box, colors),
    ...model.series.map(series => band(series, model, box, colors)),
    ...model.series.map(series => curve(series, model, box, colors)),
  );
  const marks = model.series.map(series => markersOf(series, model, box, colors));
  const height = box.top + box.height + 44;
  return svgFile(
    { width, height, title, background: colors.background },
    element('defs', {}, clip),
    heading(title, margin, 24, colors),
    legend.svg,
    axes(model, box, colors),
    inside,
    ...marks,
  );
}

function rectangle({ left, top, width, height }: Box, attributes: Readonly<Record<string, string | number>>): string {
  return element('rect', { x: left, y: top, width, height, ...attributes });
}

function reference(model: PlotModel, box: Box, colors: FileColors): string {
  const at = scales(model, box);
  const parts: string[] = [];
  if (model.reference) {
    const { y, spread } = model.reference;
    const top = at.y(y + spread);
    parts.push(
      element('rect', {
        x: box.left,
        y: top,
        width: box.width,
        height: at.y(y - spread) - top,
        ...paint('fill', colors.colors.dense, 0.13),
      }),
      element('path', {
        d: `M${box.left},${at.y(y).toFixed(2)} h${box.width}`,
        ...paint('stroke', colors.colors.dense, 0.6),
      }),
    );
  }
  if (model.diagonal) {
    const place = (value: number): string => `${at.x(value).toFixed(2)},${at.y(value).toFixed(2)}`;
    parts.push(
      element('path', { d: `M${place(-1)} L${place(2)}`, ...paint('stroke', colors.muted), 'stroke-dasharray': '3 4' }),
    );
  }
  return parts.join('');
}

/** The pieces of a line that lie in the picture; each is drawn by itself. */
function pieces(series: PlotSeries, model: PlotModel): LinePoint[][] {
  const all: LinePoint[][] = [[]];
  for (const point of clipLine(series.points, model.y.range)) {
    if (point.y === null) all.push([]);
    else all.at(-1)!.push(point);
  }
  return all.filter(piece => piece.length > 0);
}

function path(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(2)},${y.toFixed(2)}`).join(' ');
}

function band(series: PlotSeries, model: PlotModel, box: Box, colors: FileColors): string {
  if (series.points.every(point => point.spread === 0)) return '';
  const at = scales(model, box);
  return pieces(series, model)
    .map(piece => {
      const edge = (side: 1 | -1) =>
        piece.map(point => [at.x(point.x), at.y((point.y ?? 0) + side * point.spread)] as const);
      const outline = `${path([...edge(1), ...edge(-1).reverse()])} z`;
      return element('path', { d: outline, ...paint('fill', colors.colors[series.look], 0.18) });
    })
    .join('');
}

function curve(series: PlotSeries, model: PlotModel, box: Box, colors: FileColors): string {
  const at = scales(model, box);
  return pieces(series, model)
    .map(piece => line(series.look, colors, path(piece.map(point => [at.x(point.x), at.y(point.y ?? 0)]))))
    .join('');
}

function markersOf(series: PlotSeries, model: PlotModel, box: Box, colors: FileColors): string {
  const at = scales(model, box);
  const { min, max } = model.y.range;
  const gap = model.markers === 'sparse' ? sparseGap : 0;
  let last = Number.NEGATIVE_INFINITY;
  const parts = series.points.map(point => {
    const x = at.x(point.x);
    if (x - last < gap || point.y < min || point.y > max) return '';
    last = x;
    return marker(series.look, colors, x, at.y(point.y), gap > 0 ? 3.2 : 3.6);
  });
  const { mark } = series;
  if (mark && mark.y >= min && mark.y <= max) {
    const d = `M${at.x(mark.x).toFixed(2)},${(at.y(mark.y) - 8).toFixed(2)} v16`;
    parts.push(element('path', { d, ...paint('stroke', colors.colors[series.look]), 'stroke-width': 2 }));
  }
  return parts.join('');
}
