// Cosignatures: the published example's form, and every byte of one matters.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkEd25519, publicKeyOf, signBytes } from '../../src/keys/ed25519.js';
import { cosignatureText, cosignatureTime, cosignatureVerifier, formatCosignature } from '../../src/tlog/cosignature.js';
import { parseNote } from '../../src/tlog/note.js';

// From C2SP tlog-cosignature.
const EXAMPLE = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`;
const { text, signatures } = parseNote(EXAMPLE);
const seed = Buffer.alloc(32, 5);
const verifier = cosignatureVerifier({ name: 'w1', key: publicKeyOf(seed) }, checkEd25519);
const cosigned = (seconds: number): Buffer => formatCosignature(seconds, Buffer.from(signBytes(seed, Buffer.from(cosignatureText(text, seconds))), 'base64'));

test('the published example has the time that its message says', () => {
  assert.equal(cosignatureTime(signatures[1]?.signature as Buffer), 1_679_315_147_000);
  assert.equal(cosignatureText(text, 1_679_315_147), `cosignature/v1\ntime 1679315147\n${text}`);
});

test('a cosignature holds for its text and time alone', () => {
  const signature = cosigned(1_679_315_147);
  assert.equal(verifier.verify(text, signature), true);
  assert.equal(verifier.verify(`${text}more\n`, signature), false);
  for (let bit = 0; bit < signature.length * 8; bit++) {
    const changed = Buffer.from(signature);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(verifier.verify(text, changed), false, `bit ${bit}`);
  }
});

test('any other length is refused', () => {
  for (const length of [0, 7, 8, 64, 71, 73]) assert.equal(verifier.verify(text, Buffer.alloc(length)), false);
});

test('a time that no date has is none', () => {
  assert.equal(cosignatureTime(formatCosignature(Number.MAX_SAFE_INTEGER, Buffer.alloc(64))), undefined);
  assert.equal(cosignatureTime(cosigned(0)), 0);
});
