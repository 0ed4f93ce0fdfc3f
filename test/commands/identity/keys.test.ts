// Sessions with the keys of a bot: granted, used, rotated, revoked, recovered; another passphrase.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { assertNoLeak, bot, botJson, startBot, tempHome } from '../../script.js';

interface Keys { id: string; name: string; keys: { key: string; kinds: string[]; until: string | null; state: string; revoked: { line: number; at: string } | null; here: string | null }[]; recovery: object | null }

test('a key is granted, used, rotated and revoked; its keystore is put under another passphrase', async () => {
  const home = { home: tempHome() };
  const { id } = await botJson<{ id: string }>(['identity', 'create', '--name', 'alice'], home);
  await botJson(['grid', 'create', 'valley', '--dev'], home);
  const ci = await botJson<{ key: string; file: string }>(['identity', 'key', 'add', '--name', 'robot', '--kinds', 'end@1,talk', '--until', '30d'], home);
  assertNoLeak(readFileSync(ci.file, 'utf8'));
  const shown = (): Promise<Keys> => botJson<Keys>(['identity', 'keys'], { ...home, passphrase: null });
  assert.deepEqual((await shown()).keys.map(({ kinds, state, here }) => [kinds, state, here]), [[['*'], 'valid', 'alice'], [['end@1', 'talk'], 'valid', 'robot']]);

  await botJson(['identity', 'use', 'robot'], home);
  for (const [args, code] of [[['identity', 'revoke', 'alice'], 3], [['wallet', 'show'], 3], [['identity', 'key', 'add', '--kinds', 'foo@1'], 2], [['identity', 'key', 'add', '--kinds', '*', '--until', '2020-01-01'], 2]] as const) {
    const run = await bot(args, home);
    assert.deepEqual([run.code, run.stdout], [code, ''], run.stderr);
  }
  assert.equal((await shown()).id, id, 'it speaks for the bot that lists it');

  await botJson(['identity', 'use', 'alice'], home);
  const next = await botJson<{ key: string }>(['identity', 'rotate', 'robot', '--name', 'robot-2'], home);
  assert.deepEqual((await shown()).keys.map(({ key, state }) => [key, state]), [[id, 'valid'], [next.key, 'valid'], [ci.key, 'revoked']]);
  const { index: line } = await botJson<{ index: number }>(['identity', 'revoke', next.key.slice(0, 12)], home);
  const { keys } = await shown();
  assert.deepEqual(keys.map(({ key, kinds, state }) => [key, kinds, state]), [[id, ['*'], 'valid'], [ci.key, ['end@1', 'talk'], 'revoked'], [next.key, ['end@1', 'talk'], 'revoked']]);
  assert.deepEqual([keys[0]?.revoked, keys[2]?.revoked?.line], [null, line]);
  assert.match((await bot(['identity', 'revoke', next.key], home)).stderr, new RegExp(`is revoked since line ${line}, 20`));

  const [wrong, right] = ['empty', 'next'].map((name) => join(dirname(home.home), name)) as [string, string];
  writeFileSync(wrong, '\n');
  writeFileSync(right, 'another passphrase\n');
  const before = readFileSync(join(home.home, 'keys', 'identity-alice.json'), 'utf8');
  assert.equal((await bot(['identity', 'passwd', '--new-passphrase-file', wrong], home)).code, 2);
  assert.equal(readFileSync(join(home.home, 'keys', 'identity-alice.json'), 'utf8'), before);
  const changed = await botJson<{ name: string }[]>(['identity', 'passwd', '--all', '--new-passphrase-file', right], home);
  assert.deepEqual(changed.map(({ name }) => name).slice(-1), ['alice']);
  const words = join(dirname(home.home), 'words');
  assert.equal((await bot(['identity', 'export', 'alice', '--words-file', words], home)).code, 4, 'the old one opens nothing');
  assert.equal((await bot(['identity', 'export', 'alice', '--words-file', words], { ...home, passphrase: 'another passphrase' })).code, 0);
  assert.ok(existsSync(words));
});

test('a bot whose keys are lost is recovered by those it has named, from a new home folder; a key made elsewhere signs for itself', async () => {
  const [alice, bob, fresh] = [{ home: tempHome() }, { home: tempHome() }, { home: tempHome() }];
  const { id } = await botJson<{ id: string }>(['identity', 'create', '--name', 'alice'], alice);
  const { id: friend } = await botJson<{ id: string }>(['identity', 'create', '--name', 'bob'], bob);
  await botJson(['grid', 'create', 'valley', '--dev'], alice);
  await using served = startBot(['serve', '--listen', '127.0.0.1:0'], alice);
  const [url] = await served.until(/http:\/\/127\.0\.0\.1:[0-9]+/);
  for (const home of [bob, fresh]) await botJson(['grid', 'join', url], home);
  const draft = join(dirname(alice.home), 'draft.json');

  const { key } = await botJson<{ key: string }>(['identity', 'key', 'create', '--name', 'phone'], fresh);
  const asked = await botJson<{ state: string; missing: string[] }>(['identity', 'key', 'add', key, '--kinds', 'talk', '--draft', draft, '--yes'], alice);
  assert.deepEqual([asked.state, asked.missing], ['signed', [`key/${key}`]]);
  assert.equal((await botJson<{ state: string }>(['sign', draft, '--yes'], fresh)).state, 'committed');
  assert.equal((await botJson<Keys>(['identity', 'keys'], fresh)).id, id);

  assert.equal((await bot(['identity', 'recovery', '--members', 'bob', '--yes'], alice)).code, 5, 'bob is not on the grid yet');
  await bot(['quote', '--cpu', '1'], bob);
  await botJson(['identity', 'recovery', '--members', 'bob', '--yes'], alice);
  const again = join(dirname(alice.home), 'recover.json');
  const { id: newKey } = await botJson<{ id: string }>(['identity', 'create', '--name', 'anew'], fresh);
  await botJson(['identity', 'use', 'anew'], fresh);
  const waits = await botJson<{ state: string; missing: string[] }>(['identity', 'recover', 'alice', '--draft', again, '--yes'], fresh);
  assert.deepEqual([waits.state, waits.missing], ['signed', [`bot/${friend}`]]);
  await botJson(['sign', again, '--yes'], bob);
  const now = await botJson<Keys>(['identity', 'keys'], fresh);
  assert.deepEqual([now.id, now.name, now.keys.map((one) => [one.key, one.state])], [id, 'alice', [[newKey, 'valid'], [id, 'revoked'], [key, 'revoked']]]);
  assert.equal((await bot(['identity', 'key', 'add', '--kinds', '*'], alice)).code, 3, 'the lost key speaks for nobody');
  assert.match((await bot(['vote', 'create', 'Who am I?', '--voter', 'alice'], alice)).stderr, /does not speak for alice any more\n.*3bot identity keys/);
});
