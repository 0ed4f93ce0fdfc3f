// Receipts: C2SP tlog-proof files that stand on their own.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canonical } from '../../src/base/canonical.js';
import { isProblem } from '../../src/base/errors.js';
import { signCheckpoint } from '../../src/bcdb/checkpoint.js';
import { entryText } from '../../src/bcdb/entry.js';
import { leafHash } from '../../src/tlog/merkle.js';
import type { Pinned } from '../../src/bcdb/pinned.js';
import { formatReceipt, parseReceipt, verifyReceipt, type Receipt } from '../../src/bcdb/receipt.js';
import { makeRecord, signaturesText, signRecord, sortSignatures } from '../../src/bcdb/record.js';
import { Tree } from '../../src/tlog/tree.js';
import { seedSigner } from '../../src/keys/ed25519.js';
import type { Line, Payload } from '../../src/schema/types.js';
import { MemoryTiles } from '../tlog/hashes.js';

const signer = (n: number): ReturnType<typeof seedSigner> => seedSigner(Buffer.alloc(32, n));
const log = signer(1);
const clock = signer(2);
const alice = signer(3);
const bob = signer(4);

const payload = (grid: string | null, height: number): Payload => ({ v: 1, grid, chain: grid === null ? 'grid' : `bot/${alice.key}`, height, prev: null, kind: grid === null ? 'genesis@1' : 'identity@1', time: 1_700_000_000_000, body: { text: 'a "quoted" word, ü' } });
const genesis = makeRecord(payload(null, 0));
const pinned: Pinned = { grid: genesis.id, origin: `3bot/${'ab'.repeat(16)}`, log_key: log.key, clock_key: clock.key, witnesses: null };

const lines: Line[] = [];
for (let i = 0; i < 11; i++) {
  lines.push({ ...(await signRecord(i === 0 ? genesis : makeRecord(payload(genesis.id, i)), [alice, bob])), at: 1_700_000_000_000 + i });
}
const idOf = (line: Line): string => makeRecord(JSON.parse(line.payload) as Payload).id;
const leafOf = (line: Line): Buffer => leafHash(entryText(idOf(line), signaturesText(line.signatures), line.at));

/** A book's receipts, all below one checkpoint. */
async function receipts(book: readonly Line[]): Promise<Receipt[]> {
  const tree = Tree.open(new MemoryTiles(), 0);
  tree.append(book.map(leafOf));
  const checkpoint = await signCheckpoint({ origin: pinned.origin, size: tree.size, root: tree.root(), time_ms: 1_700_000_100_000 }, log, clock);
  return book.map((line, index) => ({ line, index, proof: tree.inclusionProof(index), checkpoint }));
}
const all = await receipts(lines);
const receipt = all[4] as Receipt;
const text = formatReceipt(receipt);
const refuses = (hostile: string, what: RegExp, known = pinned): void => {
  assert.throws(() => verifyReceipt(hostile, known), (thrown) => isProblem(thrown, 'integrity') && what.test(thrown.message));
};

test('the receipt of every line verifies, genesis among them', () => {
  for (const [index, one] of all.entries()) {
    const verified = verifyReceipt(formatReceipt(one), pinned);
    assert.equal(verified.index, index);
    assert.equal(verified.record.id, idOf(one.line));
    assert.equal(verified.at, one.line.at);
    assert.deepEqual(verified.signatures, one.line.signatures);
    assert.deepEqual([verified.checkpoint.size, verified.checkpoint.time_ms], [11, 1_700_000_100_000]);
    assert.equal(verified.checked.length, 4 + 2, 'record, log, time stamp, inclusion and two signatures');
  }
});

test('a receipt has the form of C2SP tlog-proof and comes back the same', () => {
  const rows = text.split('\n');
  assert.equal(rows[0], 'c2sp.org/tlog-proof@v1');
  assert.equal(Buffer.from((rows[1] ?? '').slice('extra '.length), 'base64').toString(), canonical(receipt.line));
  assert.equal(rows[2], 'index 4');
  assert.deepEqual(rows.slice(3, 7), receipt.proof.map((hash) => hash.toString('base64')));
  assert.equal(rows[7], '');
  assert.equal(rows.slice(8).join('\n'), receipt.checkpoint);
  assert.deepEqual(parseReceipt(text), receipt);
});

test('the only line of a book needs no hash in its proof', async () => {
  const [only] = await receipts(lines.slice(0, 1));
  assert.equal(verifyReceipt(formatReceipt(only as Receipt), pinned).index, 0);
});

test('any changed bit of its bytes is refused', () => {
  const bytes = Buffer.from(text);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.throws(() => verifyReceipt(changed.toString(), pinned), (thrown) => isProblem(thrown, 'integrity'), `bit ${bit}`);
  }
});

