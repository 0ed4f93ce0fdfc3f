// Releases as signed notes: what is accepted, and that any change is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../../src/base/errors.js';
import { seedSigner } from '../../../src/keys/ed25519.js';
import { PLATFORM, readRelease, risesAbove, signRelease } from '../../../src/node/release/note.js';
import { formatVkey } from '../../../src/tlog/note.js';

const signer = seedSigner(Buffer.alloc(32, 7));
const vkey = formatVkey({ name: 'releases', type: 'ed25519', key: signer.key });
const RELEASE = { version: '0.2.0', platform: PLATFORM, size: 12, sha256: 'a'.repeat(64) };
const note = await signRelease(RELEASE, 'releases', signer);

test('a signed release is read back as it was', () => {
  assert.deepEqual(readRelease(note, vkey), RELEASE);
});

for (const [what, changed] of [
  ['another version', note.replace('0.2.0', '0.2.1')], ['another hash', note.replace('aaaa', 'aaab')], ['another size', note.replace('size 12', 'size 13')], ['a line more', note.replace('size', 'size\nsize')],
  ['another name of the key', note.replace('— releases', '— others')], ['no signature', `${note.split('\n\n')[0] ?? ''}\n`], ['nothing', ''],
] as const) {
  test(`a note with ${what} is refused`, () => {
    assert.throws(() => readRelease(changed, vkey), (thrown) => isProblem(thrown, 'integrity'));
  });
}

test('a note by another key of the same name is refused, and one that is no release is not even signed', async () => {
  const other = seedSigner(Buffer.alloc(32, 8));
  const foreign = await signRelease(RELEASE, 'releases', other);
  assert.throws(() => readRelease(foreign, vkey), (thrown) => isProblem(thrown, 'integrity'));
  for (const change of [{ version: '0.2' }, { version: '0.2.0-rc1' }, { size: 0 }, { sha256: 'a' }]) {
    await assert.rejects(signRelease({ ...RELEASE, ...change }, 'releases', signer), (thrown) => isProblem(thrown, 'malformed'));
  }
});

for (const [version, than, rises] of [['0.2.0', '0.1.9', true], ['0.10.0', '0.9.0', true], ['1.0.0', '0.99.99', true], ['0.1.0', '0.1.0', false], ['0.1.0', '0.2.0', false], ['1', '0.1.0', false], ['0.2.0', 'x', false]] as const) {
  test(`${version} is ${rises ? '' : 'not '}newer than ${than}`, () => assert.equal(risesAbove(version, than), rises));
}
