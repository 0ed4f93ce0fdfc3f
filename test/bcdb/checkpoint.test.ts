// Checkpoints: signed by the log, time-stamped by the home, strict on everything that is theirs.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { checkpointKeys, openCheckpoint, signCheckpoint } from '../../src/bcdb/checkpoint.js';
import { checkpointText } from '../../src/tlog/checkpoint.js';
import { formatNote, formatVkey, noteKeyId, parseNote, type NoteSignature } from '../../src/tlog/note.js';
import { seedSigner, signBytes } from '../../src/keys/ed25519.js';

const logSeed = Buffer.alloc(32, 1);
const clockSeed = Buffer.alloc(32, 2);
const log = seedSigner(logSeed);
const clock = seedSigner(clockSeed);
const origin = `3bot/${'ab'.repeat(16)}`;
const root = Buffer.alloc(32, 9);
const pinned = { origin, log_key: log.key, clock_key: clock.key, witnesses: null };
const keys = checkpointKeys(pinned);
const note = await signCheckpoint({ origin, size: 12, root, time_ms: 1_700_000_000_999 }, log, clock);

const refuses = (text: string, what: RegExp): void => {
  assert.throws(() => openCheckpoint(text, pinned), (thrown) => isProblem(thrown, 'integrity') && what.test(thrown.message));
};
/** The note with its signatures changed, or its text, signed anew or not. */
const change = (edit: (signatures: readonly NoteSignature[]) => NoteSignature[]): string => {
  const { text, signatures } = parseNote(note);
  return formatNote(text, edit(signatures));
};
/** A note on a text of any form, rightly signed by the log; the stamp of the original. */
const resigned = (text: string): string => {
  const [, stamp] = parseNote(note).signatures as [NoteSignature, NoteSignature];
  const signature = Buffer.from(signBytes(logSeed, Buffer.from(text)), 'base64');
  return formatNote(text, [{ name: keys.log.name, id: noteKeyId(keys.log), signature }, stamp]);
};
/** The note with a time stamp of any seconds, rightly signed. */
const stamped = (seconds: bigint, text = parseNote(note).text): string => {
  const [first] = parseNote(note).signatures as [NoteSignature];
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(seconds);
  const signature = Buffer.from(signBytes(clockSeed, Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`)), 'base64');
  return formatNote(parseNote(note).text, [first, { name: keys.clock.name, id: noteKeyId(keys.clock), signature: Buffer.concat([bytes, signature]) }]);
};

test('a checkpoint opens with the keys of its grid, its time in whole seconds', () => {
  assert.deepEqual(openCheckpoint(note, pinned), { size: 12, root, stamp_ms: 1_700_000_000_000, time_ms: 1_700_000_000_000 });
  assert.equal(parseNote(note).text, `${origin}\n12\n${root.toString('base64')}\n`);
});

test('the log signs under its origin, the clock under a name below it', () => {
  const { signatures } = parseNote(note);
  assert.deepEqual(signatures.map(({ name, signature }) => [name, signature.length]), [[origin, 64], [`${origin}/clock`, 72]]);
  assert.match(formatVkey(keys.clock), new RegExp(`^${origin}/clock\\+[0-9a-f]{8}\\+B`), 'signature type 4');
});

test('signing the same tree later changes the time alone', async () => {
  const later = await signCheckpoint({ origin, size: 12, root, time_ms: 1_700_000_060_000 }, log, clock);
  assert.equal(openCheckpoint(later, pinned).time_ms, 1_700_000_060_000);
  assert.deepEqual(parseNote(later).signatures[0], parseNote(note).signatures[0]);
});

test('any changed bit of its bytes is refused', () => {
  const bytes = Buffer.from(note);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.throws(() => openCheckpoint(changed.toString(), pinned), (thrown) => isProblem(thrown, 'integrity'), `bit ${bit}`);
  }
});

describe('refuses', () => {
  test('another log', () => {
    assert.throws(() => openCheckpoint(note, { ...pinned, origin: `3bot/${'cd'.repeat(16)}` }), (thrown) => isProblem(thrown, 'integrity', 'checkpoint'));
    assert.throws(() => openCheckpoint(note, { ...pinned, log_key: clock.key }), (thrown) => isProblem(thrown, 'integrity'));
    assert.throws(() => openCheckpoint(note, { ...pinned, clock_key: log.key }), (thrown) => isProblem(thrown, 'integrity'));
  });
  test('a missing signature of the log', () => refuses(change(([, stamp]) => [stamp as NoteSignature]), /not signed by 3bot\/[0-9a-f]{32}$/));
  test('a missing time stamp', () => refuses(change(([first]) => [first as NoteSignature]), /not signed by .*\/clock$/));
  test('a signature given twice', () => refuses(change(([first, stamp]) => [first, first, stamp] as NoteSignature[]), /signed twice/));
  test("a time stamp in the log's name", () => refuses(change(([first, stamp]) => [first, { ...(stamp as NoteSignature), name: origin }] as NoteSignature[]), /not signed by .*\/clock/));
  test('a time stamp moved without signing anew', () => {
    refuses(change(([first, stamp]) => {
      const later = Buffer.from((stamp as NoteSignature).signature);
      later[7] = (later[7] ?? 0) + 1;
      return [first, { ...stamp, signature: later }] as NoteSignature[];
    }), /signature by .*\/clock does not hold/);
  });
  test('the time stamp of another checkpoint', () => refuses(stamped(1_700_000_000n, checkpointText({ origin, size: 13, root })), /signature by .*\/clock does not hold/));
  test('a time that no date has', () => refuses(stamped(2n ** 63n - 1n), /no time/));
  for (const [title, text] of [
    ['a leading zero', checkpointText({ origin, size: 12, root }).replace('\n12', '\n012')],
    ['a size of 2^53', checkpointText({ origin, size: 2 ** 53, root })],
    ['a negative size', checkpointText({ origin, size: -1, root })],
    ['a root of 31 bytes', checkpointText({ origin, size: 12, root: root.subarray(1) })],
    ['a root in a loose spelling', checkpointText({ origin, size: 12, root }).replace('k=', 'l=')],
    ['two lines', `${origin}\n12\n`],
  ] as const) {
    test(`${title}, although signed by the log`, () => refuses(resigned(text), /not an origin, a size and a root/));
  }
});

test('refuses extension lines, although signed by the log', () => {
  refuses(resigned(`${checkpointText({ origin, size: 12, root })}more\n`), /extension lines/);
});

test('cosignatures of others are left alone, even with a name or an id of ours', () => {
  const witness: NoteSignature = { name: 'witness.example/w1', id: '01020304', signature: Buffer.alloc(72) };
  const strange: NoteSignature = { name: 'pq.example', id: '01020304', signature: Buffer.alloc(2_428) };
  const more = change((signatures) => [witness, { ...witness, name: origin }, { ...witness, id: noteKeyId(keys.log) }, ...signatures, strange]);
  assert.deepEqual(openCheckpoint(more, pinned), openCheckpoint(note, pinned));
});
