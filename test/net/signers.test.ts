// Many signers on one contract, through files, sockets and a copy; the bench runs the same with 10,000.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { canonical } from '../../src/base/canonical.js';
import { sha256Hex } from '../../src/base/hash.js';
import { makeRecord, signRecord, versionFor } from '../../src/bcdb/record.js';
import { checkOne } from '../../src/keys/batch.js';
import { seedSigner, signBytes } from '../../src/keys/ed25519.js';
import { oneContract } from '../bench/signers.js';

const seed = createHash('sha256').update('one of many').digest();
const record = (v: 1 | 2) => makeRecord({ v, grid: 'ab'.repeat(32), chain: `bot/${'ab'.repeat(32)}`, height: 0, prev: null, kind: 'identity@1', time: 1, body: { name: 'one' } });

test('three hundred sign one contract: drafted, committed, followed, proven, verified', async () => {
  const steps = await oneContract(300);
  assert.ok(['committed at the home over HTTP', 'taken in by a copy', 'receipt verified'].every((step) => steps.has(step)));
});

test('a signature over the whole record does not hold where its id is signed, nor the other way round', async () => {
  const said = (name: string, text: string): Buffer => {
    const type = `application/vnd.3bot.${name}`;
    return Buffer.from(`DSSEv1 ${type.length} ${type} ${text.length} ${text}`);
  };
  for (const v of [1, 2] as const) {
    const { payload, signatures } = await signRecord(record(v), [seedSigner(seed)]);
    const by = signatures[0]?.by ?? '';
    const holds = (bytes: Buffer): boolean => checkOne({ payload, signatures: [{ by, sig: signBytes(seed, bytes) }] });
    assert.deepEqual([holds(said('record+json', payload)), holds(said('record-id', sha256Hex(payload)))], [v === 1, v === 2], `v ${v}`);
    assert.ok(checkOne({ payload, signatures }));
  }
});

test('only large bodies are signed by their id, and only where the rules know it', () => {
  const small = { text: 'x'.repeat(100) };
  const large = { text: 'x'.repeat(20_000) };
  assert.deepEqual([versionFor(small, () => 2), versionFor(large, () => 1), versionFor(large, () => 2)], [1, 1, 2]);
  assert.ok(canonical({ ...record(2).payload }).endsWith('"v":2}'));
});
