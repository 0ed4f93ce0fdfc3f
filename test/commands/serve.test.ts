// What a running server holds, from its memory.
import assert from 'node:assert/strict';
import { scryptSync } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { test } from 'node:test';
import { openHome } from '../../src/home.js';
import { openKeystore, readKeystore } from '../../src/keys/keystore.js';
import { bot, botJson, PASSPHRASE, startBot, tempHome } from '../script.js';

const PIECE = 16 * 1_048_576;

/** Which of some byte strings are in what a process can write to (proc(5), mem). */
function inMemory(pid: number, wanted: Readonly<Record<string, Buffer>>): string[] {
  const found = new Set<string>();
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const piece = Buffer.alloc(PIECE);
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
    if (match === null) continue;
    const end = parseInt(match[2] ?? '', 16);
    // Pieces overlap, so that nothing is missed between two.
    for (let at = parseInt(match[1] ?? '', 16); at < end; at += PIECE - 64) {
      let read: number;
      try {
        read = readSync(memory, piece, 0, Math.min(PIECE, end - at), at);
      } catch {
        break; // Gone meanwhile.
      }
      for (const [name, bytes] of Object.entries(wanted)) if (piece.subarray(0, read).includes(bytes)) found.add(name);
    }
  }
  closeSync(memory);
  return [...found].sort();
}

/** Secret and scrypt key of a keystore. */
async function secrets(home: string, type: 'identity' | 'farm' | 'node'): Promise<{ secret: Buffer; key: Buffer }> {
  const folder = openHome(home);
  const name = readdirSync(folder.keys).find((file) => file.startsWith(`${type}-`))?.slice(type.length + 1, -'.json'.length) ?? '';
  const file = readKeystore(folder, type, name);
  const { n, r, p, salt } = file.kdf;
  return { secret: await openKeystore(file, PASSPHRASE), key: scryptSync(PASSPHRASE, Buffer.from(salt, 'hex'), 32, { N: n, r, p, maxmem: 2 ** 28 }) };
}

test('servers hold their own keys, but neither the secret of the identity nor a key that opens it', async () => {
  const options = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'alice'], options);
  await botJson(['grid', 'create', 'valley', '--dev'], options);
  await botJson(['farm', 'create', 'sunny', '--endpoint', 'http://127.0.0.1:1'], options);
  await botJson(['node', 'join', '--farm', 'sunny', '--declare', '8/16/500/0', '--runtime', 'process'], options);
  const [alice, farm, node] = [await secrets(options.home, 'identity'), await secrets(options.home, 'farm'), await secrets(options.home, 'node')];
  assert.deepEqual(farm.key, node.key, 'a start costs one scrypt');
  const wanted = { 'identity secret': alice.secret, 'identity key': alice.key, 'farm secret': farm.secret, 'node secret': node.secret };

  await using served = startBot(['serve', '--listen', '127.0.0.1:0', '--json'], options);
  await served.until(/^\{.*\}$/m);
  await using watching = startBot(['node', 'watch', '--json'], options);
  await watching.until(/"event":"ready"/);
  assert.deepEqual(inMemory(served.child.pid ?? 0, wanted), ['farm secret']);
  assert.deepEqual(inMemory(watching.child.pid ?? 0, wanted), ['node secret']);
});

test('a server makes no grid, and says how to get one', async () => {
  const options = { home: tempHome() };
  await botJson(['identity', 'create', '--name', 'alice'], options);
  const run = await bot(['serve', '--listen', '127.0.0.1:0'], options);
  assert.equal(run.code, 5, run.stderr);
  assert.match(run.stderr, /no grid in .* yet[^]*hint: 3bot grid join URL/);
  assert.deepEqual(readdirSync(openHome(options.home).keys), ['identity-alice.json']);
});
