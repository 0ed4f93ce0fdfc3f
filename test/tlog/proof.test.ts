// Proof files: C2SP tlog-proof, with and without extra data.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { formatProof, parseProof, type ProofFile } from '../../src/tlog/proof.js';

const proof = [1, 2, 3].map((n) => Buffer.alloc(32, n));
const file: ProofFile = { extra: Buffer.from('more'), index: 73_894, proof, checkpoint: 'origin\n\nsignatures\n' };
const text = formatProof(file);

test('what is written is read again', () => {
  const { extra: _, ...bare } = file;
  for (const one of [file, bare, { ...file, index: 0, proof: [] }, { ...file, index: Number.MAX_SAFE_INTEGER }]) assert.deepEqual(parseProof(formatProof(one)), one);
});

test('the form is that of the specification', () => {
  assert.equal(text, `c2sp.org/tlog-proof@v1\nextra bW9yZQ==\nindex 73894\n${proof.map((hash) => `${hash.toString('base64')}\n`).join('')}\norigin\n\nsignatures\n`);
});

test('refuses what has another form', () => {
  const hostile = [
    '', text.replace('@v1', '@v2'), text.replace('extra bW9yZQ==\n', 'extra \n'), text.replace('bW9yZQ==', 'bW9yZR=='), text.replace('bW9yZQ==', 'bW9yZQ'), text.replace('extra', 'Extra'),
    text.replace('index 73894\n', ''), text.replace('73894', '073894'), text.replace('73894', '9007199254740992'), text.replace('73894', '-1'),
    text.replace('index 73894\n', 'index 73894\nAAAA\n'), text.replace('index 73894\n', `index 73894\n${`${'A'.repeat(43)}=\n`.repeat(62)}`), text.replaceAll('\n', '\r\n'), text.slice(0, 100), text + 'x'.repeat(8 * 1_048_576), text + 'é'.repeat(4 * 1_048_576),
  ];
  for (const one of hostile) assert.throws(() => parseProof(one), (thrown) => isProblem(thrown, 'integrity', 'proof'), one.slice(0, 200));
});
