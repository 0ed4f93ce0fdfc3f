// Test only: a signal to the own process beside one named effect, so that tests can break off there (test/crash).

/** `<effect>:before` or `:after`, then, where it is not to be SIGKILL, `:<signal>`. */
const POINT = process.env['THREEBOT_TEST_KILL'];

/**
 * Carries out an effect that others can see. Does nothing else, unless `THREEBOT_TEST_KILL` names it.
 * @param name one of order_written, farmer_signed, consumer_signed, committed, receipt_kept, container_started
 * @param carryOut begins at once; where it gives a promise, "after" is when that is fulfilled
 */
export function effect<T>(name: string, carryOut: () => T): T {
  if (POINT === undefined) return carryOut();
  reach(`${name}:before`);
  const result = carryOut();
  if (!(result instanceof Promise)) {
    reach(`${name}:after`);
    return result;
  }
  return result.then((value: unknown) => {
    reach(`${name}:after`);
    return value;
  }) as T;
}

function reach(point: string): void {
  if (POINT === point) process.kill(process.pid, 'SIGKILL');
  if (POINT?.startsWith(`${point}:`) === true) process.kill(process.pid, POINT.slice(point.length + 1) as NodeJS.Signals);
}
