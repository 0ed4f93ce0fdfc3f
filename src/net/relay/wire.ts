// One connection to or at a relay: frames in order, as fast as the slower side takes them. A websocket.
import { once } from 'node:events';
import { WebSocket, type RawData } from 'ws';
import { Problem, messageOf } from '../../base/errors.js';
import { MAX_RELAY_FRAME_BYTES, RELAY_HELLO_MS, RELAY_PING_MS } from '../../base/limits.js';
import type { Address } from '../client.js';

/** Settings of both sides. Nothing is compressed: what is sealed cannot be, and its size would tell of it. */
export const WIRE_SETTINGS = { maxPayload: MAX_RELAY_FRAME_BYTES, perMessageDeflate: false } as const;

/** Closing codes of our own (4000 to 4999 are free for that). */
export const REFUSED = 4_000;

/** A frame: text between a relay and its callers, bytes between the two ends of a session. */
export type Frame = { readonly text: string } | { readonly bytes: Buffer };

/** Frames that wait for whoever reads; with more the connection is not read. */
const MAX_WAITING = 4;

/** A connection of one's own end. */
export class Wire implements Disposable {
  readonly #socket: WebSocket;
  readonly #waiting: Frame[] = [];
  #wake: () => void = () => undefined;
  #heard: NodeJS.Timeout | undefined;
  #over = false;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data, isBinary) => this.#take(data, isBinary));
    socket.on('ping', () => this.#hear());
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#over = true;
      clearTimeout(this.#heard);
      this.#wake();
    });
    this.#hear();
  }

  /** The next frame; null once the connection has ended and all was read. One reader at a time. */
  async next(): Promise<Frame | null> {
    while (this.#waiting.length === 0 && !this.#over) await new Promise<void>((resolve) => (this.#wake = resolve));
    const frame = this.#waiting.shift() ?? null;
    if (this.#waiting.length < MAX_WAITING && this.#socket.isPaused) this.#socket.resume();
    return frame;
  }

  /** Resolves once the frame has left this process; a slow reader at the other end makes that late. @throws Problem `unreachable` */
  async send(frame: Frame): Promise<void> {
    const data = 'text' in frame ? frame.text : frame.bytes;
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(data, { binary: 'bytes' in frame }, (error) => {
        if (error == null) resolve();
        else reject(new Problem('unreachable', 'the connection over the relay broke off', { reason: 'broken', cause: error }));
      });
    });
  }

  /** Ends it; what was sent before still arrives. */
  [Symbol.dispose](): void {
    this.#socket.close();
    if (this.#socket.isPaused) this.#socket.resume();
    // A peer that does not close its side must not keep it.
    setTimeout(() => this.#socket.terminate(), 1_000).unref();
  }

  #take(data: RawData, isBinary: boolean): void {
    this.#hear();
    const bytes = data as Buffer;
    this.#waiting.push(isBinary ? { bytes } : { text: bytes.toString('utf8') });
    if (this.#waiting.length >= MAX_WAITING) this.#socket.pause();
    this.#wake();
  }

  #hear(): void {
    clearTimeout(this.#heard);
    // What is not read shows no sign of life either.
    this.#heard = setTimeout(() => (this.#socket.isPaused ? this.#hear() : this.#socket.terminate()), 3 * RELAY_PING_MS).unref();
  }
}

/**
 * Calls a bot's relay. The signal ends the connection, too, whenever it comes: who waits for a frame then reads its end.
 * @throws Problem `unreachable`; `not_found` where the bot has no relay; `interrupted`
 */
export async function dial(address: Address, signal: AbortSignal): Promise<Wire> {
  const where = 'url' in address ? `${address.url.replace(/\/$/, '').replace(/^http/, 'ws')}/v1/relay` : `ws+unix://${address.socket}:/v1/relay`;
  const socket = new WebSocket(where, { ...WIRE_SETTINGS, handshakeTimeout: RELAY_HELLO_MS, followRedirects: false });
  const name = 'url' in address ? address.url : 'this home folder';
  // Before it is open: the first frame may come together with the answer.
  const wire = new Wire(socket);
  socket.once('unexpected-response', (_request, answer) => {
    socket.emit('error', answer.statusCode === 404 ? new Problem('not_found', `the bot at ${name} has no relay`, { reason: 'relay' }) : new Error(`status ${answer.statusCode ?? 0}`));
    socket.terminate();
  });
  try {
    await once(socket, 'open', { signal });
    const end = (): void => wire[Symbol.dispose]();
    signal.addEventListener('abort', end, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', end));
    return wire;
  } catch (cause) {
    socket.terminate();
    if (signal.aborted) throw new Problem('interrupted', 'stopped while calling a relay');
    if (cause instanceof Problem) throw cause;
    throw new Problem('unreachable', `the relay at ${name} does not answer: ${messageOf(cause)}`, { reason: 'relay', cause });
  }
}
