// Sessions with identities: make, list, use, export, import; the keystore in every bad state.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { canonical } from '../../src/base/canonical.js';
import { sha256Hex } from '../../src/base/hash.js';
import { parseKey } from '../../src/keys/did.js';
import type { KeystoreFile } from '../../src/schema/types.js';
import { qrOf } from '../qr.js';
import { assertNoLeak, bot, botJson, PASSPHRASE, tempHome } from '../script.js';
import { terminal } from '../terminal.js';

const home = tempHome();
const files = dirname(home);
const words = join(files, 'words.txt');
interface Identity { id: string; name: string; address: string; did: string; account: string; in_use: boolean }
let alice: Identity;

test('create gives id, name and address, and the first identity is the one in use', async () => {
  alice = await botJson<Identity>(['identity', 'create', '--name', 'alice', '--words-file', words], { home });
  assert.match(alice.id, /^[0-9a-f]{64}$/);
  assert.equal(alice.name, 'alice');
  assert.equal(parseKey(alice.address), alice.account);
  assert.equal(parseKey(alice.did), alice.id);
  assert.equal(alice.in_use, true);
});

test('files are for their owner only, and hold neither words nor passphrase but where a person asked for them', () => {
  for (const path of [home, join(home, 'keys')]) assert.equal(statSync(path).mode & 0o777, 0o700, path);
  for (const path of [words, join(home, 'config.json'), join(home, 'keys', 'identity-alice.json')]) assert.equal(statSync(path).mode & 0o777, 0o600, path);
  assert.equal(readFileSync(words, 'utf8').trim().split(' ').length, 24);
  assert.deepEqual(readdirSync(home).sort(), ['config.json', 'config.lock', 'keys']);
  for (const name of ['config.json', 'keys/identity-alice.json']) assertNoLeak(readFileSync(join(home, name), 'utf8'));
});

test('a keystore that bin/3bot.js makes costs N=2^17 to open, and so does a cheaper one whose passphrase it changes', async () => {
  const real = { home: tempHome(), real: true };
  await botJson(['identity', 'create', '--name', 'alice'], real);
  await botJson(['identity', 'create', '--name', 'bob'], { home: real.home });
  const costs = (): number[][] => ['alice', 'bob'].map((name) => {
    const { kdf } = JSON.parse(readFileSync(join(real.home, 'keys', `identity-${name}.json`), 'utf8')) as KeystoreFile;
    return [kdf.n, kdf.r, kdf.p];
  });
  assert.deepEqual(costs(), [[131_072, 8, 1], [16_384, 8, 1]]);
  const file = join(dirname(real.home), 'new');
  writeFileSync(file, 'another one\n');
  assert.equal((await bot(['identity', 'passwd', '--all', '--new-passphrase-file', file], real)).code, 0);
  assert.deepEqual(costs(), [[131_072, 8, 1], [131_072, 8, 1]]);
});

test('in a pipe create prints the id alone; a passphrase file serves as well', async () => {
  const file = join(files, 'passphrase');
  writeFileSync(file, `${PASSPHRASE}\r\nsecond line\n`);
  for (const [name, args, env] of [['bob', ['--passphrase-file', file], {}], ['carol', [], { THREEBOT_PASSPHRASE_FILE: file }]] as const) {
    const run = await bot(['identity', 'create', '--name', name, ...args], { home, passphrase: null, env });
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /^[0-9a-f]{64}\n$/);
    assert.equal(run.stderr, '');
  }
  assert.equal((await bot(['identity', 'export', 'carol', '--words-file', join(files, 'carol.txt')], { home })).code, 0, 'it was the same passphrase');
});

test('without a name it gets one from its key', async () => {
  const { id, name } = await botJson<Identity>(['identity', 'create'], { home });
  assert.equal(name, `bot-${id.slice(0, 8)}`);
});

test('list, show and use, without a passphrase', async () => {
  const locked = { home, passphrase: null };
  const list = await botJson<Identity[]>(['identity', 'list'], locked);
  assert.deepEqual(list.slice(0, 1).map(({ name, in_use }) => [name, in_use]), [['alice', true]]);
  assert.equal(list.length, 4);
  assert.equal((await bot(['identity', 'list'], locked)).stdout.split('\n')[0]?.split('\t')[0], 'alice');
  assert.deepEqual(await botJson(['identity', 'show'], locked), { ...alice });
  const drawn = await bot(['identity', 'show', '--qr'], locked);
  assert.match(drawn.stdout, /^did\tdid:key:z/m);
  assert.ok(drawn.stderr.includes(await qrOf(alice.did)));
  assert.equal((await botJson<Identity>(['identity', 'show', alice.id.slice(0, 10)], locked)).name, 'alice');
  assert.equal((await bot(['identity', 'use', 'bob'], locked)).code, 0);
  assert.equal((await botJson<Identity>(['identity', 'show'], locked)).name, 'bob');
  await botJson(['identity', 'use', 'alice'], locked);
  for (const name of ['dave', '../keys', 'ffffffff']) assert.equal((await bot(['identity', 'use', name], locked)).code, 5, name);
});

test('export and import bring the same identity into another home', async () => {
  const file = join(files, 'again.txt');
  assert.equal((await bot(['identity', 'export', '--words-file', file], { home })).code, 0);
  assert.equal(readFileSync(file, 'utf8'), readFileSync(words, 'utf8'));
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const other = tempHome();
  const imported = await botJson<Identity>(['identity', 'import', '--words-file', file, '--name', 'alice'], { home: other, passphrase: 'another one' });
  assert.deepEqual(imported, alice);
  const twice = await bot(['identity', 'import', '--words-file', file, '--name', 'copy'], { home: other });
  assert.equal(twice.code, 2);
  assert.match(twice.stderr, /here already, as alice/);
});

