import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { MAX_BODY_BYTES, MAX_GETS_PER_MINUTE, MAX_POSTS_PER_MINUTE } from '../../src/base/limits.js';
import { openCheckpoint } from '../../src/bcdb/checkpoint.js';
import { pinnedBy } from '../../src/bcdb/pinned.js';
import { verifyReceipt } from '../../src/bcdb/receipt.js';
import { makeRecord, signRecord } from '../../src/bcdb/record.js';
import { Client } from '../../src/net/client.js';
import { nextPayload } from '../../src/net/compose.js';
import type { Grid } from '../../src/net/grid.js';
import { startServer, type Server, type TalkHandler } from '../../src/net/server.js';
import type { ProblemDetails, SealedTalk } from '../../src/schema/types.js';
import { shapeError } from '../../src/schema/validate.js';
import { send, TestHome } from './homes.js';

const SEALED: SealedTalk = { v: 1, from: `bot/${'11'.repeat(32)}`, to: `bot/${'22'.repeat(32)}`, box: 'AAAA', by: '11'.repeat(32), sig: `${'A'.repeat(86)}==` };

/** A served grid of three lines. */
class Served implements AsyncDisposable {
  readonly alice: TestHome;
  readonly grid: Grid;
  readonly server: Server;
  readonly talk: Map<string, TalkHandler>;

  private constructor(alice: TestHome, grid: Grid, server: Server, talk: Map<string, TalkHandler>) {
    this.alice = alice;
    this.grid = grid;
    this.server = server;
    this.talk = talk;
  }

  static async start({ socket, ...limits }: { socket?: string; requestTimeoutMs?: number; maxPostsPerMinute?: number } = {}): Promise<Served> {
    const alice = await TestHome.create('alice');
    await alice.create();
    const grid = await alice.grid();
    await send(grid, alice.identity, 'ab'.repeat(32));
    const talk = new Map<string, TalkHandler>();
    const listen = socket === undefined ? { host: '127.0.0.1', port: 0 } : { socket: join(alice.home.path, socket) };
    const server = await startServer({ listen, books: new Map([[grid.id, grid]]), talk, clock: Date.now, version: '0', log: pino({ level: 'silent' }), ...limits });
    return new Served(alice, grid, server, talk);
  }

