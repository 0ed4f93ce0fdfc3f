// What is served under /log: C2SP tlog-tiles, to the letter.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { get as httpGet, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import Fastify from 'fastify';
import { pino } from 'pino';
import { entryOf } from '../../src/bcdb/bundles.js';
import { openCheckpoint } from '../../src/bcdb/checkpoint.js';
import { pinnedBy } from '../../src/bcdb/pinned.js';
import type { Grid } from '../../src/net/grid.js';
import { Budget } from '../../src/net/answers.js';
import { startServer, type Server } from '../../src/net/server.js';
import { addTileRoutes } from '../../src/net/tiles.js';
import type { Reader } from '../../src/bcdb/reader.js';
import type { Line } from '../../src/schema/types.js';
import { parseBundle } from '../../src/tlog/bundle.js';
import { fromTiles } from '../../src/tlog/fetch.js';
import { leafHash } from '../../src/tlog/merkle.js';
import { treeRoot } from '../../src/tlog/prove.js';
import { tilePath } from '../../src/tlog/tiles.js';
import { sendMany, TestHome, until } from './homes.js';

/** Lines in the book: genesis, identity, 1 + 297 transfers. */
const SIZE = 300;

let alice: TestHome;
let grid: Grid;
let server: Server;

before(async () => {
  alice = await TestHome.create('alice');
  await alice.create();
  grid = await alice.grid();
  await sendMany(grid, alice.identity, 'ab'.repeat(32), SIZE - 3);
  assert.equal(grid.reader.size, SIZE);
  server = await startServer({ listen: { host: '127.0.0.1', port: 0 }, books: new Map([[grid.id, grid]]), talk: new Map(), clock: Date.now, version: '0', log: pino({ level: 'silent' }) });
});

after(async () => {
  await server[Symbol.asyncDispose]();
  await alice[Symbol.asyncDispose]();
});

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** As it is on the wire: nothing is asked for or unpacked unasked. */
async function get(path: string, headers: Record<string, string> = {}, id = grid.id): Promise<Got> {
  return new Promise((resolve, reject) => {
    httpGet(`${server.address}/log/${id}/${path}`, { headers, agent: false }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part)).on('error', reject).on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }));
    }).on('error', reject);
  });
}

test('the checkpoint is a signed note, cached for seconds at the most', async () => {
  const { status, headers, body } = await get('checkpoint');
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
  assert.equal(headers['cache-control'], 'public, max-age=5');
  assert.equal(openCheckpoint(body.toString(), pinnedBy(grid.reader.line(0))).size, SIZE);
});

test('full and partial tiles hash to the root that the checkpoint has', async () => {
  const root = await fromTiles(SIZE, async (tile) => {
    const { status, headers, body } = await get(tilePath(tile));
    assert.equal(status, 200, tilePath(tile));
    assert.equal(headers['content-type'], 'application/octet-stream');
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
    return body;
  }, (hash) => treeRoot(hash, SIZE));
  assert.deepEqual(root, grid.reader.tree.root());
  assert.equal((await get('tile/0/000')).body.length, 8_192);
});

test('a partial tile stays when there is more', async () => {
  const full = (await get('tile/0/000')).body;
  assert.deepEqual((await get('tile/0/000.p/7')).body, full.subarray(0, 7 * 32));
  assert.deepEqual((await get('tile/0/001.p/1')).body, (await get('tile/0/001.p/44')).body.subarray(0, 32));
});

test('each entry hashes to its leaf, and each record gives its entry', async () => {
  for (const [n, width, name] of [[0, 256, '000'], [1, 44, '001.p/44'], [1, 3, '001.p/3']] as const) {
    const leaves = (await get(`tile/0/${name}`)).body;
    const entries = await get(`tile/entries/${name}`);
    assert.equal(entries.headers['content-type'], 'application/octet-stream');
    const records = await get(`tile/records/${name}`);
    assert.equal(records.headers['content-type'], 'application/x-ndjson');
    const lines = records.body.toString().split('\n').slice(0, -1).map((row) => JSON.parse(row) as Line);
    assert.deepEqual(lines, [...grid.reader.lines(n * 256, n * 256 + width)]);
    assert.deepEqual(Buffer.concat(parseBundle(entries.body, width).map((entry) => leafHash(entry))), leaves);
    assert.deepEqual(parseBundle(entries.body, width).map(String), lines.map(entryOf));
  }
});

