// The bytes that signatures cover: told apart by type, never raw.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256Hex } from '../../src/base/hash.js';
import { isProblem } from '../../src/base/errors.js';
import { signingBytes, type SignedType } from '../../src/keys/signed.js';

const note = `3bot/${'0'.repeat(32)}\n12\n${Buffer.alloc(32, 1).toString('base64')}\n`;

test('records, talk, letters, mailbox requests and acceptances are wrapped as DSSE says, lengths in bytes', () => {
  assert.equal(signingBytes('record', '{"a":"ü"}').toString(), 'DSSEv1 32 application/vnd.3bot.record+json 10 {"a":"ü"}');
  assert.equal(signingBytes('talk', '{}').toString(), 'DSSEv1 30 application/vnd.3bot.talk+json 2 {}');
  assert.equal(signingBytes('letter', '{}').toString(), 'DSSEv1 32 application/vnd.3bot.letter+json 2 {}');
  assert.equal(signingBytes('mailbox', '{}').toString(), 'DSSEv1 33 application/vnd.3bot.mailbox+json 2 {}');
  assert.equal(signingBytes('relay', '{}').toString(), 'DSSEv1 31 application/vnd.3bot.relay+json 2 {}');
  assert.equal(signingBytes('session', '{}').toString(), 'DSSEv1 33 application/vnd.3bot.session+json 2 {}');
  assert.equal(signingBytes('accept', '').toString(), 'DSSEv1 32 application/vnd.3bot.accept+json 0 ');
});

test('of a record that says so in its last field the id is signed, under a type of its own', () => {
  const text = '{"a":"ü","v":2}';
  const expected = `DSSEv1 30 application/vnd.3bot.record-id 64 ${sha256Hex(text)}`;
  assert.equal(signingBytes('record', text).toString(), expected);
  assert.equal(signingBytes('record', Buffer.from(text)).toString(), expected);
  for (const other of ['{"a":{"v":2}}', '{"v":1}', '{"a":"\\"v\\":2}"}', '{"v":2,"w":1}']) assert.match(signingBytes('record', other).toString(), /record\+json/, other);
  assert.match(signingBytes('talk', text).toString(), /talk\+json/);
});

test('text and its UTF-8 give the same bytes', () => {
  for (const type of ['record', 'talk', 'accept', 'letter', 'mailbox'] as const) assert.deepEqual(signingBytes(type, Buffer.from('{"ü":1}')), signingBytes(type, '{"ü":1}'));
  assert.deepEqual(signingBytes('checkpoint', Buffer.from(note)), signingBytes('checkpoint', note));
});

test('a checkpoint is signed as it stands, a cosignature with its own first lines', () => {
  assert.equal(signingBytes('checkpoint', note).toString(), note);
  assert.equal(signingBytes('cosignature', `cosignature/v1\ntime 5\n${note}`).toString(), `cosignature/v1\ntime 5\n${note}`);
});

const refused: [string, SignedType, string][] = [
  ['a checkpoint that is a DSSE text', 'checkpoint', signingBytes('record', '{}').toString()],
  ['a checkpoint that is a cosignature', 'checkpoint', `cosignature/v1\ntime 5\n${note}`],
  ['a checkpoint with an extension line', 'checkpoint', `${note}more\n`],
  ['a checkpoint of another kind of origin', 'checkpoint', note.replace('3bot/', 'example.com/')],
  ['a size with a leading zero', 'checkpoint', note.replace('12', '012')],
  ['a root of 31 bytes', 'checkpoint', note.replace(Buffer.alloc(32, 1).toString('base64'), Buffer.alloc(31, 1).toString('base64'))],
  ['a root in a loose spelling', 'checkpoint', note.replace('E=', 'F=')],
  ['no final newline', 'checkpoint', note.slice(0, -1)],
  ['a cosignature without time', 'cosignature', note],
  ['a cosignature twice', 'cosignature', `cosignature/v1\ntime 5\ncosignature/v1\ntime 5\n${note}`],
  ['a time with a leading zero', 'cosignature', `cosignature/v1\ntime 05\n${note}`],
];
for (const [title, type, payload] of refused) {
  test(`refuses to make bytes of ${title}`, () => {
    assert.throws(() => signingBytes(type, payload), (thrown) => isProblem(thrown, 'malformed'));
  });
}
