/** The colours that canvases need, read from VS Code's theme variables, and word of their change. */
import { styleIds, styles, type StyleId } from '../charts/styles';

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

export function readTheme(): Theme {
  const computed = getComputedStyle(document.body);
  const variable = (name: string, fallback: string): string => computed.getPropertyValue(name).trim() || fallback;
  const kind = document.body.classList;
  const highContrast = kind.contains('vscode-high-contrast') || kind.contains('vscode-high-contrast-light');
  const dark = kind.contains('vscode-dark') || (highContrast && !kind.contains('vscode-high-contrast-light'));
  const foreground = variable('--vscode-foreground', dark ? '#cccccc' : '#3b3b3b');
  const line = variable('--vscode-charts-lines', '#80808080');
  const size = Math.max(10, (parseFloat(computed.fontSize) || 13) - 2);
  return {
    dark,
    highContrast,
    foreground,
    muted: variable('--vscode-descriptionForeground', foreground),
    background: variable('--wt-surface', variable('--vscode-editor-background', dark ? '#1f1f1f' : '#ffffff')),
    grid: highContrast ? `color-mix(in srgb, ${foreground} 22%, transparent)` : variable('--vscode-panel-border', line),
    line,
    focus: variable('--vscode-focusBorder', foreground),
    font: `${size}px ${computed.fontFamily || 'sans-serif'}`,
    colors: Object.fromEntries(styleIds.map(id => [id, variable(styles[id].variable, foreground)])) as Readonly<
      Record<StyleId, string>
    >,
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
