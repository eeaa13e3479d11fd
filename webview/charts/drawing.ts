/** What is drawn over and under uPlot's lines: canvas work, in device pixels. */
import type uPlot from 'uplot';
import type { Theme } from '../ui/theme';
import { pointAt, type PlotModel, type PlotPoint, type PlotSeries } from './model';
import type { PlotCursor } from './plot';
import { styles } from './styles';

/** The colour, mostly transparent. */
export function faint(color: string, share: number): string {
  return `color-mix(in srgb, ${color} ${share * 100}%, transparent)`;
}

const ratio = (): number => window.devicePixelRatio;

/** CSS pixels between markers that only tell lines apart. */
export const sparseGap = 48;

/** Runs with the plot area as clip and restores everything after. */
function within(u: uPlot, draw: (ctx: CanvasRenderingContext2D) => void): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx);
  ctx.restore();
}

/** The dense network: its accuracy as a line, ± its standard deviation as a band. */
export function drawReference(u: uPlot, model: PlotModel, theme: Theme): void {
  const { reference } = model;
  if (!reference) return;
  within(u, ctx => {
    const { left, width } = u.bbox;
    const y = u.valToPos(reference.y, 'y', true);
    const top = u.valToPos(reference.y + reference.spread, 'y', true);
    const bottom = u.valToPos(reference.y - reference.spread, 'y', true);
    ctx.fillStyle = faint(theme.colors.dense, 0.13);
    ctx.fillRect(left, top, width, bottom - top);
    ctx.strokeStyle = faint(theme.colors.dense, 0.6);
    ctx.lineWidth = ratio();
    ctx.setLineDash([]); // uPlot leaves the dash of its last line
    ctx.beginPath();
    ctx.moveTo(left, Math.round(y) + 0.5);
    ctx.lineTo(left + width, Math.round(y) + 0.5);
    ctx.stroke();
    if (theme.highContrast) {
      ctx.setLineDash([2 * ratio(), 2 * ratio()]);
      ctx.strokeRect(left - 2, top, width + 4, bottom - top);
    }
  });
}

/** Where y equals x. */
export function drawDiagonal(u: uPlot, theme: Theme): void {
  within(u, ctx => {
    const [least, most] = [-1, 2];
    ctx.strokeStyle = theme.muted;
    ctx.lineWidth = ratio();
    ctx.setLineDash([3 * ratio(), 4 * ratio()]);
    ctx.beginPath();
    ctx.moveTo(u.valToPos(least, 'x', true), u.valToPos(least, 'y', true));
    ctx.lineTo(u.valToPos(most, 'x', true), u.valToPos(most, 'y', true));
    ctx.stroke();
    ctx.setLineDash([]);
  });
}

const paths = new Map<string, Path2D>();

function markerPath(marker: string): Path2D {
  const known = paths.get(marker);
  if (known) return known;
  const path = new Path2D(marker);
  paths.set(marker, path);
  return path;
}

function drawMarker(
  ctx: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  series: PlotSeries,
  theme: Theme,
): void {
  const { marker, filled } = styles[series.look];
  const path = markerPath(marker || 'M-0.8,-0.8 L0.8,0.8 M0.8,-0.8 L-0.8,0.8');
  const size = radius * ratio();
  ctx.save();
  ctx.translate(x, y);
  ctx.scale(size, size);
  ctx.setLineDash([]);
  ctx.lineWidth = (1.6 * ratio()) / size;
  ctx.strokeStyle = theme.colors[series.look];
  ctx.fillStyle = filled ? theme.colors[series.look] : theme.background;
  ctx.fill(path);
  ctx.stroke(path);
  ctx.restore();
}

/**
 * Markers of a series; with `sparse` never closer than 48 pixels, so that they tell lines apart and hide none.
 * @param share how much of its colour the series has; less than 1 where another one is looked at
 */
export function drawMarkers(u: uPlot, model: PlotModel, series: PlotSeries, theme: Theme, share: number): void {
  u.ctx.globalAlpha = share;
  if (styles[series.look].marker !== '') {
    const gap = (model.markers === 'sparse' ? sparseGap : 0) * ratio();
    const radius = model.markers === 'sparse' ? 3.2 : 3.6;
    let last = Number.NEGATIVE_INFINITY;
    for (const point of series.points) {
      const x = u.valToPos(point.x, 'x', true);
      if (x - last < gap) continue;
      last = x;
      drawMarker(u.ctx, x, u.valToPos(point.y, 'y', true), radius, series, theme);
    }
  }
  if (series.mark) drawTick(u, series.mark, theme.colors[series.look]);
  u.ctx.globalAlpha = 1;
}

/** A short stroke across the line: the early-stop step. */
function drawTick(u: uPlot, mark: PlotPoint, color: string): void {
  within(u, ctx => {
    const x = u.valToPos(mark.x, 'x', true);
    const y = u.valToPos(mark.y, 'y', true);
    ctx.strokeStyle = color;
    ctx.lineWidth = 2 * ratio();
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.moveTo(x, y - 8 * ratio());
    ctx.lineTo(x, y + 8 * ratio());
    ctx.stroke();
  });
}

/** Points this share of the axis beside a stop belong to it: counts that methods meet to a few weights. */
const reach = 0.001;

/** A line at the pinned stop, a dashed one at the hovered stop, and the points there ringed. */
export function drawCursor(u: uPlot, model: PlotModel, cursor: PlotCursor, theme: Theme): void {
  const line = (id: number | null, color: string, dash: readonly number[]): void => {
    const stop = model.stops.find(one => one.id === id);
    if (!stop) return;
    within(u, ctx => {
      const x = Math.round(u.valToPos(stop.x, 'x', true)) + 0.5;
      ctx.strokeStyle = color;
      ctx.lineWidth = ratio();
      ctx.setLineDash(dash.map(length => length * ratio()));
      ctx.beginPath();
      ctx.moveTo(x, u.bbox.top);
      ctx.lineTo(x, u.bbox.top + u.bbox.height);
      ctx.stroke();
    });
  };
  line(cursor.pinned, theme.focus, []);
  if (cursor.hovered !== cursor.pinned) line(cursor.hovered, theme.muted, [4, 3]);
  const active = model.stops.find(stop => stop.id === (cursor.hovered ?? cursor.pinned));
  if (!active) return;
  const tolerance = (model.x.range.max - model.x.range.min) * reach;
  for (const series of model.series) {
    const point = pointAt(series, active.x, tolerance);
    if (!point) continue;
    drawMarker(u.ctx, u.valToPos(point.x, 'x', true), u.valToPos(point.y, 'y', true), 5.2, series, theme);
  }
}

/** The title of the top scale, left of it. */
export function drawTopTitle(u: uPlot, title: string, theme: Theme): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.font = theme.font.replace(/^[\d.]+/, size => String(parseFloat(size) * ratio()));
  ctx.fillStyle = theme.muted;
  ctx.textAlign = 'right';
  ctx.textBaseline = 'alphabetic';
  ctx.fillText(title, bbox.left - 10 * ratio(), bbox.top - 11 * ratio());
  ctx.restore();
}
