/**
 * What VS Code puts into a webview: its default themes as CSS variables, the class and the attributes of the body.
 * Read from the webviews of VS Code 1.139 (Dark Modern, Light Modern, Dark and Light High Contrast): the variables that
 * our pages use. Some are translucent, and high contrast leaves many out; both have made lines invisible.
 */
export interface WebviewTheme {
  readonly bodyClass: string;
  /** `data-vscode-theme-kind` */
  readonly kind: string;
  /** Goes onto the root element. */
  readonly variables: Readonly<Record<string, string>>;
}

/** A font that is installed where the tests run, so that pictures compare. */
const fonts = {
  '--vscode-font-family': '"DejaVu Sans", system-ui, sans-serif',
  '--vscode-font-size': '13px',
  '--vscode-font-weight': 'normal',
  '--vscode-editor-font-family': '"DejaVu Sans Mono", monospace',
};

/** Dark, light, dark high contrast, light high contrast; null: the theme does not define it. */
type Values = readonly [string | null, string | null, string | null, string | null];
const variables: Readonly<Record<string, Values>> = {
  '--vscode-badge-background': ['#616161', '#cccccc', '#000000', '#0f4a85'],
  '--vscode-badge-foreground': ['#f8f8f8', '#3b3b3b', '#ffffff', '#ffffff'],
  '--vscode-button-background': ['#0078d4', '#005fb8', '#000000', '#0f4a85'],
  '--vscode-button-border': ['rgba(255, 255, 255, 0.1)', 'rgba(0, 0, 0, 0.1)', '#6fc3df', '#0f4a85'],
  '--vscode-button-foreground': ['#ffffff', '#ffffff', '#ffffff', '#ffffff'],
  '--vscode-button-hoverBackground': ['#026ec1', '#0258a8', '#000000', '#0f4a85'],
  '--vscode-button-secondaryBackground': ['rgba(0, 0, 0, 0)', '#e5e5e5', null, '#ffffff'],
  '--vscode-button-secondaryForeground': ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  '--vscode-button-secondaryHoverBackground': ['#2b2b2b', '#cccccc', null, null],
  '--vscode-charts-blue': ['#59a4f9', '#0063d3', '#59a4f9', '#0063d3'],
  '--vscode-charts-foreground': ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  '--vscode-charts-green': ['#89d185', '#388a34', '#89d185', '#374e06'],
  '--vscode-charts-lines': ['rgba(204, 204, 204, 0.5)', 'rgba(59, 59, 59, 0.5)', 'rgba(255, 255, 255, 0.5)', 'rgba(41, 41, 41, 0.5)'],
  '--vscode-charts-orange': ['rgba(234, 92, 0, 0.33)', 'rgba(234, 92, 0, 0.33)', null, null],
  '--vscode-charts-purple': ['#b180d7', '#652d90', '#b180d7', '#652d90'],
  '--vscode-charts-red': ['#f14c4c', '#e51400', '#f48771', '#b5200d'],
  '--vscode-charts-yellow': ['#cca700', '#bf8803', '#ffd370', '#895503'],
  '--vscode-checkbox-background': ['#313131', '#f8f8f8', '#000000', '#ffffff'],
  '--vscode-checkbox-border': ['#3c3c3c', '#cecece', '#6fc3df', '#0f4a85'],
  '--vscode-checkbox-foreground': ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  '--vscode-contrastActiveBorder': [null, null, '#f38518', '#006bbd'],
  '--vscode-contrastBorder': [null, null, '#6fc3df', '#0f4a85'],
  '--vscode-descriptionForeground': ['#9d9d9d', '#3b3b3b', 'rgba(255, 255, 255, 0.7)', 'rgba(41, 41, 41, 0.7)'],
  '--vscode-dropdown-background': ['#313131', '#ffffff', '#000000', '#ffffff'],
  '--vscode-dropdown-border': ['#3c3c3c', '#cecece', '#6fc3df', '#0f4a85'],
  '--vscode-dropdown-foreground': ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  '--vscode-editor-background': ['#1f1f1f', '#ffffff', '#000000', '#ffffff'],
  '--vscode-editorWarning-foreground': ['#cca700', '#bf8803', '#ffd370', '#895503'],
  '--vscode-errorForeground': ['#f85149', '#f85149', '#f48771', '#b5200d'],
  '--vscode-focusBorder': ['#0078d4', '#005fb8', '#f38518', '#006bbd'],
  '--vscode-foreground': ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  '--vscode-input-background': ['#313131', '#ffffff', '#000000', '#ffffff'],
  '--vscode-input-foreground': ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  '--vscode-input-placeholderForeground': ['#989898', '#767676', 'rgba(255, 255, 255, 0.7)', 'rgba(41, 41, 41, 0.7)'],
  '--vscode-list-activeSelectionBackground': ['#04395e', '#e8e8e8', null, 'rgba(15, 74, 133, 0.1)'],
  '--vscode-list-activeSelectionForeground': ['#ffffff', '#000000', null, null],
  '--vscode-list-hoverBackground': ['#2a2d2e', '#f2f2f2', 'rgba(255, 255, 255, 0.1)', 'rgba(15, 74, 133, 0.1)'],
  '--vscode-list-inactiveSelectionBackground': ['#37373d', '#e4e6f1', null, 'rgba(15, 74, 133, 0.1)'],
  '--vscode-panel-background': ['#181818', '#f8f8f8', '#000000', '#ffffff'],
  '--vscode-panel-border': ['#2b2b2b', '#e5e5e5', '#6fc3df', '#0f4a85'],
  '--vscode-panelTitle-activeBorder': ['#0078d4', '#005fb8', '#6fc3df', '#b5200d'],
  '--vscode-panelTitle-activeForeground': ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  '--vscode-panelTitle-inactiveForeground': ['#9d9d9d', '#3b3b3b', '#ffffff', '#292929'],
  '--vscode-progressBar-background': ['#0078d4', '#005fb8', '#6fc3df', '#0f4a85'],
  '--vscode-scrollbarSlider-activeBackground': ['rgba(191, 191, 191, 0.4)', 'rgba(0, 0, 0, 0.6)', '#6fc3df', '#0f4a85'],
  '--vscode-scrollbarSlider-background': ['rgba(121, 121, 121, 0.4)', 'rgba(100, 100, 100, 0.4)', 'rgba(111, 195, 223, 0.6)', 'rgba(15, 74, 133, 0.4)'],
  '--vscode-scrollbarSlider-hoverBackground': ['rgba(100, 100, 100, 0.7)', 'rgba(100, 100, 100, 0.7)', 'rgba(111, 195, 223, 0.8)', 'rgba(15, 74, 133, 0.8)'],
  '--vscode-settings-dropdownListBorder': ['rgba(204, 204, 204, 0.2)', 'rgba(59, 59, 59, 0.2)', '#6fc3df', '#0f4a85'],
  '--vscode-sideBar-background': ['#181818', '#f8f8f8', '#000000', '#ffffff'],
  '--vscode-testing-iconFailed': ['#f88070', '#b01011', null, null],
  '--vscode-testing-iconPassed': ['#73c991', '#73c991', '#73c991', '#007100'],
  '--vscode-textLink-activeForeground': ['#4daafc', '#005fb8', '#21a6ff', '#0f4a85'],
  '--vscode-textLink-foreground': ['#4daafc', '#005fb8', '#21a6ff', '#0f4a85'],
  '--vscode-widget-border': ['#313131', '#e5e5e5', '#6fc3df', '#0f4a85'],
}; // prettier-ignore

function theme(index: 0 | 1 | 2 | 3, kind: string, bodyClass = kind): WebviewTheme {
  const own = Object.entries(variables).flatMap(([name, values]) => {
    const value = values[index];
    return value === null ? [] : [[name, value] as const];
  });
  return { bodyClass, kind, variables: { ...fonts, ...Object.fromEntries(own) } };
}

export const themes = {
  dark: theme(0, 'vscode-dark'),
  light: theme(1, 'vscode-light'),
  hcDark: theme(2, 'vscode-high-contrast'),
  hcLight: theme(3, 'vscode-high-contrast-light', 'vscode-high-contrast-light vscode-high-contrast'),
} as const;
export type ThemeName = keyof typeof themes;

/** Puts a theme on the page in place of the one before, as VS Code does; runs inside the page. */
export function applyTheme({ bodyClass, kind, variables }: WebviewTheme): void {
  document.documentElement.removeAttribute('style');
  for (const [name, value] of Object.entries(variables)) document.documentElement.style.setProperty(name, value);
  document.body.className = bodyClass;
  document.body.setAttribute('data-vscode-theme-kind', kind);
}
