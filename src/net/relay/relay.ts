// The relay of a bot that serves: nodes wait here, operators ask for one, and frames go from one to the other.
//
//   node      ── hello(node) ─▶ waits ◀── session ── …
//   operator  ── hello(operator, contract) ─▶ in the book? ─▶ session to the node, waits
//   node      ── hello(answer, session) ─▶ both are told, and joined
//
// It opens nothing and keeps nothing: sizes, times and ends are all that it sees. Each frame is passed on when the one
// before has left, so a slow reader slows down its writer and fills nothing here.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Clock } from '../../base/clock.js';
import { isProblem, Problem } from '../../base/errors.js';
import { MAX_RELAY_CALLERS, MAX_RELAY_CALLS_PER_MINUTE, MAX_RELAY_NODES, MAX_RELAY_SESSIONS, MAX_SESSIONS_OF_NODE, MAX_SESSIONS_OF_OPERATOR, RELAY_ANSWER_MS, RELAY_HELLO_MS, RELAY_IDLE_MS, RELAY_PING_MS } from '../../base/limits.js';
import { read } from '../../rules/objects.js';
import type { RelayCall } from '../../schema/types.js';
import { placeOf } from '../crowd.js';
import { answerOf } from '../problems.js';
import type { ServedGrid } from '../server.js';
import { openHello, operated } from './hello.js';
import { Pairs, type Pair } from './pairs.js';
import { REFUSED, WIRE_SETTINGS } from './wire.js';

/** What a relay works with. */
export interface RelayParts {
  /** By id; may change. */
  readonly grids: ReadonlyMap<string, Pick<ServedGrid, 'reader' | 'refresh'>>;
  readonly clock: Clock;
}

interface Asking {
  readonly node: string;
  /** The operator. */
  readonly party: string;
  readonly answered: (socket: WebSocket) => void;
}

