// Secrets on their way from a consumer to a workload: real homes, a real server, a real process; and which letters a node takes.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isProblem } from '../../../src/base/errors.js';
import { secretHash } from '../../../src/market/secret.js';
import type { OpenLetter } from '../../../src/net/mail/letter.js';
import { fetchMail } from '../../../src/net/mail/mail.js';
import { SecretFiles } from '../../../src/node/secrets/files.js';
import { broughtBy } from '../../../src/node/secrets/intake.js';
import { bare, LocalGrid, until } from '../local.js';

const PASSWORD = 'correct horse battery';
const TOKEN = 'tok-8f3a1c';
const GIVEN = [{ name: 'db-password', bytes: Buffer.from(PASSWORD) }, { name: 'token', env: 'TOKEN', bytes: Buffer.from(TOKEN) }];
const SUMS = 'sha256sum < "$SECRETS/db-password" > sums; printf %s "$TOKEN" | sha256sum >> sums; exec sleep 1000';
const sum = (text: string): string => `${createHash('sha256').update(text).digest('hex')}  -\n`;

/** Files below a folder that hold a text; sockets and the like are passed over. */
function holding(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).filter((path) => readFileSync(path).includes(text));
}

test('a workload waits for its secrets, gets them as file and variable, gets them again without the consumer, and nothing of them is left', { timeout: 60_000 }, async (t) => {
  await using local = await LocalGrid.start(t.signal);
  const secrets = await local.secrets(GIVEN);
  const contract = await local.deal([secrets.listed(bare(['sh', '-c', SUMS]))]);
  const files = new SecretFiles(local.config.key);
  const sums = join(local.config.data, 'processes', `${contract}.web`, 'work', 'sums');
  {
    await using node = await local.watch({ interval_ms: 60_000 });
    await until('the contract is held', () => local.run(contract)?.state === 'held');
    assert.deepEqual(await node.driver.list(t.signal), [], 'started without its secrets');
    await secrets.send(contract);
    await until('it runs', () => local.said(contract) === 'running');
    await until('it has read them', () => existsSync(sums) && readFileSync(sums, 'utf8') === sum(PASSWORD) + sum(TOKEN));
    const keyring = await local.keys.get('node', 'node');
    const me = { party: `node/${local.config.key}`, signer: keyring.signer('node'), unseal: (box: Uint8Array) => keyring.unseal(box) };
    assert.deepEqual((await fetchMail({ home: local.nodeHome, grid: node.grid, me, signal: t.signal })).letters, [], 'the letter is dropped');
    assert.deepEqual([...holding(local.folder, PASSWORD), ...holding(local.folder, TOKEN)], []);
    // As after a restart of the machine: nothing in memory, nothing that runs.
    await node.driver.remove({ contract, workload: 'web' }, t.signal);
    await files.remove({ contract, workload: 'web' });
    node.watcher.wake();
    await until('it runs again', () => existsSync(sums) && readFileSync(sums, 'utf8') === sum(PASSWORD) + sum(TOKEN));
    await local.say(contract, 'end@1', { reason: '' });
    node.watcher.wake();
    await until('the files are gone', async () => (await files.list()).length === 0);
  }
  const { db } = (await import('../../../src/private.js')).openPrivate(local.nodeHome);
  assert.deepEqual(db.prepare('SELECT * FROM node_secrets').all(), []);
  db.close();
});

