// Test only: points beside the effects that others can see, so that tests can break off there (test/crash).

/** `<effect>:before` or `:after`, then, where it is not to be SIGKILL, `:<signal>`: what this process does to itself there, once. */
let killAt = process.env['THREEBOT_TEST_KILL'];

/** Test only: called with every point that this process reaches. */
export const testHook: { reach: ((point: string) => void) | undefined } = { reach: undefined };

/**
 * Carries out an effect. Does nothing else, unless a test asks for it.
 * @param name of a deal: order_written, set_written, order_<stage>, farmer_signed, hold_dropped, committed, receipt_kept, container_started; of a
 *   book's home: committed, head_noted, cosigned, milestone_kept, checkpoint_kept; of a hand-over: log_key_made,
 *   handed_over, home_noted; of a witness: witness_noted; of what follows from a book: index_made, index_marked (within
 *   its transaction), state_folded, tile_written, mirror_told, light_noted; of an import: book_placed; of mailboxes: letter_kept,
 *   letters_dropped; of a payment: payment_kept; of a node's program: release_unpacked, release_asked, release_switched;
 *   of what a node keeps: secret_kept, secret_dropped, journal_kept; of a blueprint: revision_begun, revision_applied, step_<what>
 * @param carryOut begins at once; where it gives a promise, "after" is when that is fulfilled
 */
export function effect<T>(name: string, carryOut: () => T): T {
  if (killAt === undefined && testHook.reach === undefined) return carryOut();
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
  testHook.reach?.(point);
  if (killAt !== point && killAt?.startsWith(`${point}:`) !== true) return;
  const signal = killAt.slice(point.length + 1);
  killAt = undefined;
  process.kill(process.pid, signal === '' ? 'SIGKILL' : (signal as NodeJS.Signals));
}