/** One relay a bot, whatever it listens on. */
export class Relay implements Disposable {
  readonly #parts: RelayParts;
  readonly #server = new WebSocketServer({ noServer: true, ...WIRE_SETTINGS });
  /** By grid and key. */
  readonly #nodes = new Map<string, WebSocket>();
  readonly #asking = new Map<string, Asking>();
  readonly #pairs = new Pairs();
  readonly #callers = new Set<WebSocket>();
  readonly #calls = new Map<string, number>();
  readonly #beat: NodeJS.Timeout;
  readonly #minute: NodeJS.Timeout;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    this.#beat = setInterval(() => this.#ping(), RELAY_PING_MS).unref();
    this.#minute = setInterval(() => this.#calls.clear(), 60_000).unref();
  }

  /** Of one grid: nodes that wait, and sessions that are open. */
  count(grid: string): { readonly nodes: number; readonly sessions: number } {
    const nodes = [...this.#nodes.keys()].filter((key) => key.startsWith(`${grid}/`)).length;
    return { nodes, sessions: this.#pairs.of(grid) };
  }

  /** Takes over a connection that asks for `/v1/relay`; any other is closed. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    const refuse = (status: string): void => void socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    if (request.url !== '/v1/relay') return refuse('404 Not Found');
    if (this.#callers.size >= MAX_RELAY_CALLERS || !this.#mayCall(request.socket.remoteAddress)) return refuse('429 Too Many Requests');
    this.#server.handleUpgrade(request, socket, head, (caller) => void this.#greet(caller));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#beat);
    clearInterval(this.#minute);
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
  }

  #mayCall(address: string | undefined): boolean {
    // Whoever can open the socket owns the home folder.
    if (address === undefined) return true;
    const place = placeOf(address);
    const calls = (this.#calls.get(place) ?? 0) + 1;
    this.#calls.set(place, calls);
    return calls <= MAX_RELAY_CALLS_PER_MINUTE;
  }

  async #greet(caller: WebSocket): Promise<void> {
    this.#callers.add(caller);
    const late = setTimeout(() => caller.terminate(), RELAY_HELLO_MS);
    caller.on('error', () => undefined);
    const heard = new WeakRef(caller);
    caller.on('pong', () => void this.#alive.add(heard.deref() ?? caller));
    this.#alive.add(caller);
    try {
      const nonce = randomBytes(16).toString('hex');
      const answer = new Promise<string | null>((resolve) => {
        caller.once('close', () => resolve(null));
        caller.once('message', (data, isBinary) => {
          // Nothing more is read until it is known whose it is.
          caller.pause();
          resolve(isBinary ? '' : (data as Buffer).toString('utf8'));
        });
      });
      caller.send(JSON.stringify({ v: 1, nonce }));
      const text = await answer;
      if (text !== null) await this.#take(caller, openHello(text, nonce, this.#parts.clock()));
    } catch (thrown) {
      caller.resume();
      caller.send(JSON.stringify(answerOf(thrown)));
      caller.close(REFUSED);
      setTimeout(() => caller.terminate(), 1_000).unref();
      if (!isProblem(thrown)) throw thrown;
    } finally {
      clearTimeout(late);
      this.#callers.delete(caller);
    }
  }

  readonly #alive = new WeakSet<WebSocket>();

  #ping(): void {
    for (const socket of this.#server.clients) {
      if (!this.#alive.has(socket) && !socket.isPaused) socket.terminate();
      this.#alive.delete(socket);
      socket.ping();
    }
    this.#pairs.endIdle(this.#parts.clock() - RELAY_IDLE_MS);
  }

  async #take(caller: WebSocket, call: RelayCall): Promise<void> {
    const grid = this.#parts.grids.get(call.grid);
    if (grid === undefined) throw new Problem('not_found', 'this bot holds no copy of that grid', { reason: 'grid' });
    if (call.as === 'operator') return this.#ask(caller, call, grid);
    if (call.party !== `node/${call.by}` || call.node !== call.by) throw new Problem('refused', 'a node calls for itself, with its own key', { reason: 'key' });
    if (call.as === 'answer') return this.#answer(caller, call);
    await known(grid, () => {
      if (read(grid.reader, 'node', call.node) === undefined) throw new Problem('refused', 'the grid knows no such node', { reason: 'identity' });
    });
    this.#wait(caller, call);
  }

  #wait(caller: WebSocket, { grid, node }: RelayCall): void {
    const key = `${grid}/${node}`;
    const before = this.#nodes.get(key);
    if (before === undefined && this.#nodes.size >= MAX_RELAY_NODES) throw new Problem('busy', 'too many nodes wait here', { reason: 'nodes' });
    // The last call is the one that somebody is at.
    before?.close(REFUSED);
    this.#nodes.set(key, caller);
    caller.once('close', () => {
      if (this.#nodes.get(key) === caller) this.#nodes.delete(key);
    });
    caller.send(JSON.stringify({ ok: true }));
    caller.resume();
  }

  async #ask(caller: WebSocket, { grid: id, node, contract, party, by }: RelayCall, grid: Pick<ServedGrid, 'reader' | 'refresh'>): Promise<void> {
    await known(grid, () => operated(grid.reader, { grid: id, contract: contract ?? '', node, party, by }, this.#parts.clock()));
    const key = `${id}/${node}`;
    const waiting = this.#nodes.get(key);
    if (waiting === undefined) throw new Problem('unreachable', 'the node is not connected to its relay now', { reason: 'node', hint: 'try again in a minute; 3bot contract show says what the node said last' });
    const { all, ofNode, ofOperator } = this.#count(key, party);
    if (all >= MAX_RELAY_SESSIONS || ofNode >= MAX_SESSIONS_OF_NODE || ofOperator >= MAX_SESSIONS_OF_OPERATOR) throw new Problem('busy', 'too many sessions are open', { reason: 'sessions' });
    const session = randomBytes(16).toString('hex');
    const answer = new Promise<WebSocket>((resolve, reject) => {
      const late = setTimeout(() => reject(new Problem('unreachable', 'the node does not answer its relay', { reason: 'node' })), RELAY_ANSWER_MS);
      caller.once('close', () => reject(new Problem('unreachable', 'the operator went away')));
      this.#asking.set(session, {
        node: key,
        party,
        answered: (socket) => {
          clearTimeout(late);
          resolve(socket);
        },
      });
    });
    try {
      waiting.send(JSON.stringify({ session }));
      this.#join({ node: key, party, ends: [caller, await answer], moved: this.#parts.clock() });
    } finally {
      this.#asking.delete(session);
    }
  }

  /** Sessions, and those that are asked for: in all, of a node, of an operator. */
  #count(node: string, party: string): { readonly all: number; readonly ofNode: number; readonly ofOperator: number } {
    const { all, ofNode, ofOperator } = this.#pairs.count(node, party);
    const asking = [...this.#asking.values()];
    return { all: all + asking.length, ofNode: ofNode + asking.filter((one) => one.node === node).length, ofOperator: ofOperator + asking.filter((one) => one.party === party).length };
  }

  #answer(caller: WebSocket, { grid, node, session }: RelayCall): void {
    const asking = this.#asking.get(session ?? '');
    if (asking === undefined || asking.node !== `${grid}/${node}`) throw new Problem('refused', 'nobody asks for this session', { reason: 'session' });
    asking.answered(caller);
  }

  #join(pair: Pair): void {
    this.#pairs.add(pair, this.#parts.clock);
    for (const end of pair.ends) end.send(JSON.stringify({ ok: true }));
    for (const end of pair.ends) end.resume();
  }
}

/** What has only just been recorded may not be in this copy yet. */
async function known(grid: Pick<ServedGrid, 'refresh'>, check: () => void): Promise<void> {
  try {
    check();
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
    await grid.refresh();
    check();
  }
}
