// What src/bcdb takes of node:timers/promises.

/** Lets the page breathe. */
export function setImmediate(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
