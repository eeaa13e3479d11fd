/** The colours that canvases need, read from VS Code's theme variables, and word of their change. */
import { cssColor, parseColor } from '../charts/color';
import { methodColors, themeColor } from '../charts/palette';
import { colorVariable, styleIds, type StyleId } from '../charts/styles';

export interface Theme {
  readonly dark: boolean;
  readonly highContrast: boolean;
  readonly foreground: string;
  readonly muted: string;
  readonly background: string;
  readonly grid: string;
  readonly line: string;
  readonly focus: string;
  /** CSS font shorthand of axis labels. */
  readonly font: string;
  readonly colors: Readonly<Record<StyleId, string>>;
}

/** Colours of icons that say good, bad or beware, and the variables of the theme they come from, best first. */
const signals = {
  good: ['--vscode-testing-iconPassed', '--vscode-charts-green'],
  bad: ['--vscode-testing-iconFailed', '--vscode-errorForeground'],
  warning: ['--vscode-editorWarning-foreground', '--vscode-charts-yellow'],
} as const;

/** Reads the theme, and sets `--wt-line-…`, `--wt-good`, `--wt-bad` and `--wt-warning` for the style sheets. */
export function readTheme(): Theme {
  const computed = getComputedStyle(document.body);
  const read = (name: string): string => computed.getPropertyValue(name).trim();
  const variable = (name: string, fallback: string): string => read(name) || fallback;
  const kind = document.body.classList;
  const highContrast = kind.contains('vscode-high-contrast') || kind.contains('vscode-high-contrast-light');
  const dark = kind.contains('vscode-dark') || (highContrast && !kind.contains('vscode-high-contrast-light'));
  const foreground = variable('--vscode-foreground', dark ? '#cccccc' : '#3b3b3b');
  const background = variable('--wt-surface', dark ? '#1f1f1f' : '#ffffff');
  const surface = parseColor(background)?.rgb ?? (dark ? [0, 0, 0] : [255, 255, 255]);
  const line = variable('--vscode-charts-lines', '#80808080');
  const size = Math.max(10, (parseFloat(computed.fontSize) || 13) - 2);
  const methods = methodColors(read, surface);
  const colors = Object.fromEntries(styleIds.map(id => [id, cssColor(methods[id])])) as Readonly<
    Record<StyleId, string>
  >;
  // on the body: the root's style is VS Code's, and watched below
  const { style } = document.body;
  for (const id of styleIds) style.setProperty(colorVariable(id), colors[id]);
  for (const [name, sources] of Object.entries(signals)) {
    const color = sources.map(source => themeColor(read(source), surface)).find(one => one !== undefined);
    style.setProperty(`--wt-${name}`, color ? cssColor(color) : foreground);
  }
  return {
    dark,
    highContrast,
    foreground,
    muted: variable('--vscode-descriptionForeground', foreground),
    background,
    grid: highContrast ? `color-mix(in srgb, ${foreground} 22%, transparent)` : variable('--vscode-panel-border', line),
    line,
    focus: variable('--vscode-focusBorder', foreground),
    font: `${size}px ${computed.fontFamily || 'sans-serif'}`,
    colors,
  };
}

/** VS Code switches themes by new variables on the root and new classes on the body. */
export function onThemeChange(listener: () => void): void {
  let pending = false;
  const observer = new MutationObserver(() => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      listener();
    });
  });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
}
