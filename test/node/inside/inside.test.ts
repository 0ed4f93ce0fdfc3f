// Operators look inside a real node, through a relay that everything passes: what it can read, and what it can do.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';
import { isProblem } from '../../../src/base/errors.js';
import { MAX_SESSIONS_OF_OPERATOR } from '../../../src/base/limits.js';
import { query } from '../../../src/bcdb/query.js';
import { lookInside, shown } from '../../../src/consumer/inside.js';
import { openSecret } from '../../../src/keys/keyring.js';
import type { Signer } from '../../../src/keys/ed25519.js';
import { appendSigned } from '../../../src/net/compose.js';
import { greet } from '../../../src/net/relay/hello.js';
import { look } from '../../../src/net/relay/look.js';
import { dial } from '../../../src/net/relay/wire.js';
import { letLook } from '../../../src/node/inside/attend.js';
import type { OpenCommand } from '../../../src/node/driver.js';
import type { WatchEvent } from '../../../src/node/report/tell.js';
import { read } from '../../../src/rules/objects.js';
import type { InsideWish, SessionClosed } from '../../../src/schema/types.js';
import { bare, LocalGrid, until, type Watching } from '../local.js';

const MARKER = 'marker-7f3a9c-that-nobody-else-may-read';
const within = (): AbortSignal => AbortSignal.timeout(60_000);

/** What stands in front of the relay: it has every frame in its hands. */
type Meddle = (frames: Buffer[], frame: Buffer) => Buffer[];

/** A relay in front of the relay that keeps all bytes, and changes what comes from the node. */
class Meddler {
  readonly seen: Buffer[] = [];
  meddle: Meddle = (_before, frame) => [frame];
  readonly #server: Server = createServer();
  url = '';

