/**
 * The page outside VS Code: a file that holds the experiment. Imported before anything that asks for VS Code; where its
 * data lies in the page, it stands in for the host with what the file holds.
 */
import type { HostToPanel, PanelToHost, SavedFile } from '../../src/shared/messages';
import { pageDataId, type PageData } from '../../src/shared/panelPage';

const element = document.getElementById(pageDataId);
if (element) install(JSON.parse(element.textContent) as PageData);

function install(data: PageData): void {
  followScheme();
  let state: unknown = null;
  Object.assign(globalThis, {
    acquireVsCodeApi: () => ({
      postMessage: (message: PanelToHost): void => {
        const answer = answerTo(message, data);
        if (answer) queueMicrotask(() => window.dispatchEvent(new MessageEvent('message', { data: answer })));
      },
      getState: (): unknown => state,
      setState: (next: unknown): void => {
        state = next;
      },
    }),
  });
}

/** As VS Code does: a class on the body for the kind of theme. */
function followScheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = (): void => {
    document.body.classList.add('standalone');
    document.body.classList.toggle('vscode-dark', dark.matches);
    document.body.classList.toggle('vscode-light', !dark.matches);
  };
  dark.addEventListener('change', apply);
  apply();
}

function answerTo(message: PanelToHost, { name, report, curves, evaluations }: PageData): HostToPanel | null {
  const picked = <T>(from: Readonly<Record<string, T>>, runs: readonly string[], missing: T): Record<string, T> =>
    Object.fromEntries(runs.map(run => [run, Object.hasOwn(from, run) ? from[run]! : missing]));
  if (message.type === 'ready') return { type: 'state', name, running: false, report, progress: null, error: null };
  if (message.type === 'curves') return { type: 'curves', curves: picked(curves, message.runs, []) };
  if (message.type === 'evaluations') {
    return { type: 'evaluations', evaluations: picked(evaluations, message.runs, null) };
  }
  if (message.type === 'mask') {
    const words = 'The masks are not in this file: open the experiment in VS Code to see them.';
    return { type: 'maskFailed', request: message.request, message: words };
  }
  if (message.type === 'save') download(message.file);
  // the buttons of all others are hidden
  return null;
}

const types: Readonly<Record<SavedFile['kind'], string>> = {
  svg: 'image/svg+xml',
  png: 'image/png',
  csv: 'text/csv;charset=utf-8',
};

function download({ name, kind, content }: SavedFile): void {
  const bytes = kind === 'png' ? Uint8Array.from(atob(content), character => character.charCodeAt(0)) : content;
  const address = URL.createObjectURL(new Blob([bytes], { type: types[kind] }));
  const link = document.createElement('a');
  link.href = address;
  link.download = `${name}.${kind}`;
  link.click();
  URL.revokeObjectURL(address);
}
