import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forgetDerivedKeys, withDerivedKey } from '../../src/keys/derive.js';

const KDF = { n: 16_384, r: 8, p: 1, salt: 'ab'.repeat(32) };
const ZERO = Buffer.alloc(32);

test("an identity's key is overwritten after use, also where the work fails", async () => {
  const keys: Buffer[] = [];
  await withDerivedKey('identity', 'secret', KDF, (key) => {
    assert.notDeepEqual(key, ZERO);
    keys.push(key);
  });
  await assert.rejects(withDerivedKey('identity', 'secret', KDF, (key) => {
    keys.push(key);
    throw new Error('on purpose');
  }), /on purpose/);
  assert.deepEqual(keys, [ZERO, ZERO]);
});

test("services share a key until it is forgotten, and only with the same passphrase", async () => {
  const key = (passphrase: string) => withDerivedKey('farm', passphrase, KDF, (one) => one);
  const first = await key('secret');
  assert.equal(await withDerivedKey('node', 'secret', KDF, (one) => one), first);
  assert.notDeepEqual(await key('other'), first);
  const was = Buffer.from(first);
  await forgetDerivedKeys();
  assert.deepEqual(first, ZERO);
  assert.deepEqual(await key('secret'), was);
});
