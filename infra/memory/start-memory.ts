/** Gives back to the system what a thread needed to start and does not need to serve. */

/** After the start and its first requests, which are not to wait for it. */
export const RELEASE_AFTER_MS = 1_500;

/**
 * Once, and only where Node runs with `--expose-gc`: empties and shrinks the young generation, which loading modules
 * made large. It grows again under load. The thread stands still for about 30 ms.
 */
export function releaseStartMemory(): void {
  if (globalThis.gc === undefined) return;
  setTimeout(
    () => void globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
    RELEASE_AFTER_MS,
  ).unref();
}