describe('refuses, and says what does not hold', () => {
  const withLine = (line: Line): string => formatReceipt({ ...receipt, line });
  const { line } = receipt;
  const other = lines[5] as Line;

  test('a record of another grid', () => refuses(text, /of grid/, { ...pinned, grid: '0'.repeat(64) }));
  test('a genesis that is not the grid', () => refuses(formatReceipt(all[0] as Receipt), /of grid/, { ...pinned, grid: '0'.repeat(64) }));
  test("another log's checkpoint", () => refuses(text, /not signed by|of another log/, { ...pinned, log_key: alice.key }));
  test('another line', () => refuses(withLine(other), /is not line 4/));
  test('another time of intake', () => refuses(withLine({ ...line, at: line.at + 1 }), /is not line 4/));
  test('another index', () => refuses(formatReceipt({ ...receipt, index: 5 }), /is not line 5/));
  test('an index beyond the log', () => refuses(formatReceipt({ ...receipt, index: 11 }), /is not line 11/));
  test('a proof cut short', () => refuses(formatReceipt({ ...receipt, proof: receipt.proof.slice(1) }), /is not line 4/));
  test('a signature left out', () => refuses(withLine({ ...line, signatures: line.signatures.slice(1) }), /is not line 4/));
  test('signatures out of order', () => refuses(withLine({ ...line, signatures: line.signatures.toReversed() }), /not sorted/));

  test('a logged record whose signature does not hold', async () => {
    const [first, second] = line.signatures as [Line['signatures'][0], Line['signatures'][0]];
    const forged = { ...line, signatures: sortSignatures([{ by: first.by, sig: second.sig }, second]) };
    const [, , , , forgedReceipt] = await receipts([...lines.slice(0, 4), forged]);
    refuses(formatReceipt(forgedReceipt as Receipt), new RegExp(`the signature by ${first.by} does not hold`));
  });

  test('a logged record that is not canonical', async () => {
    const loose = { ...line, payload: `${line.payload} ` };
    const tree = Tree.open(new MemoryTiles(), 0);
    tree.append([leafHash(entryText(idOf(line), signaturesText(line.signatures), line.at))]);
    const checkpoint = await signCheckpoint({ origin: pinned.origin, size: 1, root: tree.root(), time_ms: 0 }, log, clock);
    refuses(formatReceipt({ line: loose, index: 0, proof: [], checkpoint }), /its record is none/);
  });

  test('a record whose bytes are not UTF-8, however they would be read', async () => {
    const odd = makeRecord({ ...payload(genesis.id, 0), body: { text: '\ufffd' } });
    const [one] = await receipts([{ ...(await signRecord(odd, [alice])), at: 0 }]);
    const good = formatReceipt(one as Receipt);
    assert.equal(verifyReceipt(good, pinned).record.id, odd.id);
    const bytes = Buffer.from(/^extra (.*)$/m.exec(good)?.[1] ?? '', 'base64').toString('latin1').replace('\xef\xbf\xbd', '\xff');
    refuses(good.replace(/^extra .*$/m, `extra ${Buffer.from(bytes, 'latin1').toString('base64')}`), /form of a line/);
  });

  const extra = /^extra (.*)$/m;
  const encoded = (value: string): string => Buffer.from(value).toString('base64');
  for (const [title, hostile, what] of [
    ['nothing', '', /no empty line/],
    ['another first line', text.replace('@v1', '@v2'), /first line/],
    ['no record', text.replace(/^extra.*\n/m, ''), /no record/],
    ['base64 in a loose spelling', text.replace(extra, 'extra e31='), /one spelling/],
    ['a record that is not JSON', text.replace(extra, `extra ${encoded('{')}`), /form of a line/],
    ['a record that is not UTF-8', text.replace(extra, `extra ${Buffer.of(0x22, 0xff, 0x22).toString('base64')}`), /form of a line/],
    ['a line with spaces', text.replace(extra, `extra ${encoded(JSON.stringify(line, null, 1))}`), /form of a line/],
    ['a line with a field too many', text.replace(extra, `extra ${encoded(canonical({ ...line, zzz: 1 }))}`), /form of a line/],
    ['a line without signatures', text.replace(extra, `extra ${encoded(canonical({ ...line, signatures: [] }))}`), /form of a line/],
    ['an index with a leading zero', text.replace('index 4', 'index 04'), /"index"/],
    ['an index above 2^53', text.replace('index 4', 'index 9999999999999999'), /"index"/],
    ['a negative index', text.replace('index 4', 'index -4'), /"index"/],
    ['a proof line that is no hash', text.replace('index 4\n', 'index 4\nAAAA\n'), /list of hashes/],
    ['65 hashes', text.replace('index 4\n', `index 4\n${`${'A'.repeat(43)}=\n`.repeat(65)}`), /list of hashes/],
    ['Windows line ends', text.replaceAll('\n', '\r\n'), /no empty line/],
    ['more than 8 MiB', text + ' '.repeat(8 * 1_048_576), /larger/],
    ['no checkpoint', text.slice(0, text.indexOf('\n\n') + 2), /signed note/],
    ['something after the checkpoint', `${text}x\n`, /signed note/],
  ] as const) {
    test(title, () => refuses(hostile, what));
  }
});
