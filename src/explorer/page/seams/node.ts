// What our code takes of Node.js's other modules; the page calls none of it, so it is left out of the bundle.

/** Of node:timers/promises: lets others run. */
export function setImmediate(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Of node:os: seconds since boot, which a browser does not know. */
export function uptime(): number {
  return performance.now() / 1000;
}

const { performance } = globalThis;
/** Of node:perf_hooks. */
export { performance };
