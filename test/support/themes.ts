/** What VS Code puts into a webview: its themes as CSS variables, the class and the attributes of the body. */
import measured from './themes.json';

export interface WebviewTheme {
  readonly bodyClass: string;
  /** `data-vscode-theme-kind` */
  readonly kind: string;
  /** Goes onto the root element. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Dark Modern, Light Modern and the two high-contrast themes as read from a webview of VS Code 1.139, as far as the pages
 * use them. What a theme leaves undefined is missing there too: high contrast has no `--vscode-charts-orange`, say.
 */
export const themes: Readonly<Record<keyof typeof measured, WebviewTheme>> = measured;
export type ThemeName = keyof typeof themes;

/** Puts a theme on the page, as VS Code does; runs inside the page. */
export function applyTheme({ bodyClass, kind, variables }: WebviewTheme): void {
  const { style } = document.documentElement;
  for (const name of [...style]) style.removeProperty(name); // a variable may be missing in the next theme
  for (const [name, value] of Object.entries(variables)) style.setProperty(name, value);
  document.body.className = bodyClass;
  document.body.setAttribute('data-vscode-theme-kind', kind);
}
