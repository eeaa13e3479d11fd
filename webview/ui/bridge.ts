/** The bridge to the extension host: typed messages, and the view state that survives a window reload. */

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();

/** `Outgoing` is what this page sends, `Incoming` what the host sends it. */
export interface Bridge<Outgoing, Incoming> {
  post(message: Outgoing): void;
  listen(handler: (message: Incoming) => void): void;
}

export function bridge<Outgoing, Incoming extends { readonly type: string }>(
  types: readonly Incoming['type'][],
): Bridge<Outgoing, Incoming> {
  const known = new Set<string>(types);
  return {
    post: message => {
      api.postMessage(message);
    },
    listen: handler => {
      window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
        const type = typeof data === 'object' && data !== null && 'type' in data ? data.type : undefined;
        if (typeof type === 'string' && known.has(type)) handler(data as Incoming);
      });
    },
  };
}

/** What was saved, as an object of unknown fields: it may come from an older version. */
export function savedState(): Readonly<Record<string, unknown>> {
  const state = api.getState();
  return typeof state === 'object' && state !== null ? { ...state } : {};
}

export function saveState(state: object): void {
  api.setState({ ...savedState(), ...state });
}
