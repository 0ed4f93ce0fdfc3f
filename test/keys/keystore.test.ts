import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { canonical } from '../../src/base/canonical.js';
import { isProblem } from '../../src/base/errors.js';
import { sha256Hex } from '../../src/base/hash.js';
import { openHome, type Home } from '../../src/home.js';
import { KDF_COST } from '../../src/keys/cost.js';
import { forgetDerivedKeys } from '../../src/keys/derive.js';
import { createKeystore, keystorePath, listKeystores, openKeystore, readKeystore } from '../../src/keys/keystore.js';
import type { KeyringType } from '../../src/keys/keyring.js';
import type { KeystoreFile } from '../../src/schema/types.js';

/** The least the schema allows: tests make many. */
const CHEAP = { n: 16_384, r: 8, p: 1 };
const folder = mkdtempSync(join(tmpdir(), '3bot-keystore-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;
const fresh = (): Home => openHome(join(folder, String((count += 1))));
const KEY = 'ab'.repeat(32);
const make = (home: Home, secret: Buffer, passphrase = 'secret', name = 'alice', type: KeyringType = 'identity') => createKeystore(home, { type, name, public: { bot: KEY }, secret }, passphrase, CHEAP);

/** The file of a good keystore with some fields changed and the checksum put right, as an attacker would. */
function forge(file: KeystoreFile, change: Partial<KeystoreFile>): string {
  const { checksum: _checksum, ...rest } = { ...file, ...change };
  return `${canonical({ ...rest, checksum: sha256Hex(canonical(rest)) })}\n`;
}

test('what was put in comes out again, from a file for nobody else', async () => {
  const home = fresh();
  const secret = randomBytes(32);
  await make(home, secret);
  const path = keystorePath(home, 'identity', 'alice');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(home.keys).mode & 0o777, 0o700);
  const text = readFileSync(path, 'latin1');
  for (const form of ['hex', 'base64'] as const) assert.ok(!text.includes(secret.toString(form)), 'the secret is not in the clear');
  assert.deepEqual(await openKeystore(readKeystore(home, 'identity', 'alice'), 'secret'), secret);
});

test('the cost a person pays by default is N=2^17 r=8 p=1, and works', async () => {
  const home = fresh();
  const secret = randomBytes(32);
  const file = await createKeystore(home, { type: 'farm', name: 'farm', public: {}, secret }, 'secret');
  assert.deepEqual({ n: file.kdf.n, r: file.kdf.r, p: file.kdf.p }, { n: 2 ** 17, r: 8, p: 1 });
  assert.deepEqual(KDF_COST, { n: 2 ** 17, r: 8, p: 1 });
  assert.deepEqual(await openKeystore(file, 'secret'), secret);
});

test('a wrong passphrase is locked, not damage; accents count the same however they are typed', async () => {
  const home = fresh();
  await make(home, randomBytes(32), 'caf\u00e9');
  const file = readKeystore(home, 'identity', 'alice');
  await assert.rejects(openKeystore(file, 'cafe'), (thrown) => isProblem(thrown, 'locked', 'passphrase'));
  await openKeystore(file, 'cafe\u0301');
});

test('an empty or an endless passphrase is refused', async () => {
  const home = fresh();
  await assert.rejects(make(home, randomBytes(32), ''), (thrown) => isProblem(thrown, 'usage'));
  await assert.rejects(make(home, randomBytes(32), 'x'.repeat(2_000)), (thrown) => isProblem(thrown, 'usage'));
  assert.equal(existsSync(home.path), false, 'and nothing is written');
});

test('a name that is taken is refused, and what is there stays', async () => {
  const home = fresh();
  const first = randomBytes(32);
  await make(home, first);
  await assert.rejects(make(home, randomBytes(32)), (thrown) => isProblem(thrown, 'usage', 'exists'));
  assert.deepEqual(await openKeystore(readKeystore(home, 'identity', 'alice'), 'secret'), first);
});

test('services with one passphrase share a salt, and so one scrypt; an identity shares with nobody; nonces never repeat', async () => {
  const home = fresh();
  const added = async (type: KeyringType, name: string, passphrase = 'secret') => make(home, randomBytes(32), passphrase, name, type);
  const [alice, bob] = [await added('identity', 'alice'), await added('identity', 'bob')];
  const [farm, log, other] = [await added('farm', 'sunny'), await added('log', 'valley'), await added('node', 'cellar', 'other')];
  const carol = await added('identity', 'carol');
  assert.equal(farm.kdf.salt, log.kdf.salt);
  const files = [alice, bob, carol, farm, log, other];
  assert.equal(new Set(files.map(({ kdf }) => kdf.salt)).size, 5);
  assert.equal(new Set(files.map(({ nonce }) => nonce)).size, 6);
});

test('a service beside an identity of an older home takes a salt of its own', async () => {
  const home = fresh();
  const farm = await make(home, randomBytes(32), 'secret', 'sunny', 'farm');
  const alice = await make(home, randomBytes(32));
  // As it was when all keystores of a home had one salt.
  writeFileSync(keystorePath(home, 'identity', 'alice'), forge(alice, { kdf: farm.kdf }));
  assert.notEqual((await make(home, randomBytes(32), 'secret', 'valley', 'log')).kdf.salt, farm.kdf.salt);
});

test('forgotten keys are derived again', async () => {
  const home = fresh();
  const secret = randomBytes(32);
  const file = await make(home, secret, 'secret', 'sunny', 'farm');
  await forgetDerivedKeys();
  assert.deepEqual(await openKeystore(file, 'secret'), secret);
});

test('any changed byte of the file is found before a passphrase is needed', async () => {
  const home = fresh();
  await make(home, randomBytes(32));
  const path = keystorePath(home, 'identity', 'alice');
  const good = readFileSync(path);
  for (let at = 0; at < good.length - 1; at += 1) {
    const changed = Buffer.from(good);
    changed[at] = (changed[at] ?? 0) ^ 1;
    writeFileSync(path, changed);
    assert.throws(() => readKeystore(home, 'identity', 'alice'), (thrown) => isProblem(thrown, 'integrity'), `byte ${at}`);
  }
  for (let length = 0; length < good.length - 1; length += 7) {
    writeFileSync(path, good.subarray(0, length));
    assert.throws(() => readKeystore(home, 'identity', 'alice'), (thrown) => isProblem(thrown, 'integrity'), `cut to ${length}`);
    assert.equal(readFileSync(path).length, length, 'the file is not touched');
  }
});

test('a forged header is found by the sealed contents, though its checksum is right', async () => {
  const home = fresh();
  const file = await make(home, randomBytes(32));
  const path = keystorePath(home, 'identity', 'alice');
  writeFileSync(path, forge(file, { public: { bot: 'cd'.repeat(32) } }));
  await assert.rejects(openKeystore(readKeystore(home, 'identity', 'alice'), 'secret'), (thrown) => isProblem(thrown, 'integrity'));

  const renamed = keystorePath(home, 'identity', 'mallory');
  writeFileSync(renamed, forge(file, { name: 'mallory' }), { mode: 0o600 });
  await assert.rejects(openKeystore(readKeystore(home, 'identity', 'mallory'), 'secret'), (thrown) => isProblem(thrown, 'integrity'));
});

test('a hostile file is refused before it costs anything', async () => {
  const home = fresh();
  const file = await make(home, randomBytes(32));
  const path = keystorePath(home, 'identity', 'alice');
  const kdf = (change: Partial<KeystoreFile['kdf']>) => ({ kdf: { ...file.kdf, ...change } });
  const table: Record<string, string> = {
    'N far too large': forge(file, kdf({ n: 2 ** 30 })),
    'N no power of two': forge(file, kdf({ n: 100_000 })),
    'N too small': forge(file, kdf({ n: 2 })),
    'each within bounds, together 8 GiB': forge(file, kdf({ n: 2 ** 20, r: 16, p: 4 })),
    'another algorithm': forge(file, { kdf: { ...file.kdf, name: 'none' as 'scrypt' } }),
    'another version': forge(file, { v: 2 as 1 }),
    'an unknown field': `${canonical({ ...file, extra: 1 })}\n`,
    'another type': forge(file, { type: 'farm' }),
    'a megabyte': `${' '.repeat(1_048_576)}`,
    'spaces': `${JSON.stringify(file, null, 1)}\n`,
    'no object': '[]\n',
  };
  for (const [what, text] of Object.entries(table)) {
    writeFileSync(path, text);
    assert.throws(() => readKeystore(home, 'identity', 'alice'), (thrown) => isProblem(thrown, 'integrity'), what);
    assert.equal(readFileSync(path, 'utf8'), text, 'the file is not touched');
  }
});

test('a file that others may read, a link and a folder in its place are refused', async () => {
  const home = fresh();
  await make(home, randomBytes(32));
  const path = keystorePath(home, 'identity', 'alice');
  const locked = (what: string) => assert.throws(() => readKeystore(home, 'identity', 'alice'), (thrown) => isProblem(thrown, 'locked'), what);
  for (const mode of [0o640, 0o604, 0o620, 0o666]) {
    chmodSync(path, mode);
    locked(mode.toString(8));
  }
  chmodSync(path, 0o600);
  renameSync(path, `${path}.real`);
  symlinkSync(`${path}.real`, path);
  locked('link');
  rmSync(path);
  mkdirSync(path);
  locked('folder');
  rmSync(path, { recursive: true });
  linkSync(`${path}.real`, path);
  readKeystore(home, 'identity', 'alice');
});

test('a list shows the good ones and says what is wrong with the others', async () => {
  const home = fresh();
  await make(home, randomBytes(32));
  await make(home, randomBytes(32), 'secret', 'bob');
  writeFileSync(keystorePath(home, 'identity', 'bob'), '{');
  writeFileSync(join(home.keys, 'note.txt'), 'not a keystore');
  const listed = listKeystores(home);
  assert.deepEqual(listed.map(({ name, file }) => [name, file?.public['bot']]), [['alice', KEY], ['bob', undefined]]);
  assert.ok(isProblem(listed[1]?.problem, 'integrity'));
  assert.deepEqual(listKeystores(home, 'farm'), []);
  assert.throws(() => readKeystore(home, 'identity', 'carol'), (thrown) => isProblem(thrown, 'not_found'));
});