  get(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.server.address}${path.replace('$', `/v1/grids/${this.grid.id}`)}`, init);
  }

  post(path: string, body: string | object, type = 'application/json'): Promise<Response> {
    return this.get(path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': type } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.alice[Symbol.asyncDispose]();
  }
}

/** The problem of an answer that must be one. */
async function problem(answer: Response): Promise<ProblemDetails> {
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  const body = (await answer.json()) as ProblemDetails;
  assert.equal(shapeError('problem@1', body), null);
  assert.equal(body.status, answer.status);
  return body;
}

test('every route answers from the book', async () => {
  await using served = await Served.start();
  const { grid } = served;
  const json = async (path: string): Promise<Record<string, unknown>> => (await (await served.get(path)).json()) as Record<string, unknown>;
  assert.deepEqual(await json('$/genesis'), grid.reader.line(0));
  assert.equal(((await json('/v1/grids'))['grids'] as { size: number }[])[0]?.size, 3);
  const id = grid.reader.head('grid')?.id as string;
  assert.equal((await json(`$/records/${id.slice(0, 8)}`))['index'], 0);
  assert.equal(((await json('$/objects/grid'))['value'] as { name: string }).name, 'test-grid');
  assert.equal(((await json('$/objects?prefix=account/&limit=1'))['objects'] as unknown[]).length, 1);
  assert.deepEqual(((await json('$/query?q=kind%20%3D%20transfer'))['records'] as { index: number }[]).map(({ index }) => index), [2]);
  const pinned = pinnedBy(grid.reader.line(0), grid.id);
  assert.equal(verifyReceipt(await (await served.get(`$/receipts/${id}`)).text(), pinned).index, 0);
  assert.equal(openCheckpoint(await (await served.get(`/log/${grid.id}/checkpoint`)).text(), pinned).size, 3);
});

test('the longest id of an object is one that can be asked for', async () => {
  await using served = await Served.start();
  assert.equal((await problem(await served.get(`$/objects/meter/${'ab'.repeat(32)}/${'cd'.repeat(32)}`))).code, 'not_found');
});

test('lines come in order with a proof that leads to the checkpoint, as many as asked', async () => {
  await using served = await Served.start();
  await using client = new Client({ url: served.server.address });
  const all = await client.lines(served.grid.id, 0);
  assert.deepEqual(all.lines, [...served.grid.reader.lines(0, 3)]);
  assert.deepEqual(all.trailer.consistency, []);
  const rows = (await (await served.get('$/lines?from=0&limit=1')).text()).trim().split('\n');
  assert.equal(rows.length, 2);
  assert.equal((JSON.parse(rows[1] as string) as { consistency: string[] }).consistency.length, 2);
  assert.deepEqual((await client.lines(served.grid.id, 9)).lines, []);
});

test('a wait for news ends with the news', async () => {
  await using served = await Served.start();
  await using client = new Client({ url: served.server.address });
  const waiting = client.lines(served.grid.id, 3, { wait: 20_000 });
  await send(served.grid, served.alice.identity, 'cd'.repeat(32));
  assert.equal((await waiting).lines.length, 1);
});

test('a wait ends when the server stops', async () => {
  await using served = await Served.start();
  const waiting = served.get('$/lines?from=3&wait=30000').then((answer) => answer.status, () => 0);
  await served.get('/v1/health');
  await served.server[Symbol.asyncDispose]();
  assert.ok([0, 200].includes(await waiting));
});

test('queries: records in pages, a count, a plan', async () => {
  await using served = await Served.start();
  const ask = async <T>(body: object): Promise<T> => {
    const answer = await served.post('$/query', body);
    assert.equal(answer.status, 200);
    return (await answer.json()) as T;
  };
  interface Page { records: { index: number; id: string; payload: string; at: number }[]; next: string | null }
  const first = await ask<Page>({ query: 'chain != grid', limit: 1 });
  assert.deepEqual(first.records, [{ ...served.grid.reader.line(2), index: 2, id: first.records[0]?.id }]);
  const second = await ask<Page>({ query: 'chain != grid', limit: 1, after: first.next });
  assert.deepEqual([second.records.map(({ index }) => index), second.next], [[1], null]);
  assert.deepEqual(await ask({ query: 'kind = transfer or kind = identity', answer: 'count' }), { count: 2, next: null });
  assert.match((await ask<{ served_by: string }>({ query: 'kind = transfer', answer: 'explain' })).served_by, /^the index of kind/);
  assert.deepEqual(await (await served.post('/v1/query', { query: 'kind = transfer', answer: 'count' })).json(), await ask({ query: 'kind = transfer', answer: 'count' }));
});

test('what does not have its shape is a problem answer', async (t) => {
  await using served = await Served.start();
  const grid = `/v1/grids/${served.grid.id}`;
  const get = (path: string) => served.get(path);
  const cases: [string, number, string, () => Promise<Response>][] = [
    ['an unknown route', 404, 'not_found', () => get('/v2/nothing')],
    ['a grid that is not held', 404, 'not_found', () => get(`/v1/grids/${'ab'.repeat(32)}/genesis`)],
    ['a grid that is no hash', 400, 'malformed', () => get('/v1/grids/main/genesis')],
    ['a number that is none', 400, 'malformed', () => get(`${grid}/lines?from=-1`)],
    ['no number where one is needed', 400, 'malformed', () => get(`${grid}/lines`)],
    ['a parameter that nobody knows', 400, 'malformed', () => get(`${grid}/lines?from=0&to=4`)],
    ['a parameter given twice', 400, 'malformed', () => get(`${grid}/lines?from=0&from=1`)],
    ['a limit above the limit', 400, 'malformed', () => get(`${grid}/query?limit=1001`)],
    ['a query on a grid that is not served', 404, 'not_found', () => served.post('/v1/query', { grid: 'ab'.repeat(32), query: '' })],
    ['a query that cannot be read', 400, 'usage', () => served.post(`${grid}/query`, { query: 'kind is transfer' })],
    ['a query that no index serves', 400, 'usage', () => served.post(`${grid}/query`, { query: 'body.memo = x' })],
    ['a cursor of another query', 400, 'usage', () => served.post(`${grid}/query`, { query: '', after: 'A'.repeat(27) })],
    ['a query that asks for a scan', 400, 'malformed', () => served.post(`${grid}/query`, { query: 'body.memo = x', scan: true })],
    ['SQL', 400, 'malformed', () => served.post(`${grid}/query`, { sql: 'SELECT 1' })],
    ['a record that there is not', 404, 'not_found', () => get(`${grid}/records/${'ab'.repeat(32)}`)],
    ['an object that there is not', 404, 'not_found', () => get(`${grid}/objects/account/nobody`)],
    ['a path with a broken escape', 400, 'malformed', () => get('/v1/grids/%zz')],
    ['another method', 404, 'not_found', () => served.get(`${grid}/genesis`, { method: 'DELETE' })],
    ['a body that is no JSON', 400, 'malformed', () => served.post(`${grid}/records`, '{"records":')],
    ['a body of another type', 415, 'malformed', () => served.post(`${grid}/records`, 'x', 'text/plain')],
    ['an empty body', 400, 'malformed', () => served.post(`${grid}/records`, '')],
    ['no records', 400, 'malformed', () => served.post(`${grid}/records`, { records: [] })],
    ['a number for a text', 400, 'malformed', () => served.post(`${grid}/records`, { records: [{ payload: 1, signatures: [] }] })],
    ['a field that nobody knows', 400, 'malformed', () => served.post(`${grid}/records`, { records: [{ payload: '{}', signatures: [], at: 1 }] })],
    ['a body of a million levels', 400, 'malformed', () => served.post(`${grid}/records`, '['.repeat(1_000_000))],
    ['a body of a million closed levels', 400, 'malformed', () => served.post(`${grid}/records`, `{"records":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`)],
    ['a compressed body, which is never unpacked', 400, 'malformed', () => served.get(`${grid}/records`, { method: 'POST', body: gzipSync(Buffer.alloc(50_000_000)), headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } })],
    ['__proto__ in a body', 400, 'malformed', () => served.post(`${grid}/records`, '{"records":[],"__proto__":{"a":1}}')],
    ['too large a body', 413, 'malformed', () => served.post(`${grid}/records`, { records: ['x'.repeat(MAX_BODY_BYTES)] })],
    ['a message to nobody here', 404, 'not_found', () => served.post('/v1/talk', SEALED)],
    ['a message without a box', 400, 'malformed', () => served.post('/v1/talk', { ...SEALED, box: undefined })],
    ['following asked for by a stranger', 404, 'not_found', () => served.post(`${grid}/follow`, {})],
  ];
  for (const [what, status, code, ask] of cases) {
    await t.test(what, async () => {
      const answer = await problem(await ask());
      assert.deepEqual([answer.status, answer.code], [status, code]);
    });
  }
  assert.equal((await served.get('/v1/health')).status, 200);
});

test('a submitted record gets its verdict beside the others, in order', async () => {
  await using served = await Served.start();
  const { payload, signatures } = served.grid.reader.line(1);
  const forged = { payload: payload.replace('"height":0', '"height":7'), signatures };
  const answer = await served.post('$/records', { records: [forged, { payload, signatures }] });
  assert.equal(answer.status, 200);
  const { outcomes } = (await answer.json()) as { outcomes: { index?: number; code?: string; reason?: string }[] };
  assert.deepEqual([outcomes[0]?.code, outcomes[0]?.reason, outcomes[1]?.index], ['refused', 'chain_conflict', 1]);
});

test('records that belong together are all refused with the one that is, over TCP and over the socket', async () => {
  for (const socket of [undefined, 'bot.sock']) {
    await using served = await Served.start(socket === undefined ? {} : { socket });
    const { grid, alice } = served;
    const wallet = alice.identity.signer('wallet');
    const transfer = nextPayload(grid, `account/${wallet.key}`, 'transfer@1', { payers: [{ account: wallet.key, amount_stroops: '1' }], to: 'ab'.repeat(32), memo: '' }, Date.now());
    const good = await signRecord(makeRecord(transfer), [wallet]);
    const forged = { ...good, payload: good.payload.replace(`"height":${transfer.height}`, '"height":77') };
    await using client = new Client(socket === undefined ? { url: served.server.address } : { socket: served.server.address });
    const { size } = grid.reader;
    const outcomes = await client.submit(grid.id, [good, forged], true);
    assert.deepEqual(outcomes.map((outcome) => !outcome.ok && outcome.problem.reason), ['together', 'chain_conflict']);
    assert.equal(grid.reader.size, size);
    assert.deepEqual((await client.submit(grid.id, [good, forged])).map(({ ok }) => ok), [true, false]);
  }
});

test('an error inside says nothing of its cause, and the server serves on', async () => {
  await using served = await Served.start();
  served.talk.set(SEALED.to, () => Promise.reject(new Error('SELECT secret FROM inside')));
  const answer = await problem(await served.post('/v1/talk', SEALED));
  assert.deepEqual([answer.status, answer.code], [500, 'failed']);
  assert.doesNotMatch(JSON.stringify(answer), /secret/);
  served.talk.set(SEALED.to, async (sealed) => ({ ...sealed, to: sealed.from, from: sealed.to }));
  assert.equal((await served.post('/v1/talk', SEALED)).status, 200);
});

test('the socket of a home folder is the owner\'s alone, and can ask to follow', async () => {
  await using served = await Served.start({ socket: 'bot.sock' });
  assert.equal(statSync(served.server.address).mode & 0o777, 0o600);
  await using client = new Client({ socket: served.server.address });
  await client.follow(served.grid.id);
  assert.equal((await client.grids())[0]?.id, served.grid.id);
});

/** Opens a connection by hand. */
function raw(url: string): Promise<{ socket: Socket; closed: Promise<string> }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    let text = '';
    const closed = new Promise<string>((done) => socket.on('data', (data) => (text += data)).on('close', () => done(text)).on('end', () => socket.end()));
    socket.once('connect', () => resolve({ socket, closed }));
    socket.once('error', reject);
  });
}

test('bytes that are no request, come too slowly or stop half-way end with an answer or a closed socket', async (t) => {
  await using served = await Served.start({ requestTimeoutMs: 300 });
  const post = `POST /v1/grids/${served.grid.id}/records HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n`;
  const cases: [string, string, RegExp][] = [
    ['no HTTP', 'HELO there\r\n\r\n', /^HTTP\/1\.1 400 .*application\/problem\+json/s],
    ['binary', '\x16\x03\x01\x00\x00', /^HTTP\/1\.1 400 /],
    ['a head above 16 KiB', `GET /v1/health HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 .*"code":"malformed"/s],
    ['a head that never ends', 'GET /v1/health HTTP/1.1\r\nHost: a\r\n', /^HTTP\/1\.1 408 .*"status":408/s],
    ['a body that never comes', `${post}Content-Length: 100\r\n\r\n{`, /^HTTP\/1\.1 408 /],
    ['a length beyond all bounds', `${post}Content-Length: 99999999999\r\n\r\n{`, /^HTTP\/1\.1 413 .*"code":"malformed"/s],
    ['two lengths', `${post}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}`, /^HTTP\/1\.1 400 /],
    ['chunks that are none', `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, /^HTTP\/1\.1 400 /],
  ];
  for (const [what, bytes, expected] of cases) {
    await t.test(what, async () => {
      const { socket, closed } = await raw(served.server.address);
      socket.write(bytes, 'latin1');
      assert.match(await closed, expected);
    });
  }
  await t.test('a peer that goes away in the middle', async () => {
    const { socket } = await raw(served.server.address);
    socket.write(`${post}Content-Length: 100\r\n\r\n{`);
    socket.resetAndDestroy();
  });
  await t.test('a peer that never says anything', async () => {
    const { closed } = await raw(served.server.address);
    await closed;
  });
  assert.equal((await served.get('/v1/health')).status, 200);
});

test('a connection that asks again before it is answered is closed: one wait each', async () => {
  await using served = await Served.start();
  const wait = `GET /v1/grids/${served.grid.id}/lines?from=99&wait=2000 HTTP/1.1\r\nHost: a\r\n\r\n`;
  const health = 'GET /v1/health HTTP/1.1\r\nHost: a\r\n\r\n';
  for (const pipelined of [wait.repeat(1_000), wait + health, health + wait]) {
    const { socket, closed } = await raw(served.server.address);
    socket.write(pipelined);
    assert.equal(await closed, '');
  }
  assert.equal((await served.get('/v1/health')).status, 200);
});

test('an address that posts without end is told to wait', async () => {
  await using served = await Served.start({ maxPostsPerMinute: 5 });
  const answers: Response[] = [];
  for (let i = 0; i < 6; i += 1) answers.push(await served.post('/v1/talk', '{}'));
  assert.deepEqual(answers.map(({ status }) => status), [400, 400, 400, 400, 400, 429]);
  assert.equal((await problem(answers[5] as Response)).code, 'busy');
  assert.equal((await served.get('/v1/health')).status, 200);
});

test('what is only asked for is counted too', async () => {
  await using served = await Served.start();
  const answers = [await served.get('/v1/health'), await served.get('/v1/health')];
  assert.deepEqual(answers.map(({ headers }) => Number(headers.get('x-ratelimit-remaining'))), [MAX_GETS_PER_MINUTE - 1, MAX_GETS_PER_MINUTE - 2]);
  assert.equal(Number((await served.post('/v1/talk', '{}')).headers.get('x-ratelimit-remaining')), MAX_POSTS_PER_MINUTE - 1);
});

test('among 500 connections that are idle, slow or half open a request is served', async () => {
  await using served = await Served.start({ requestTimeoutMs: 300 });
  const peers = await Promise.all(Array.from({ length: 500 }, () => raw(served.server.address)));
  for (const [i, { socket }] of peers.entries()) {
    socket.on('error', () => undefined);
    // A third says nothing, a third never ends its head, a third closes its side in the middle.
    if (i % 3 === 1) socket.write('GET /v1/health HTTP/1.1\r\nHost: a\r\nX: ');
    if (i % 3 === 2) socket.end('POST /v1/talk HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{');
  }
  assert.equal((await served.get('/v1/health')).status, 200);
  assert.equal(((await (await served.get('/v1/grids')).json()) as { grids: unknown[] }).grids.length, 1);
  // None of them keeps its socket for good.
  await Promise.all(peers.map(({ closed }) => closed));
  assert.equal((await served.get('/v1/health')).status, 200);
});
