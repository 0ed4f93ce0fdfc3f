import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reader } from '../../../src/bcdb/reader.js';
import { proveAgreement } from '../../../src/node/plan/proof.js';
import { LocalGrid } from '../local.js';

/** The same book before it had a checkpoint: as a copy looks while it catches up. */
function withoutCheckpoint(reader: Reader): Reader {
  return new Proxy(reader, {
    get(target, name) {
      if (name === 'checkpoint') return () => undefined;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

test('an agreement is proven, is seen to be changed, or cannot be judged for the moment', async () => {
  await using local = await LocalGrid.start(AbortSignal.timeout(60_000));
  const contract = local.contract(await local.deal([]));
  const { id, reader } = local.book;
  const outcome = (book: Reader, one = contract) => {
    const { made, checks } = proveAgreement(book, id, one);
    return [made, checks.map(({ name, ok }) => `${name} ${ok}`)];
  };
  assert.deepEqual(outcome(reader), [true, ['recorded true', 'signed true']]);
  assert.deepEqual(outcome(reader, { ...contract, agreement: { ...contract.agreement, exec: true } }), [true, ['recorded false', 'signed true']]);
  assert.deepEqual(outcome(withoutCheckpoint(reader)), [false, ['recorded false', 'signed false']]);
});
