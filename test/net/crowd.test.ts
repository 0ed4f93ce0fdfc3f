// A crowd at one server: slow and half-open clients do not stop others, followers wait by the thousand.
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { MAX_CONNECTIONS, SPARE_FILES, WAKE_AT_ONCE } from '../../src/base/limits.js';
import { placeOf } from '../../src/net/crowd.js';
import type { Grid } from '../../src/net/grid.js';
import { Waiting } from '../../src/net/polls.js';
import { startServer, type Server } from '../../src/net/server.js';
import { poll } from '../script.js';
import type { Seen } from './crowd-client.js';
import { send, TestHome } from './homes.js';

const MANY = 10_000;
const files = Number(/^Max open files +[0-9]+ +([0-9]+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 0);
const skip = files >= MANY + 2 * SPARE_FILES ? false : `the hard limit on open files is ${files} (ulimit -Hn), ${MANY + 2 * SPARE_FILES} are needed`;

/** A served grid, and crowds at it. */
class Place implements AsyncDisposable {
  readonly alice: TestHome;
  readonly grid: Grid;
  readonly server: Server;
  readonly #crowds: ChildProcess[] = [];

  private constructor(alice: TestHome, grid: Grid, server: Server) {
    this.alice = alice;
    this.grid = grid;
    this.server = server;
  }

  static async open(more: { requestTimeoutMs?: number; maxConnections?: number } = {}): Promise<Place> {
    const alice = await TestHome.create('alice');
    await alice.create();
    const grid = await alice.grid();
    await send(grid, alice.identity, 'ab'.repeat(32));
    const server = await startServer({ listen: { host: '127.0.0.1', port: 0 }, books: new Map([[grid.id, grid]]), talk: new Map(), clock: Date.now, version: '0', log: pino({ level: 'silent' }), ...more });
    return new Place(alice, grid, server);
  }

  /** Lets many clients loose; gives what they have seen. */
  crowd(mode: 'half-open' | 'slow' | 'follow', count: number, addresses: number): () => Seen {
    const port = new URL(this.server.address).port;
    const path = `/v1/grids/${this.grid.id}/lines?from=${this.grid.reader.size}&wait=30000`;
    const child = fork(fileURLToPath(new URL('./crowd-client.js', import.meta.url)), [mode, `${count}`, port, path, `${addresses}`]);
    this.#crowds.push(child);
    let seen: Seen = { open: 0, closed: 0, answered: 0, answers: [] };
    child.on('message', (now) => void (seen = now as Seen));
    return () => seen;
  }

  /** Somebody else asks and is answered. */
  async isServed(): Promise<void> {
    assert.equal((await fetch(`${this.server.address}/v1/health`)).status, 200);
    const before = this.grid.reader.size;
    await send(this.grid, this.alice.identity, 'ab'.repeat(32));
    assert.equal((await (await fetch(`${this.server.address}/v1/grids/${this.grid.id}/lines?from=${before}`)).text()).trim().split('\n').length, 2);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#crowds) child.kill('SIGKILL');
    await this.server[Symbol.asyncDispose]();
    await this.alice[Symbol.asyncDispose]();
  }
}

test('ten thousand half-open and slow clients do not stop others, and are shown out', { skip }, async () => {
  await using place = await Place.open({ requestTimeoutMs: 3_000 });
  const halfOpen = place.crowd('half-open', MANY / 2, 50);
  const slow = place.crowd('slow', MANY / 2, 50);
  await poll('a crowd', () => halfOpen().open === MANY / 2 && slow().open === MANY / 2);
  await place.isServed();
  await poll('their end', () => halfOpen().closed === MANY / 2 && slow().closed === MANY / 2);
  await place.isServed();
});

test('ten thousand followers wait on one server, others are served meanwhile, and all get the same news', { skip }, async () => {
  await using place = await Place.open();
  const followers = place.crowd('follow', MANY, 100);
  await poll('ten thousand followers', () => followers().open === MANY);
  assert.equal((await fetch(`${place.server.address}/v1/health`)).status, 200);
  assert.equal(followers().answered, 0);
  await send(place.grid, place.alice.identity, 'cd'.repeat(32));
  const answers = Promise.all(Array.from({ length: 20 }, async () => (await fetch(`${place.server.address}/v1/health`)).status));
  assert.deepEqual(new Set(await answers), new Set([200]));
  await poll('their answers', () => followers().answered === MANY);
  assert.equal(followers().answers.length, 1);
});

test('those who wait are woken in slices, and others come between', async () => {
  const listeners = new Set<() => void>();
  const waiting = new Waiting({ onNews: (listener) => (listeners.add(listener), () => listeners.delete(listener)) });
  let woken = 0;
  for (let i = 0; i < 3 * WAKE_AT_ONCE; i += 1) waiting.add(30_000, () => void (woken += 1));
  const stop = waiting.add(30_000, () => assert.fail('it has gone'));
  stop();
  for (const listener of listeners) listener();
  const between: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    between.push(woken);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(between, [WAKE_AT_ONCE, 2 * WAKE_AT_ONCE, 3 * WAKE_AT_ONCE]);
  waiting.add(30_000, () => void (woken += 1));
  waiting.end();
  assert.equal(woken, 3 * WAKE_AT_ONCE + 1);
});

test('one address has at most half of the connections', async () => {
  await using place = await Place.open({ maxConnections: 20 });
  const greedy = place.crowd('half-open', 100, 1);
  await poll('its connections to be closed', () => greedy().closed === 90);
  assert.equal(greedy().open, 100, 'each was accepted by the system first');
  await place.isServed();
});

test('what one customer has counts as one address: an IPv4 address, the /64 of an IPv6 one', () => {
  const rows: [address: string, place: string][] = [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::9', '2001:db8:1:3::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['fe80::1:2:3:4%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ];
  for (const [address, place] of rows) assert.equal(placeOf(address), place, address);
});

test('a crowd fits the limits of this release', () => {
  assert.ok(MAX_CONNECTIONS > MANY);
});
