import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonical } from '../../src/base/canonical.js';
import { isProblem } from '../../src/base/errors.js';
import { checkPayload } from '../../src/keys/sane.js';
import type { SignedType } from '../../src/keys/signed.js';

const KEY = 'ab'.repeat(32);
const HASH = 'cd'.repeat(32);
const transfer = { payers: [{ account: KEY, amount_stroops: '5' }], to: HASH, amount_stroops: '5', memo: null };
const record = { v: 1, grid: HASH, chain: `account/${KEY}`, height: 1, prev: HASH, kind: 'admit@1', time: 1, body: { node: KEY } };
const message = { v: 1, from: `bot/${KEY}`, to: `bot/${HASH}`, box: 'AAAA', by: KEY };
const head = { v: 1, grid: HASH, from: `bot/${KEY}`, to: `bot/${HASH}`, time: 1, expires: 2, size: 72, sha256: HASH, by: KEY };
const request = { v: 1, grid: HASH, of: `bot/${KEY}`, drop: [], known: [], after: 0, limit: 1, time: 1, nonce: '00'.repeat(16), by: KEY };
const call = { v: 1, grid: HASH, as: 'operator', party: `bot/${KEY}`, by: KEY, time: 1, nonce: '00'.repeat(16), node: HASH, contract: 'ef'.repeat(20), session: null };
const ends = { v: 1, role: 'operator', grid: HASH, contract: 'ef'.repeat(20), node: HASH, party: `bot/${KEY}`, by: KEY, operator_key: HASH, node_key: HASH };
const NOTE = `3bot/${'0'.repeat(32)}\n5\n${Buffer.alloc(32).toString('base64')}\n`;

test('what has the shape of its type may be signed', () => {
  checkPayload('record', canonical(record), KEY);
  checkPayload('talk', canonical(message), KEY);
  checkPayload('letter', canonical(head), KEY);
  checkPayload('mailbox', canonical(request), KEY);
  checkPayload('relay', canonical(call), KEY);
  checkPayload('session', canonical(ends), KEY);
  checkPayload('session', canonical({ ...ends, role: 'node', by: HASH, node: KEY }), KEY);
  checkPayload('accept', canonical({ record: HASH }), KEY);
  checkPayload('checkpoint', NOTE, KEY);
  checkPayload('cosignature', `cosignature/v1\ntime 5\n${NOTE}`, KEY);
});

const refused: [string, SignedType, string][] = [
  ['a text', 'record', 'hello'],
  ['a record with spaces', 'record', JSON.stringify(record, null, 1)],
  ['a record with a further field', 'record', canonical({ ...record, extra: 1 })],
  ['a record of a kind nobody knows', 'record', canonical({ ...record, kind: 'steal@1' })],
  ["a record whose body is another kind's", 'record', canonical({ ...record, body: transfer })],
  ['a record above the size limit', 'record', canonical({ ...record, body: { node: 'a'.repeat(1_048_576) } })],
  ['a record as a message', 'talk', canonical(record)],
  ['a message by another key', 'talk', canonical({ ...message, by: HASH })],
  ['a message with its signature', 'talk', canonical({ ...message, sig: `${'A'.repeat(86)}==` })],
  ['a letter by another key', 'letter', canonical({ ...head, by: HASH })],
  ['a letter of the largest size and one byte', 'letter', canonical({ ...head, size: 3_000_001 })],
  ['a request as a letter', 'letter', canonical(request)],
  ['a request by another key', 'mailbox', canonical({ ...request, by: HASH })],
  ['a letter as a request', 'mailbox', canonical(head)],
  ['a call by another key', 'relay', canonical({ ...call, by: HASH })],
  ['a session as a call', 'relay', canonical(ends)],
  ['a session as the node by the key of the operator', 'session', canonical({ ...ends, role: 'node' })],
  ['an acceptance of nothing', 'accept', canonical({})],
  ['an acceptance of a text', 'accept', canonical({ record: 'yes' })],
  ['a list', 'accept', canonical([HASH])],
  ['another note', 'checkpoint', NOTE.replace('3bot/', 'mallory/')],
  ['a note of four lines', 'checkpoint', `${NOTE}more\n`],
  ['a record as a checkpoint', 'checkpoint', canonical(record)],
  ['a checkpoint as a cosignature', 'cosignature', NOTE],
];
for (const [what, type, payload] of refused) {
  test(`${what} is not signed`, () => {
    assert.throws(() => checkPayload(type, payload, KEY), (thrown) => isProblem(thrown, 'malformed'));
  });
}
