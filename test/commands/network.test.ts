// An owner's sessions with private networks, with the real binary on a grid of its own.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { assertNoLeak, bot, botJson, tempHome } from '../script.js';

interface Shown { id: string; name: string; subnet: string; devices: { name: string; address: string }[]; contracts: unknown[] }
interface Joined { network: string; device: string; address: string; key: string; file: string; peers: number }

const home = tempHome();
const file = join(dirname(home), 'home.conf');

before(async () => {
  await botJson(['identity', 'create', '--name', 'ann'], { home });
  await botJson(['grid', 'create', 'home-grid', '--dev'], { home });
});

test('a network is made, a device joins with a key that stays, gets a file of its own, and leaves', async () => {
  const made = await botJson<Shown>(['network', 'create', 'home', '--subnet', '10.7.0.0/16'], { home });
  assert.deepEqual([made.name, made.subnet, made.devices, made.contracts], ['home', '10.7.0.0/16', [], []]);
  const first = await bot(['network', 'join', 'home', '--device', 'laptop', '--out', file, '--json'], { home });
  const joined = JSON.parse(first.stdout) as Joined;
  assert.deepEqual([joined.network, joined.address, joined.file, joined.peers], [made.id, '10.7.0.2', file, 0]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const text = readFileSync(file, 'utf8');
  const secret = /^PrivateKey = (\S+)$/m.exec(text)?.[1] ?? '';
  assert.match(text, /^\[Interface\]\nPrivateKey = [A-Za-z0-9+/]{43}=\nAddress = 10\.7\.0\.2\/32\n$/);
  assertNoLeak(first.stdout + first.stderr, [secret]);
  assert.ok(!existsSync(`${file}.new`));
  assert.deepEqual(await botJson<Joined>(['network', 'join', 'home', '--device', 'laptop', '--out', file], { home }), joined);
  const phone = await botJson<Joined>(['network', 'join', made.id.slice(0, 8), '--device', 'phone', '--out', `${file}.phone`], { home });
  assert.equal(phone.address, '10.7.0.3');
  const left = await botJson<Shown>(['network', 'leave', 'home', '--device', 'laptop'], { home });
  assert.deepEqual(left.devices, [{ name: 'phone', address: '10.7.0.3' }]);
  assert.deepEqual(await botJson(['network', 'list'], { home }), [left]);
  assert.deepEqual(await botJson(['network', 'show', 'home'], { home }), left);
  const listed = await bot(['network', 'list'], { home });
  assert.equal(listed.stdout, `${made.id.slice(0, 12)}\thome\t10.7.0.0/16\t1\t0\n`);
});

for (const [what, words, code, hint] of [
  ['a second network of one name', ['create', 'home'], 2, /3bot network show home/],
  ['a subnet of another shape', ['create', 'other', '--subnet', '192.168.0.0/16'], 2, /10\.N\.0\.0\/16/],
  ['a network that there is not', ['show', 'nope'], 5, /3bot network create nope/],
  ['a device that is not in it', ['leave', 'home', '--device', 'toaster'], 5, /3bot network show home/],
  ['a file that is something else', ['join', 'home', '--out', 'NOTES'], 2, /--out/],
] as const) {
  test(`${what} is refused, with what to do`, async () => {
    const notes = join(dirname(home), 'notes');
    writeFileSync(notes, 'mine\n');
    const { stdout, stderr, code: got } = await bot(['network', ...words.map((word) => (word === 'NOTES' ? notes : word))], { home });
    assert.equal(got, code, stderr);
    assert.match(stderr, hint);
    assert.equal(stdout, '');
    assert.equal(readFileSync(notes, 'utf8'), 'mine\n');
  });
}
