/** SVG as text, for files: what a chart draws, as vectors that any program reads. Pure. */
import { cssColor, parseColor } from '../color';

export type Attributes = Readonly<Record<string, string | number | undefined>>;

function escapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  // what XML 1.0 has no way to write would make the whole file unreadable
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replace(/[&<>"]/g, c => entities[c]!);
}

/** Numbers to a hundredth of a pixel. */
function attribute(value: string | number): string {
  return typeof value === 'number' ? String(Number(value.toFixed(2))) : escapeXml(value);
}

/** An element around others, which are SVG already. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${attribute(value)}"`]))
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

export function textElement(text: string, attributes: Attributes): string {
  return element('text', attributes, escapeXml(text));
}

/** Words for what an element shows; most programs show them on hover. */
export function titleElement(text: string): string {
  return element('title', {}, escapeXml(text));
}

/** Colour and opacity of a CSS colour, apart: many programs read no others. */
export function paint(property: 'fill' | 'stroke', color: string, share = 1): Attributes {
  const parsed = parseColor(color);
  if (!parsed) return { [property]: color };
  const opacity = parsed.alpha * share;
  return {
    [property]: cssColor(parsed.rgb),
    ...(opacity < 1 && { [`${property}-opacity`]: Number(opacity.toFixed(3)) }),
  };
}

export const fontFamily = 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif';

/** About as wide as text is set, in pixels: good enough to leave room for it. */
export function textWidth(text: string, size: number): number {
  return text.length * size * 0.58;
}

/** The whole file, with what it shows in words for those who do not see it. */
export function svgFile(
  { width, height, title, background }: { width: number; height: number; title: string; background: string },
  ...children: readonly string[]
): string {
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${attribute(width)} ${attribute(height)}`,
      role: 'img',
      'font-family': fontFamily,
      'font-size': 11,
    },
    titleElement(title),
    element('rect', { width, height, ...paint('fill', background) }),
    ...children,
  )}\n`;
}
