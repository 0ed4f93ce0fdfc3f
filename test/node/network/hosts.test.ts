// Names and addresses of a contract's workloads: who keeps which, and what the file says.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Hosts, hostsText, placesFor, placesIn } from '../../../src/node/network/hosts.js';
import { slotRange } from '../../../src/node/network/ranges.js';

const range = slotRange(3);
const CONTRACT = 'a'.repeat(40);

test('who has a place keeps it, and a new one takes the first that is free', () => {
  const first = placesFor(['db', 'web'], new Map());
  assert.deepEqual([...first], [['db', 0], ['web', 1]]);
  assert.deepEqual([...placesFor(['web', 'cache', 'job'], first)], [['web', 1], ['cache', 0], ['job', 2]]);
});

test('sixty-four workloads have addresses of their own within the network of their contract', () => {
  const names = Array.from({ length: 64 }, (_, i) => `w${i}`);
  const text = hostsText(range, placesFor(names, new Map()), names.map((name) => ({ name })), []);
  assert.deepEqual(placesIn(text, 128), placesFor(names, new Map()));
  const last = text.trimEnd().split('\n').map((line) => Number(line.split(' ')[0]?.split('.')[3]));
  assert.deepEqual([Math.max(...last.filter((one) => !Number.isNaN(one) && one !== 1)), last.at(-1)], [254, 191]);
});

test('a name of the own contract stands before the same one of another', () => {
  const text = hostsText(range, new Map([['db', 0]]), [{ name: 'db', aliases: ['Store'] }], [{ name: 'db', address: '10.7.0.2', aliases: ['db.shop-2', 'store'] }, { name: 'DB', address: '10.7.0.3' }]);
  assert.equal(text, '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n198.18.1.254 db Store\n10.7.0.2 db.shop-2\n');
});

test('the names of the container itself are given to nobody, and those of public hosts to no other contract', () => {
  const other = { name: 'localhost', address: '10.7.0.9', aliases: ['api.stripe.com', 'IP6-loopback', 'localhost.shop', 'localhost.a.com', 'cache'] };
  const text = hostsText(range, new Map([['db', 0]]), [{ name: 'db', aliases: ['LocalHost', 'ip6-localhost', 'db.my.org'] }], [other]);
  assert.equal(text, '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n198.18.1.254 db db.my.org\n10.7.0.9 localhost.shop cache\n');
});

test('the file remembers who has which address, is the same file for as long as the contract is there, and goes with it', async () => {
  const folder = mkdtempSync(join(tmpdir(), '3bot-hosts-'));
  try {
    const inode = (): number => statSync(join(folder, CONTRACT)).ino;
    const hosts = new Hosts(folder);
    const web = await hosts.place(CONTRACT, range, { name: 'web' });
    const before = inode();
    const own = [{ name: 'db' }, { name: 'web', aliases: ['www'] }];
    await hosts.apply(new Map([[CONTRACT, { own, others: [{ name: 'far', address: '10.7.0.9' }] }]]), () => range);
    assert.match(readFileSync(web.hosts, 'utf8'), new RegExp(`${web.address} web www\n10.7.0.9 far\n$`));
    assert.equal(inode(), before);
    // Another agent, which has not read the book yet.
    const again = new Hosts(folder);
    assert.deepEqual(await again.place(CONTRACT, range, { name: 'web', aliases: ['www'] }), web);
    assert.match(readFileSync(web.hosts, 'utf8'), / db\n/);
    await again.apply(new Map([[CONTRACT, { own: [{ name: 'db' }], others: [] }]]), () => range);
    assert.doesNotMatch(readFileSync(web.hosts, 'utf8'), /web/);
    await again.apply(new Map(), () => undefined);
    assert.deepEqual(readdirSync(folder), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
