/** Colours of a page outside VS Code: the variables that its default themes define, as the pages use them. */

/** [light, dark] */
const colors: Readonly<Record<string, readonly [string, string]>> = {
  'button-background': ['#005fb8', '#0078d4'],
  'button-border': ['rgba(0, 0, 0, 0.1)', 'rgba(255, 255, 255, 0.1)'],
  'button-foreground': ['#ffffff', '#ffffff'],
  'button-hoverBackground': ['#0258a8', '#026ec1'],
  'button-secondaryBackground': ['#e5e5e5', '#313131'],
  'button-secondaryForeground': ['#3b3b3b', '#cccccc'],
  'button-secondaryHoverBackground': ['#cccccc', '#3c3c3c'],
  'charts-blue': ['#0063d3', '#59a4f9'],
  'charts-foreground': ['#3b3b3b', '#cccccc'],
  'charts-green': ['#388a34', '#89d185'],
  'charts-lines': ['rgba(59, 59, 59, 0.5)', 'rgba(204, 204, 204, 0.5)'],
  'charts-orange': ['#d18616', '#d18616'],
  'charts-purple': ['#652d90', '#b180d7'],
  'charts-red': ['#e51400', '#f14c4c'],
  'charts-yellow': ['#bf8803', '#cca700'],
  'checkbox-background': ['#f8f8f8', '#313131'],
  'checkbox-border': ['#cecece', '#3c3c3c'],
  'checkbox-foreground': ['#3b3b3b', '#cccccc'],
  descriptionForeground: ['#3b3b3b', '#9d9d9d'],
  'dropdown-background': ['#ffffff', '#313131'],
  'dropdown-border': ['#cecece', '#3c3c3c'],
  'dropdown-foreground': ['#3b3b3b', '#cccccc'],
  'editor-background': ['#ffffff', '#1f1f1f'],
  'editorWarning-foreground': ['#bf8803', '#cca700'],
  errorForeground: ['#b01011', '#f85149'],
  focusBorder: ['#005fb8', '#0078d4'],
  foreground: ['#3b3b3b', '#cccccc'],
  'list-activeSelectionBackground': ['#e8e8e8', '#04395e'],
  'list-activeSelectionForeground': ['#000000', '#ffffff'],
  'list-hoverBackground': ['#f2f2f2', '#2a2d2e'],
  'list-inactiveSelectionBackground': ['#e4e6f1', '#37373d'],
  'panel-border': ['#e5e5e5', '#2b2b2b'],
  'panelTitle-activeBorder': ['#005fb8', '#0078d4'],
  'panelTitle-activeForeground': ['#3b3b3b', '#cccccc'],
  'panelTitle-inactiveForeground': ['#3b3b3b', '#9d9d9d'],
  'progressBar-background': ['#005fb8', '#0078d4'],
  'settings-dropdownListBorder': ['rgba(59, 59, 59, 0.2)', 'rgba(204, 204, 204, 0.2)'],
  'testing-iconFailed': ['#b01011', '#f88070'],
  'testing-iconPassed': ['#388a34', '#73c991'],
  'textLink-foreground': ['#005fb8', '#4daafc'],
  'widget-border': ['#e5e5e5', '#313131'],
};

function block(index: 0 | 1): string {
  return Object.entries(colors)
    .map(([name, values]) => `--vscode-${name}: ${values[index]};`)
    .join(' ');
}

export const pageTheme = [
  `:root { color-scheme: light; --vscode-font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; --vscode-font-size: 13px; ${block(0)} }`,
  `@media (prefers-color-scheme: dark) { :root { color-scheme: dark; ${block(1)} } }`,
  // what only a host could do
  'body.standalone .needs-host { display: none !important; }',
  '@media print { .header { position: static !important; } }',
].join('\n');