  static async before(relay: string): Promise<Meddler> {
    const meddler = new Meddler();
    const sockets = new WebSocketServer({ server: meddler.#server });
    sockets.on('connection', (near) => {
      const far = new WebSocket(`${relay.replace('http', 'ws')}/v1/relay`);
      const before: Buffer[] = [];
      const early: [Buffer, boolean][] = [];
      far.on('open', () => early.forEach(([data, binary]) => far.send(data, { binary })));
      near.on('message', (data: Buffer, binary) => {
        meddler.seen.push(data);
        if (far.readyState === far.OPEN) far.send(data, { binary });
        else early.push([data, binary]);
      });
      far.on('message', (data: Buffer, binary) => {
        meddler.seen.push(data);
        // The first frame of a session is the node's answer, which is not sealed.
        const out = binary && before.push(data) > 1 ? meddler.meddle(before, data) : [data];
        for (const one of out) near.send(one, { binary });
      });
      far.on('close', () => near.close());
      near.on('close', () => far.close());
      far.on('error', () => near.close());
    });
    meddler.#server.listen(0, '127.0.0.1');
    await once(meddler.#server, 'listening');
    meddler.url = `http://127.0.0.1:${(meddler.#server.address() as { port: number }).port}`;
    return meddler;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe('looking inside a node', { timeout: 90_000 }, () => {
  let local: LocalGrid;
  let node: Watching;
  let alice: Signer;
  let contract: string;
  let meddler: Meddler;
  const stop = new AbortController();
  let looks: Promise<void>;
  const events: WatchEvent[] = [];
  /** As of a node that was killed. */
  let left: OpenCommand;

  before(async () => {
    local = await LocalGrid.start(within());
    const { keys, config } = local;
    local.config = { ...config, allow_exec: true };
    const announced = read(local.book.reader, 'node', config.key)?.announcement;
    await appendSigned(local.book, { chain: `node/${config.key}`, kind: 'announcement@1', body: { ...announced, features: ['exec'] } }, [(await keys.get('node', 'node')).signer('node')]);
    node = await local.watch({ interval_ms: 200 });
    alice = (await keys.get('identity', 'alice')).signer('bot');
    const script = `console.log('${MARKER}'); setInterval(() => console.log('${MARKER} again'), 50)`;
    contract = await local.deal([bare([process.execPath, '-e', script])], { exec: true });
    await until('running', () => local.said(contract) === 'running');
    const signer = (await keys.get('node', 'node')).signer('node');
    left = await node.driver.open({ contract, workload: 'web' }, { words: [process.execPath, '-e', 'setInterval(() => 0, 1_000)'], terminal: null }, within());
    await appendSigned(node.grid, { chain: `run/${contract}`, kind: 'session@1', body: { state: 'opened', workload: 'web', operator: `bot/${alice.key}`, by: alice.key } }, [signer]);
    looks = letLook({ cleared: node.driver.endCommands(within()), home: local.nodeHome, grid: node.grid, config: local.config, driver: node.driver, volumes: node.volumes, signer, clock: local.clock, signal: stop.signal, tell: (event) => events.push(event) });
    await until('at the relay', () => events.some((one) => one.event === 'relay' && one.problem === null));
    meddler = await Meddler.before(local.url);
  });

  after(async () => {
    meddler.stop();
    stop.abort();
    await looks;
    await node[Symbol.asyncDispose]();
    await local[Symbol.asyncDispose]();
  });

  const ends = () => ({ grid: local.book.id, contract, node: local.config.key, party: `bot/${alice.key}`, by: alice.key });

  /** All that comes of a wish through the meddler, or what was thrown, and what had come before that. */
  async function ask(wish: InsideWish, enough = Infinity): Promise<{ text: string; thrown: unknown; said: object[]; exit: unknown }> {
    let text = '';
    const said: object[] = [];
    try {
      using session = await look({ url: meddler.url }, ends(), alice, local.clock, within());
      await session.channel.sendJson(wish);
      for await (const part of shown(session.channel)) {
        if (part.kind === 'said') said.push(part.said);
        else text += part.bytes.toString();
        if (text.length + said.length >= enough) break;
      }
      return { text, thrown: null, said, exit: (said.at(-1) as { closed?: { exit_code?: unknown } } | undefined)?.closed?.exit_code };
    } catch (thrown) {
      return { text, thrown, said, exit: undefined };
    }
  }
  const LOGS: InsideWish = { what: 'logs', workload: 'web', follow: false, previous: false, timestamps: false };
  const exec = (script: string): InsideWish => ({ what: 'exec', workload: 'web', words: [process.execPath, '-e', script], terminal: null });

  test('logs and commands arrive, a command is recorded around its run, and the relay reads nothing of either', async () => {
    meddler.seen.length = 0;
    const logs = await ask(LOGS);
    assert.equal(logs.thrown, null);
    assert.ok(logs.text.startsWith(`${MARKER}\n`), logs.text.slice(0, 100));
    const ran = await ask(exec(`console.log('${MARKER}'); process.exitCode = 5`));
    assert.deepEqual([ran.thrown, ran.text, ran.exit], [null, `${MARKER}\n`, 5]);
    const [closed, opened] = query(local.book.reader, { chain: `run/${contract}`, kind: 'session@1', limit: 10 }).records;
    const bodyOf = (payload = '{}'): object => (JSON.parse(payload) as { body: object }).body;
    assert.equal((ran.said[0] as { opened: string }).opened, opened?.id);
    assert.deepEqual(bodyOf(opened?.payload), { state: 'opened', workload: 'web', operator: `bot/${alice.key}`, by: alice.key });
    const { sha256 } = (ran.said.at(-1) as { closed: { sha256: string } }).closed;
    assert.deepEqual(bodyOf(closed?.payload), { ...bodyOf(closed?.payload), state: 'closed', session: opened?.id, exit_code: 5, reason: null, sha256 });
    const all = Buffer.concat(meddler.seen).toString('latin1');
    assert.ok(all.includes(contract), 'the ends are seen');
    for (let at = 0; at + 6 <= MARKER.length; at += 1) assert.ok(!all.includes(MARKER.slice(at, at + 6)), MARKER.slice(at, at + 6));
    for (const word of ['logs', 'exec', 'exit_code', 'workload', Buffer.from(MARKER).toString('base64').slice(0, 20)]) assert.ok(!all.includes(word), word);
  });

  test('a node that was killed ends what it had left running when it starts again, and closes its session', async () => {
    assert.equal(await left.exitCode(), 137);
    const bodies = query(local.book.reader, { chain: `run/${contract}`, kind: 'session@1', limit: 10 }).records.map(({ payload }) => (JSON.parse(payload) as { body: Partial<SessionClosed> }).body);
    const closed = bodies.filter(({ reason }) => reason === 'the node was started again');
    assert.deepEqual(closed.map(({ exit_code, sha256, bytes }) => [exit_code, sha256, bytes]), [[null, null, null]]);
    assert.deepEqual(read(local.book.reader, 'run', contract)?.sessions, undefined);
    assert.equal(local.said(contract), 'running');
    await left[Symbol.asyncDispose]();
  });

  const meddling: [string, Meddle][] = [
    ['alters a frame', (_before, frame) => [Buffer.from(frame.map((byte, i) => (i === frame.length - 1 ? byte ^ 1 : byte)))]],
    ['sends a frame twice', (_before, frame) => [frame, frame]],
    ['leaves a frame out', (before, frame) => (before.length === 3 ? [] : [frame])],
    ['changes the order', (before, frame) => (before.length === 2 ? [] : before.length === 3 ? [frame, before[1] ?? frame] : [frame])],
    ['cuts a frame short', (_before, frame) => [frame.subarray(0, -1)]],
  ];
  for (const [what, meddle] of meddling) {
    test(`a relay that ${what} is found out`, async () => {
      meddler.meddle = meddle;
      const { thrown } = await ask({ ...LOGS, follow: true }, 5_000);
      meddler.meddle = (_before, frame) => [frame];
      assert.ok(isProblem(thrown, 'integrity', 'frame'), String(thrown));
    });
  }

  test('what a relay cuts off before its end is no whole answer', async () => {
    // The last frame says no more than that it is.
    meddler.meddle = (_before, frame) => (frame.length < 40 ? [] : [frame]);
    const { text, thrown } = await ask(LOGS);
    meddler.meddle = (_before, frame) => [frame];
    assert.ok(text.startsWith(MARKER));
    assert.ok(isProblem(thrown, 'unreachable', 'broken'), String(thrown));
  });

  test('strangers, other keys and old calls are refused', async () => {
    const mallory = (await openSecret('identity', 'mallory', Buffer.alloc(32, 7))).signer('bot');
    const call = { grid: local.book.id, as: 'operator' as const, party: `bot/${alice.key}`, by: alice.key, time: local.clock(), node: local.config.key, contract, session: null };
    const attempts: [string, object, Signer, string][] = [
      ['a bot that is no operator', { party: `bot/${mallory.key}`, by: mallory.key }, mallory, 'refused'],
      ["an operator's name with another key", { by: mallory.key }, mallory, 'refused'],
      ["an operator's key that did not sign", {}, mallory, 'integrity'],
      ['a call of an hour ago', { time: local.clock() - 3_600_000 }, alice, 'refused'],
      ['a contract that is not there', { contract: '0'.repeat(40) }, alice, 'not_found'],
      ['a node by the key of a bot', { as: 'node', contract: null, party: `node/${mallory.key}`, node: mallory.key, by: mallory.key }, mallory, 'refused'],
      ["another node's session", { as: 'answer', contract: null, party: `node/${mallory.key}`, node: mallory.key, by: mallory.key, session: '0'.repeat(32) }, mallory, 'refused'],
    ];
    for (const [what, change, signer, code] of attempts) {
      using wire = await dial({ url: local.url }, within());
      await assert.rejects(greet(wire, { ...call, ...change }, signer), (thrown) => isProblem(thrown) && thrown.code === code, what);
    }
  });

  test('a node says why it does not do what is wished', async () => {
    for (const [wish, code] of [[{ ...LOGS, workload: 'other', what: 'exec', words: ['true'], terminal: null }, 'malformed'], [{ what: 'exec', workload: 'other', words: ['true'], terminal: null }, 'not_found']] as const) {
      const { thrown } = await ask(wish as unknown as InsideWish);
      assert.ok(isProblem(thrown) && thrown.code === code, String(thrown));
    }
    const looking = { home: local.home, grid: local.book, signer: alice, clock: local.clock, signal: within() };
    using session = await lookInside(looking, local.contract(contract), { what: 'stats', interval_ms: 500 }).catch((thrown: unknown) => {
      throw new Error(`through the home folder's own socket: ${String(thrown)}`);
    });
    for await (const part of shown(session.channel)) {
      assert.ok(part.kind === 'said' && 'stats' in part.said);
      break;
    }
  });

  test('a node that takes calls and answers none keeps no more of the relay than its sessions', async () => {
    const signer = (await local.keys.get('node', 'node')).signer('node');
    const call = { grid: local.book.id, time: local.clock(), node: local.config.key, session: null };
    using silent = await dial({ url: local.url }, within());
    await greet(silent, { ...call, as: 'node', party: `node/${signer.key}`, by: signer.key, contract: null }, signer);
    const wires = await Promise.all(Array.from({ length: MAX_SESSIONS_OF_OPERATOR + 1 }, () => dial({ url: local.url }, within())));
    try {
      const answers = wires.map((wire) => greet(wire, { ...call, as: 'operator', party: `bot/${alice.key}`, by: alice.key, contract }, alice).then(() => 'met', (thrown) => (isProblem(thrown) ? thrown.code : String(thrown))));
      assert.equal(await Promise.race(answers), 'busy');
    } finally {
      for (const wire of wires) wire[Symbol.dispose]();
    }
  });
});
