// Lines that only the old home has signed after a hand-over: what to say to a copy that holds some.
import { Problem } from '../base/errors.js';
import { parseRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import { verifyBytes } from '../keys/ed25519.js';
import { signingBytes } from '../keys/signed.js';
import { gridRules } from '../rules/all.js';
import type { Handover, Line } from '../schema/types.js';
import { validated } from '../schema/validate.js';
import type { LineSource } from './follow.js';

/** Hand-overs of a grid that are looked at, newest first. */
const LOOKED_AT = 8;

/**
 * Whether governance has handed a grid over below what a copy holds: then the lines above were the old home's alone, and
 * nothing that the new one says can follow them.
 * @param client the bot whose word did not fit; hostile
 * @returns what to say about it; undefined where nothing is proven
 */
export async function handedOverBelow(client: LineSource, store: Reader, grid: string, signal?: AbortSignal): Promise<Problem | undefined> {
  try {
    const { objects } = (await client.objects?.(grid, 'era/', signal) ?? { objects: [] }) as { objects: { value: { until: number } }[] };
    const ends = objects.map(({ value: { until } }) => until).filter((until) => Number.isSafeInteger(until) && until > 0 && until < store.size);
    for (const until of ends.sort((a, b) => b - a).slice(0, LOOKED_AT)) {
      const [line] = (await client.lines(grid, until, { signal })).lines;
      if (line !== undefined && isHandoverAt(store, line, until)) return abandoned(store, grid, until, client.name);
    }
  } catch (thrown) {
    signal?.throwIfAborted();
    // Whatever else comes instead of an explanation is none.
  }
  return undefined;
}

/** Whether governance has signed that the book, as this copy has it, goes on elsewhere from this line on. */
function isHandoverAt(store: Reader, { payload, signatures, at }: Line, index: number): boolean {
  const record = parseRecord(payload);
  if (record.payload.kind !== 'handover@1') return false;
  const { size, root } = validated<Handover>('handover@1', record.payload.body).seen;
  if (size !== index || store.tree.root(size).toString('hex') !== root) return false;
  const expected = gridRules.expected(store, record, { at, index });
  const said = signingBytes('record', record.text);
  expected.check(new Set(signatures.filter(({ by, sig }) => verifyBytes(by, said, sig)).map(({ by }) => by)));
  return true;
}

function abandoned(store: Reader, grid: string, line: number, from: string): Problem {
  return new Problem('integrity', `governance has handed grid ${grid} over at line ${line}; the ${store.size - line} lines from there on that this copy holds were signed by the old home alone and are not in the book any more`, {
    reason: 'handed_over',
    hint: `keep grids/${grid} elsewhere, as evidence of what the old home signed, then fetch the book again: 3bot grid join ${from} --genesis ${grid}`,
  });
}
