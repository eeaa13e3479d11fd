/** What all webviews of the extension share: their folder, their page. */
import * as vscode from 'vscode';
import { createNonce, webviewHtml } from './html';

let loading: Promise<void> = Promise.resolve();

/** Settles when the page that last began to load has sent its first message, or after `milliseconds`. */
export function pagesLoaded(milliseconds: number): Promise<void> {
  const timeout = new Promise<void>(resolve => setTimeout(resolve, milliseconds));
  return Promise.race([loading, timeout]);
}

/** Loads `dist/webview/<page>.js` with its style sheet into the webview. Nothing but that folder can be read by it. */
export function loadPage(webview: vscode.Webview, extensionUri: vscode.Uri, page: string, title: string): void {
  const folder = vscode.Uri.joinPath(extensionUri, 'dist', 'webview');
  const address = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
  const loaded = new Promise<void>(resolve => {
    const first = webview.onDidReceiveMessage(() => {
      first.dispose();
      resolve();
    });
  });
  loading = loaded;
  webview.options = { enableScripts: true, localResourceRoots: [folder] };
  webview.html = webviewHtml({
    title,
    script: address(`${page}.js`),
    style: address(`${page}.css`),
    cspSource: webview.cspSource,
    nonce: createNonce(),
  });
}
