// Signed notes, against the published example of Go's note package and hostile ones.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { ed25519Verifier, formatNote, formatVkey, noteKeyId, parseNote, parseVkey, signatureBy, type NoteKey } from '../../src/tlog/note.js';
import { checkEd25519 } from '../../src/keys/ed25519.js';

// From the documentation of golang.org/x/mod/sumdb/note.
const VKEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const TEXT = 'If you think cryptography is the answer to your problem,\nthen you don\'t know what your problem is.\n';
const NOTE = `${TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

test('a published note opens with its published key and is written the same way', () => {
  const key = parseVkey(VKEY);
  const { text, signatures } = parseNote(NOTE);
  assert.equal(text, TEXT);
  assert.equal(signatureBy({ text, signatures }, ed25519Verifier(key, checkEd25519)).length, 64);
  assert.equal(formatNote(text, signatures), NOTE);
  assert.equal(formatVkey(key), VKEY);
});

test('a key id depends on name, type and key', () => {
  const key: NoteKey = { name: 'a', type: 'ed25519', key: '0'.repeat(64) };
  const others: NoteKey[] = [key, { ...key, name: 'b' }, { ...key, type: 'cosignature' }, { ...key, key: '1'.repeat(64) }];
  assert.equal(new Set(others.map(noteKeyId)).size, 4);
  for (const one of others) assert.deepEqual(parseVkey(formatVkey(one)), one);
});

test('verifier keys have one spelling', () => {
  const [name, id, data] = VKEY.split('+') as [string, string, string];
  const bytes = Buffer.from(VKEY.slice(name.length + id.length + 2), 'base64');
  const vkey = (type: number): string => `${name}+${id}+${Buffer.concat([Buffer.of(type), bytes.subarray(1)]).toString('base64')}`;
  const hostile = ['', name, `${name}+${id}`, VKEY.replace(id, 'c74f20a4'), VKEY.replace(id, id.toUpperCase()), `${VKEY}=`, VKEY.replace(name, 'Peter Neumann'), `+${id}+${data}`, vkey(2), vkey(0), `${name}+${id}+${bytes.subarray(0, 32).toString('base64')}`];
  for (const text of hostile) assert.throws(() => parseVkey(text), (thrown) => isProblem(thrown, 'malformed'), text);
});

const line = NOTE.slice(TEXT.length + 1);
const broken: [string, string][] = [
  ['nothing', ''],
  ['text alone', TEXT],
  ['no signature', `${TEXT}\n`],
  ['no final newline', NOTE.slice(0, -1)],
  ['no empty line', TEXT + line],
  ['an empty line between signatures and nothing below', `${NOTE}\n`],
  ['a tab', NOTE.replace('you', '\tyou')],
  ['a carriage return', NOTE.replace('\n', '\r\n')],
  ['a zero byte', NOTE.replace('you', '\0')],
  ['bytes that were no UTF-8', NOTE.replace('you', '\ufffd')],
  ['half a surrogate pair', NOTE.replace('you', '\ud800')],
  ['a hyphen for the dash', NOTE.replace('—', '-')],
  ['a name with a plus', NOTE.replace('PeterNeumann', 'Peter+Neumann')],
  ['a name with a Unicode space', NOTE.replace('PeterNeumann', 'Peter\u2003Neumann')],
  ['no name', NOTE.replace('PeterNeumann ', '')],
  ['two spaces', NOTE.replace('PeterNeumann ', 'PeterNeumann  ')],
  ['a word after a signature', NOTE.replace('=\n', '= more\n')],
  ['base64 without padding', NOTE.replace('=\n', '\n')],
  ['base64 that goes on', NOTE.replace('=\n', '=A\n')],
  ['a signature of a key id alone', NOTE.replace(/x08go\S+/, 'x08gow==')],
  ['101 signatures', TEXT + '\n' + line.repeat(101)],
  ['more than 64 KiB', 'x'.repeat(65_536) + NOTE],
];
for (const [title, note] of broken) {
  test(`refuses a note with ${title}`, () => {
    assert.throws(() => parseNote(note), (thrown) => isProblem(thrown, 'integrity', 'note'));
  });
}

test('a text may have empty lines; the last one ends it', () => {
  const { text } = parseNote(`a\n\nb\n\n${line}`);
  assert.equal(text, 'a\n\nb\n');
});

test('sixteen cosignatures by ML-DSA-44 fit', () => {
  const signatures = Array.from({ length: 16 }, (_, i) => ({ name: `witness/${i}`, id: 'a1b2c3d4', signature: Buffer.alloc(2_428, i) }));
  assert.deepEqual(parseNote(formatNote(TEXT, signatures)), { text: TEXT, signatures });
});

test('the signature of a key is found by name and id, once, and holds', () => {
  const verifier = ed25519Verifier(parseVkey(VKEY), checkEd25519);
  const { text, signatures } = parseNote(NOTE);
  const [mine] = signatures as [(typeof signatures)[0]];
  const strangers = [{ ...mine, name: 'Other' }, { ...mine, id: '00000000' }];
  assert.deepEqual(signatureBy({ text, signatures: [...strangers, mine] }, verifier), mine.signature);
  for (const wrong of [[], strangers, [mine, mine], [{ ...mine, signature: Buffer.alloc(64) }], [{ ...mine, signature: mine.signature.subarray(1) }], [{ ...mine, signature: Buffer.alloc(72) }]]) {
    assert.throws(() => signatureBy({ text, signatures: wrong }, verifier), (thrown) => isProblem(thrown, 'integrity', 'note'));
  }
  assert.throws(() => signatureBy({ text: `${text}more\n`, signatures }, verifier), (thrown) => isProblem(thrown, 'integrity', 'note'));
});
