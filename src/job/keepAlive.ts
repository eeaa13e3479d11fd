/** A process that waits for a promise only. */

const longMilliseconds = 2 ** 30;

/**
 * Node ends, with exit code 0, where nothing is left in its event loop, though somebody waits for a promise; and not
 * everything that settles one counts: compiling WebAssembly does not always (nodejs/node#36616). So whoever works says so.
 * @returns ends it
 */
export function keepAlive(): () => void {
  const timer = setInterval(() => undefined, longMilliseconds);
  return () => {
    clearInterval(timer);
  };
}
