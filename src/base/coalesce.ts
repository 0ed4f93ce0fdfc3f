// One piece of work for many who want it done.

/**
 * Work that never runs twice at the same time. Who asks while it runs waits for the next run, which has seen
 * everything up to the question; all who wait share that one, and its error.
 */
export function coalesced(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => (running = work().finally(() => (running = undefined)));
  return () => {
    if (running === undefined) return start();
    const begin = (): Promise<void> => {
      next = undefined;
      return running ?? start();
    };
    return (next ??= running.then(begin, begin));
  };
}