test('bundles are compressed for those who ask', async () => {
  for (const path of ['tile/entries/000', 'tile/records/000']) {
    const plain = await get(path);
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.equal(plain.headers['vary'], 'accept-encoding');
    for (const ask of ['gzip', 'br, gzip;q=0.5', 'gzip, identity']) {
      const { headers, body } = await get(path, { 'accept-encoding': ask });
      assert.equal(headers['content-encoding'], 'gzip', ask);
      assert.ok(body.length < plain.body.length / 2);
      assert.deepEqual(gunzipSync(body), plain.body);
    }
    for (const ask of ['identity', 'br', 'gzip;q=0', '']) assert.equal((await get(path, { 'accept-encoding': ask })).headers['content-encoding'], undefined, ask);
  }
});

test('HEAD gives what GET would say of it, and no bytes', async () => {
  for (const path of ['checkpoint', 'tile/0/000', 'tile/entries/000', 'tile/records/000']) {
    const asked = await fetch(`${server.address}/log/${grid.id}/${path}`, { method: 'HEAD' });
    const got = await get(path);
    assert.deepEqual([asked.status, asked.headers.get('etag'), asked.headers.get('cache-control'), (await asked.arrayBuffer()).byteLength], [200, got.headers.etag, got.headers['cache-control'], 0], path);
  }
  assert.equal((await fetch(`${server.address}/log/${grid.id}/tile/0/999`, { method: 'HEAD' })).status, 404);
});

test('what the asker has is not sent again', async () => {
  for (const path of ['checkpoint', 'tile/0/000', 'tile/1/000.p/1', 'tile/entries/001.p/44', 'tile/records/000']) {
    const { headers } = await get(path);
    const etag = headers.etag as string;
    assert.match(etag, /^W\/"[0-9a-f]{32}"$/);
    for (const held of [etag, `"other", ${etag}`, etag.slice(2), '*']) {
      const again = await get(path, { 'if-none-match': held });
      assert.deepEqual([again.status, again.body.length, again.headers.etag, again.headers['cache-control']], [304, 0, etag, headers['cache-control']], `${path} ${held}`);
    }
    assert.equal((await get(path, { 'if-none-match': '"other"' })).status, 200);
  }
  const tags = await Promise.all(['tile/0/000', 'tile/0/000.p/255', 'tile/entries/000', 'tile/records/000'].map(async (path) => (await get(path)).headers.etag));
  assert.equal(new Set(tags).size, 4);
});

test('what is not below the checkpoint, or in another spelling, is not there, and no cache remembers that', async () => {
  const absent = [
    'tile/0/001', 'tile/0/001.p/45', 'tile/0/002', 'tile/0/002.p/1', 'tile/1/000', 'tile/1/000.p/2', 'tile/2/000.p/1', 'tile/63/000', 'tile/entries/001', 'tile/records/001.p/45', 'tile/records/x001/000',
    'tile/00/000', 'tile/0/0', 'tile/0/x000/000', 'tile/0/000.p/0', 'tile/0/000.p/256', 'tile/0/000/', 'tile/other/000', 'tile/0/..%2f000',
  ];
  for (const path of absent) {
    const { status, headers } = await get(path);
    assert.deepEqual([status, headers['content-type'], headers['cache-control'], headers.etag], [404, 'application/problem+json', 'no-store', undefined], path);
  }
  assert.equal((await get('tile/0/000', {}, '0'.repeat(64))).status, 404);
});

for (const encoding of ['identity', 'gzip']) {
  test(`a reader who goes away in the middle of a large bundle leaves nothing behind (${encoding})`, async (t) => {
    const noise = randomBytes(100_000).toString('hex');
    const reader = { tree: { tile: () => Buffer.alloc(8_192) }, line: (index: number) => ({ payload: `${index} ${noise}`, signatures: [], at: 0 }) } as unknown as Reader;
    const buffered = new Budget(100_000_000);
    const app = Fastify({ forceCloseConnections: true });
    t.after(() => app.close());
    addTileRoutes(app, { bookOf: () => ({ reader }), signed: () => ({ size: 256, note: '' }), buffered });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const asked = httpGet(`${url}/log/${grid.id}/tile/records/000`, { headers: { 'accept-encoding': encoding }, agent: false });
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    await once(answer, 'readable');
    await until(() => buffered.used > 0);
    answer.destroy();
    await until(() => buffered.used === 0);
  });
}