test('words with a mistake are refused, and nothing is made', async () => {
  const file = join(files, 'mistake.txt');
  const [first = '', second = '', ...more] = readFileSync(words, 'utf8').trim().split(' ');
  const other = tempHome();
  for (const [what, text] of [['swapped', [second, first, ...more].join(' ')], ['cut', more.join(' ')], ['empty', '']] as const) {
    writeFileSync(file, text);
    // Two equal words swapped would be no mistake.
    if (what === 'swapped' && first === second) continue;
    assert.equal((await bot(['identity', 'import', '--words-file', file], { home: other })).code, 2, what);
  }
  assert.equal((await bot(['identity', 'import', '--words-file', join(files, 'missing')], { home: other })).code, 2);
  assert.equal((await bot(['identity', 'import'], { home: other })).code, 2, 'and without a terminal nobody is asked');
  assert.equal(existsSync(other), false);
});

test('nothing is written over: neither a words file nor an identity', async () => {
  const before = readFileSync(words, 'utf8');
  const keys = readdirSync(join(home, 'keys'));
  for (const args of [['identity', 'export', '--words-file', words], ['identity', 'create', '--name', 'dave', '--words-file', words], ['identity', 'create', '--name', 'alice'],
    ['identity', 'create', '--name', 'A!'], ['identity', 'create', '--name', 'dave', '--words-file', join(files, 'no/such/folder')]]) {
    assert.equal((await bot(args, { home })).code, 2, args.join(' '));
  }
  assert.equal(readFileSync(words, 'utf8'), before);
  assert.deepEqual(readdirSync(join(home, 'keys')), keys);
});

test('without a terminal and a passphrase the sources are named; an empty one is refused', async () => {
  const other = tempHome();
  for (const options of [{ home: other, passphrase: null }, { home: other, passphrase: '' }, { home: other, passphrase: null, env: { THREEBOT_PASSPHRASE_FILE: '/dev/null' } }]) {
    const run = await bot(['identity', 'create'], options);
    assert.equal(run.code, 2);
    assert.match(run.stderr, /passphrase/);
  }
  assert.equal(existsSync(other), false);
  const locked = await bot(['identity', 'export', '--words-file', join(files, 'x')], { home, passphrase: null });
  assert.equal(locked.code, 4);
  assert.match(locked.stderr, /THREEBOT_PASSPHRASE_FILE/);
  assert.equal(existsSync(join(files, 'x')), false);
});

test('a person at a terminal types a passphrase twice and reads what was made', async () => {
  const other = { home: tempHome(), passphrase: null };
  const differ = await terminal(['identity', 'create', '--name', 'erin'], other, [[/keys of this home:/, 'one\r'], [/again:/, 'two\r']]);
  assert.equal(differ.code, 2);
  assert.match(differ.screen, /differ/);
  const made = await terminal(['identity', 'create', '--name', 'erin'], other, [[/keys of this home:/, `${PASSPHRASE}\r`], [/again:/, `${PASSPHRASE}\r`]]);
  assert.equal(made.code, 0, made.screen);
  assert.match(made.screen, /did:key:z6Mk/);
  assert.match(made.screen, /not fund it/, 'says what the address is not');
  assert.match(made.screen, /next:.*identity export/s);
  const second = await terminal(['identity', 'create', '--name', 'frank'], other, [[/Passphrase \(the one of the identity erin\):/, 'wrong\r'], [/Passphrase/, `${PASSPHRASE}\r`]]);
  assert.equal(second.code, 0, second.screen);
});

test('every bad state of a keystore: a clear error, its exit code, the file untouched', async () => {
  const path = join(home, 'keys', 'identity-alice.json');
  const good = readFileSync(path, 'utf8');
  const hostile = () => {
    const { checksum: _checksum, ...file } = JSON.parse(good) as KeystoreFile;
    const rest = { ...file, kdf: { ...file.kdf, n: 1_073_741_824 } };
    return `${canonical({ ...rest, checksum: sha256Hex(canonical(rest)) })}\n`;
  };
  const target = join(files, 'never.txt');
  const table: [string, string, number, number, string | undefined][] = [
    ['wrong passphrase', good, 0o600, 4, 'not the passphrase'],
    ['loose permissions', good, 0o644, 4, undefined],
    ['corrupt', good.replace('"box":"', '"box":"A'), 0o600, 7, undefined],
    ['truncated', good.slice(0, 200), 0o600, 7, undefined],
    ['empty', '', 0o600, 7, undefined],
    ['huge scrypt', hostile(), 0o600, 7, undefined],
  ];
  for (const [what, text, mode, code, passphrase] of table) {
    writeFileSync(path, text);
    chmodSync(path, mode);
    const run = await bot(['identity', 'export', 'alice', '--words-file', target], { home, passphrase: passphrase ?? PASSPHRASE });
    assert.equal(run.code, code, `${what}: ${run.stderr}`);
    assert.equal(run.stdout, '');
    assert.equal(readFileSync(path, 'utf8'), text, what);
    assert.equal(existsSync(target), false);
  }
  writeFileSync(path, 'x');
  const list = await bot(['identity', 'list'], { home });
  assert.equal(list.code, 0);
  assert.match(list.stderr, /warning:.*identity-alice/);
  assert.match(list.stdout, /^bob\t/m);
  writeFileSync(path, good);
});
