// Receipts by a trust policy: what it names is believed, what it does not name is not, and what stays open is said.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { checkpointKeys, policyLogs, signCheckpoint } from '../../src/bcdb/checkpoint.js';
import { entryText } from '../../src/bcdb/entry.js';
import type { Pinned } from '../../src/bcdb/pinned.js';
import { formatReceipt, verifyByPolicy, verifyReceipt } from '../../src/bcdb/receipt.js';
import { makeRecord, signaturesText, signRecord } from '../../src/bcdb/record.js';
import { publicKeyOf, seedSigner, signBytes } from '../../src/keys/ed25519.js';
import { cosignatureText, formatCosignature } from '../../src/tlog/cosignature.js';
import { leafHash } from '../../src/tlog/merkle.js';
import { formatNote, formatVkey, noteKeyId, parseNote, type NoteKey } from '../../src/tlog/note.js';
import { parsePolicy } from '../../src/tlog/policy.js';

const [log, clock, alice] = [1, 2, 3].map((n) => seedSigner(Buffer.alloc(32, n))) as [ReturnType<typeof seedSigner>, ReturnType<typeof seedSigner>, ReturnType<typeof seedSigner>];
const SECONDS = 1_700_000_000;
const genesis = makeRecord({ v: 1, grid: null, chain: 'grid', height: 0, prev: null, kind: 'genesis@1', time: 1, body: {} });
const origin = `3bot/${'ab'.repeat(16)}`;
const pinned: Pinned = { grid: genesis.id, origin, log_key: log.key, clock_key: clock.key, witnesses: null };
const line = { ...(await signRecord(genesis, [alice])), at: 5 };
const leaf = leafHash(entryText(genesis.id, signaturesText(line.signatures), line.at));
const note = await signCheckpoint({ origin, size: 1, root: leaf, time_ms: (SECONDS + 30) * 1_000 }, log, clock);

const witness = (n: number): NoteKey => ({ name: `w${n}.example`, type: 'cosignature', key: publicKeyOf(Buffer.alloc(32, 100 + n)) });
/** The receipt, cosigned by these witnesses at SECONDS + their number. */
function receiptWith(...witnesses: number[]): string {
  const { text, signatures } = parseNote(note);
  const more = witnesses.map((n) => {
    const signature = Buffer.from(signBytes(Buffer.alloc(32, 100 + n), Buffer.from(cosignatureText(text, SECONDS + n))), 'base64');
    return { name: witness(n).name, id: noteKeyId(witness(n)), signature: formatCosignature(SECONDS + n, signature) };
  });
  return formatReceipt({ line, index: 0, proof: [], checkpoint: formatNote(text, [...signatures, ...more]) });
}

const LOG = `log ${formatVkey(checkpointKeys(pinned).log)}\n`;
const THREE = [1, 2, 3].map((n) => `witness ${n} ${formatVkey(witness(n))}\n`).join('');
const TWO_OF_THREE = parsePolicy(`${LOG}${THREE}group g 2 1 2 3\nquorum g\n`);

test('a policy of one log and no witnesses believes it, and says what that leaves open', () => {
  const { checkpoint, checked, notProven, index } = verifyByPolicy(receiptWith(), parsePolicy(`${LOG}quorum none\n`));
  assert.deepEqual([checkpoint.size, checkpoint.origin, checkpoint.time_ms, index], [1, origin, null, 0]);
  assert.equal(checked.length, 4);
  for (const what of [/rules allow it/, /still in force/, /the book of grid/, /the same book/]) assert.ok(notProven.some((one) => what.test(one)), String(what));
});

test('a quorum of witnesses says when, and that others are shown the same', () => {
  const { checkpoint, notProven } = verifyByPolicy(receiptWith(1, 3), TWO_OF_THREE);
  assert.deepEqual([checkpoint.time_ms, checkpoint.witnesses], [(SECONDS + 1) * 1_000, ['1', '3']]);
  assert.ok(!notProven.some((one) => /same book/.test(one)));
});

test('what is known of the grid says whose log it is, and leaves less open', () => {
  const { notProven } = verifyReceipt(receiptWith(), pinned);
  assert.deepEqual(notProven.filter((one) => /book of grid/.test(one)), []);
  assert.equal(notProven.length, 3);
});

for (const [what, text, policy, reason] of [
  ['too few witnesses', receiptWith(2), TWO_OF_THREE, 'unwitnessed'],
  ['one witness twice', receiptWith(2, 2), TWO_OF_THREE, 'unwitnessed'],
  ['a log that the policy does not name', receiptWith(), parsePolicy(`log ${formatVkey({ name: 'other.example', type: 'ed25519', key: log.key })}\nquorum none\n`), 'unknown_log'],
  ['no log at all', receiptWith(), parsePolicy('quorum none\n'), 'unknown_log'],
  ['the right log with another key', receiptWith(), parsePolicy(`log ${formatVkey({ name: origin, type: 'ed25519', key: alice.key })}\nquorum none\n`), 'note'],
  ['a forged cosignature', receiptWith(1, 3).replace(/— w1\.example .{20}/, (found) => `${found.slice(0, -1)}${found.endsWith('A') ? 'B' : 'A'}`), TWO_OF_THREE, 'note'],
  ['another line', receiptWith(1, 3).replace('index 0', 'index 1'), TWO_OF_THREE, 'receipt'],
] as const) {
  test(`refuses ${what}: ${reason}`, () => {
    assert.throws(() => verifyByPolicy(text, policy), (thrown) => isProblem(thrown, 'integrity', reason));
  });
}

test('a log that was handed over is believed under any of its keys', () => {
  const later: Pinned = { ...pinned, log_key: alice.key, earlier: [{ until: 1, log_key: log.key, clock_key: clock.key, witnesses: null }] };
  assert.deepEqual(policyLogs(later).map(({ key }) => key.key), [alice.key, log.key]);
  assert.equal(verifyByPolicy(receiptWith(), { ...parsePolicy('quorum none\n'), logs: policyLogs(later) }).checkpoint.log.key.key, log.key);
});