test('a node takes a secret only from who may say what runs there, for a contract of its own in force, and only what a workload names', { timeout: 30_000 }, async (t) => {
  await using local = await LocalGrid.start(t.signal);
  const salt = 'ab'.repeat(32);
  const named = { name: 'key', sha256: secretHash(salt, Buffer.from(PASSWORD)) };
  const contract = await local.deal([{ ...bare(['true']), secrets: [named] }]);
  const over = await local.deal([{ ...bare(['true']), secrets: [named] }]);
  await local.say(over, 'end@1', { reason: '' });
  const alice = `bot/${(await local.keys.get('identity', 'alice')).signer('bot').key}`;
  const bytes = Buffer.from(PASSWORD).toString('base64');
  const letter = (from: string, of: string, secrets = [{ salt, bytes }]): OpenLetter => ({ id: '', grid: local.book.id, from, to: '', time: 0, expires: 1, kind: 'secret', body: { contract: of, secrets } });
  const rows: [string, OpenLetter, fits: number, rest: boolean][] = [
    ['the consumer, for what is named', letter(alice, contract), 1, false],
    ['a stranger', letter(`bot/${'1'.repeat(64)}`, contract), 0, true],
    ['the farm', letter(`farm/${local.farm}`, contract), 0, true],
    ['a contract that is over', letter(alice, over), 0, true],
    ['a contract that the book does not have', letter(alice, '1'.repeat(40)), 0, true],
    ['other bytes', letter(alice, contract, [{ salt, bytes: Buffer.from('guess').toString('base64') }]), 0, true],
    ['another salt', letter(alice, contract, [{ salt: 'cd'.repeat(32), bytes }]), 0, true],
    ['what is named and more', letter(alice, contract, [{ salt, bytes }, { salt, bytes: 'AAAA' }]), 1, true],
    ['another kind of letter', { ...letter(alice, contract), kind: 'declined', body: { record: salt, reason: '' } } as OpenLetter, 0, true],
  ];
  for (const [what, one, fits, rest] of rows) {
    const brought = broughtBy(one, local.book.reader, local.config.key, local.clock());
    assert.deepEqual([brought.fits.length, brought.rest], [fits, rest], what);
  }
  assert.deepEqual(broughtBy(letter(alice, contract), local.book.reader, '2'.repeat(64), local.clock()).fits, [], 'another node');
});

const NONE = { files: [], env: [], placed: [] };

test('files of secrets lie in memory, for their user alone, and never where another has made the folder', async () => {
  const place = mkdtempSync('/dev/shm/3bot-test-');
  try {
    const files = new SecretFiles('c'.repeat(64), ['/proc', place]);
    const ref = { contract: 'a'.repeat(40), workload: 'web' };
    const { files: folder, env } = await files.place(ref, { files: [{ name: 'key', bytes: Buffer.from('one') }], env: [{ name: 'TOKEN', bytes: Buffer.from('two') }], placed: [] });
    assert.ok(folder !== null && folder.startsWith(place));
    assert.equal(readFileSync(join(folder, 'key'), 'utf8'), 'one');
    assert.equal(readFileSync(env[0]?.file ?? '', 'utf8'), 'two');
    assert.deepEqual([statSync(join(folder, 'key')).mode & 0o777, statSync(folder).mode & 0o777], [0o400, 0o700]);
    const again = await files.place(ref, { files: [{ name: 'key', bytes: Buffer.from('three') }], env: [], placed: [{ name: 'conf', path: '/etc/app.conf', bytes: Buffer.from('four') }] });
    assert.equal(readFileSync(join(again.files ?? '', 'key'), 'utf8'), 'three');
    assert.deepEqual([await files.list(), again.env], [[ref], []]);
    assert.deepEqual(again.placed.map(({ path, file }) => [path, readFileSync(file, 'utf8')]), [['/etc/app.conf', 'four']]);
    await files.place({ ...ref, workload: 'data' }, NONE);
    await files.remove(ref);
    assert.deepEqual(await files.list(), [{ ...ref, workload: 'data' }]);
    await files.remove({ ...ref, workload: 'data' });
    assert.deepEqual([await files.list(), readdirSync(place)], [[], []], 'the folder goes with the last of them');
    await files.place(ref, NONE);
    assert.deepEqual(await files.list(), [ref], 'and is made anew');
    await files.clear();
    assert.deepEqual(readdirSync(place), []);
    mkdirSync(join(place, 'mine'));
    symlinkSync(join(place, 'mine'), join(place, `3bot-${'d'.repeat(32)}`));
    await assert.rejects(new SecretFiles('d'.repeat(64), [place]).place(ref, NONE), (thrown) => isProblem(thrown, 'refused', 'secrets'));
    await assert.rejects(new SecretFiles('d'.repeat(64), ['/proc']).place(ref, NONE), (thrown) => isProblem(thrown, 'refused', 'secrets'), 'a file system on disk');
  } finally {
    rmSync(place, { recursive: true });
  }
});
