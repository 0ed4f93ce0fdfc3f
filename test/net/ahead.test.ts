import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANSWERS_AHEAD, MAX_TAKEN_LINES } from '../../src/base/limits.js';
import type { Line, Trailer } from '../../src/schema/types.js';
import { Ahead, type Fetched } from '../../src/net/ahead.js';

const line = (at: number, payload = '{}'): Line => ({ payload, signatures: [], at });

interface Source {
  readonly size: number;
  /** Lines of an answer. */
  readonly most: number;
  readonly trailer?: (from: number) => Partial<Trailer>;
  readonly payload?: (index: number) => string;
}

/** Answers at once; notes what was asked. */
function source({ size, most, trailer, payload }: Source): { ahead: Ahead; asked: number[] } {
  const asked: number[] = [];
  const fetch = async (from: number): Promise<Fetched> => {
    asked.push(from);
    const lines = Array.from({ length: Math.max(0, Math.min(most, size - from)) }, (_, i) => line(from + i, payload?.(from + i)));
    return { from, batch: { lines, trailer: { checkpoint: 'one', consistency: [`${from}`], ...trailer?.(from) } }, checked: Promise.resolve(lines.map(() => true)) };
  };
  return { ahead: new Ahead(fetch), asked };
}

/** First line and number of lines of each step, to the end of the book. */
async function steps(ahead: Ahead, size: number): Promise<[number, number][]> {
  const taken: [number, number][] = [];
  for (let from = 0; from < size; ) {
    const { from: first, batch, checked } = await ahead.next(from);
    assert.equal(first, from);
    assert.deepEqual(batch.lines.map(({ at }) => at), Array.from(batch.lines, (_, i) => from + i));
    assert.equal(checked.length, batch.lines.length);
    assert.deepEqual(batch.trailer.consistency, [`${from + batch.lines.length - (batch.lines.length % 300 || 300)}`], 'the last answer has the proof of all');
    taken.push([from, batch.lines.length]);
    from += batch.lines.length;
  }
  return taken;
}

test('every line comes once, in order, and answers that have come meanwhile come together, up to a bound', async () => {
  const { ahead } = source({ size: 30_000, most: 300 });
  const taken = await steps(ahead, 30_000);
  assert.ok(taken.length < 100 && taken.every(([, count]) => count <= MAX_TAKEN_LINES), String(taken));
});

const APART: [string, Partial<Source>][] = [
  ['another checkpoint', { trailer: (from) => ({ checkpoint: `${from}` }) }],
  ['an era that ends', { trailer: () => ({ more: true }) }],
  ['a hand-over at its beginning', { payload: (index) => (index % 300 === 0 ? '{"kind":"handover@1"}' : '{}') }],
];

for (const [what, more] of APART) {
  test(`an answer with ${what} is taken in by itself`, async () => {
    const { ahead } = source({ size: 1_500, most: 300, ...more });
    assert.deepEqual(await steps(ahead, 1_500), [0, 300, 600, 900, 1_200].map((from) => [from, 300]));
  });
}

test('no more than a few answers are fetched ahead, and none behind the last', async () => {
  const { ahead, asked } = source({ size: 1e9, most: 300 });
  await ahead.next(0);
  for (let i = 0; i < 50; i += 1) await Promise.resolve();
  assert.ok(asked.length <= 2 * ANSWERS_AHEAD + 1, String(asked));
  const short = source({ size: 10, most: 300 });
  await short.ahead.next(0);
  for (let i = 0; i < 50; i += 1) await Promise.resolve();
  assert.deepEqual(short.asked, [0]);
});

test('where others have taken lines in meanwhile it begins anew from there', async () => {
  const { ahead } = source({ size: 3_000, most: 300 });
  await ahead.next(0);
  const { from, batch } = await ahead.next(2_850);
  assert.deepEqual([from, batch.lines.length], [2_850, 150]);
});
