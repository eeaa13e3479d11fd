/** A handful of 16 × 16 line icons, drawn here so that no font has to load. */
import { svg } from './dom';

const shapes = {
  check: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0 -13 M4.8 8.3 L7.1 10.6 L11.3 5.8',
  none: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0 -13 M5.2 8 H10.8',
  question: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0 -13 M6 6.2 a2 2 0 1 1 2.6 2 Q8 8.5 8 9.4 M8 11.2 v0.6',
  error: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0 -13 M5.6 5.6 L10.4 10.4 M10.4 5.6 L5.6 10.4',
  warning: 'M8 1.8 L15 14 H1 Z M8 6 V10 M8 11.6 v0.6',
  clock: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0 -13 M8 4.4 V8.2 L10.6 9.8',
  pause: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0 -13 M6.4 5.6 V10.4 M9.6 5.6 V10.4',
  tick: 'M3.2 8.4 L6.6 11.8 L12.8 4.6',
  dash: 'M4 8 H12',
  cross: 'M4.2 4.2 L11.8 11.8 M11.8 4.2 L4.2 11.8',
} as const;
export type IconName = keyof typeof shapes;

export function icon(name: IconName, className = ''): SVGSVGElement {
  return svg(
    'svg',
    { class: `icon icon-${name} ${className}`.trim(), attributes: { viewBox: '0 0 16 16', 'aria-hidden': 'true' } },
    svg('path', { attributes: { d: shapes[name] } }),
  );
}
