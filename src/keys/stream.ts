// A sealed stream between two ends: fresh X25519 keys (libsodium crypto_kx), then crypto_secretstream each way.
import { createRequire } from 'node:module';
import { Problem } from '../base/errors.js';

interface Sodium {
  crypto_kx_keypair(publicKey: Buffer, secret: Buffer): void;
  crypto_kx_client_session_keys(rx: Buffer, tx: Buffer, publicKey: Buffer, secret: Buffer, server: Buffer): void;
  crypto_kx_server_session_keys(rx: Buffer, tx: Buffer, publicKey: Buffer, secret: Buffer, client: Buffer): void;
  crypto_secretstream_xchacha20poly1305_init_push(state: Buffer, header: Buffer, key: Buffer): void;
  crypto_secretstream_xchacha20poly1305_init_pull(state: Buffer, header: Buffer, key: Buffer): void;
  crypto_secretstream_xchacha20poly1305_push(state: Buffer, sealed: Buffer, message: Buffer, context: Buffer, tag: number): number;
  crypto_secretstream_xchacha20poly1305_pull(state: Buffer, message: Buffer, tag: Buffer, sealed: Buffer, context: Buffer): number;
  readonly crypto_secretstream_xchacha20poly1305_STATEBYTES: number;
  readonly crypto_secretstream_xchacha20poly1305_TAG_FINAL: number;
  readonly crypto_secretstream_xchacha20poly1305_TAG_MESSAGE: number;
}

const KEY_BYTES = 32;
const HEADER_BYTES = 24;
const FRAME_OVERHEAD = 17;
/** Bytes that a frame is longer than its message; the first of a stream, which brings the header, is the longest. */
export const STREAM_OVERHEAD = HEADER_BYTES + FRAME_OVERHEAD;

let loaded: Sodium | undefined;

/** @throws Problem `failed` where sodium-native has no build for this machine: sessions need it, unlike signatures */
function sodium(): Sodium {
  try {
    loaded ??= createRequire(import.meta.url)('sodium-native') as Sodium;
    return loaded;
  } catch (cause) {
    throw new Problem('failed', 'sodium-native has no build for this machine, so there are no sealed sessions', { cause, reason: 'sodium' });
  }
}

/** A fresh pair of X25519 keys for one session. */
export interface Ephemeral {
  readonly publicKey: Buffer;
  readonly secret: Buffer;
}

/** Makes one. @throws Problem `failed` where this machine has no sodium-native */
export function ephemeral(): Ephemeral {
  const pair = { publicKey: Buffer.alloc(KEY_BYTES), secret: Buffer.alloc(KEY_BYTES) };
  sodium().crypto_kx_keypair(pair.publicKey, pair.secret);
  return pair;
}

/** Keys of a session, one for each direction, as one end uses them. */
export interface SessionKeys {
  readonly receive: Buffer;
  readonly send: Buffer;
}

/**
 * The keys that both ends make of their fresh keys; the own secret is wiped.
 * @param role who began is the client of crypto_kx
 * @throws Problem `integrity` where the other's key is none
 */
export function sessionKeys(role: 'client' | 'server', { publicKey, secret }: Ephemeral, other: Buffer): SessionKeys {
  const keys = { receive: Buffer.alloc(KEY_BYTES), send: Buffer.alloc(KEY_BYTES) };
  try {
    const make = role === 'client' ? sodium().crypto_kx_client_session_keys : sodium().crypto_kx_server_session_keys;
    make(keys.receive, keys.send, publicKey, secret, other);
  } catch (cause) {
    throw new Problem('integrity', 'the key of the other end is none', { cause });
  } finally {
    secret.fill(0);
  }
  return keys;
}

/** Seals one direction: each frame says that it follows the one before. */
export class Sealer {
  readonly #state = Buffer.alloc(sodium().crypto_secretstream_xchacha20poly1305_STATEBYTES);
  readonly #context: Buffer;
  #header: Buffer | undefined;

  /** @param context what both ends know, sealed in with every frame */
  constructor(key: Buffer, context: Buffer) {
    this.#context = context;
    this.#header = Buffer.alloc(HEADER_BYTES);
    sodium().crypto_secretstream_xchacha20poly1305_init_push(this.#state, this.#header, key);
  }

  /** @param last nothing comes after it */
  seal(message: Buffer, last: boolean): Buffer {
    const { crypto_secretstream_xchacha20poly1305_push: push, crypto_secretstream_xchacha20poly1305_TAG_FINAL: final, crypto_secretstream_xchacha20poly1305_TAG_MESSAGE: more } = sodium();
    const sealed = Buffer.alloc(message.length + FRAME_OVERHEAD);
    push(this.#state, sealed, message, this.#context, last ? final : more);
    const frame = this.#header === undefined ? sealed : Buffer.concat([this.#header, sealed]);
    this.#header = undefined;
    return frame;
  }
}

/** Opens one direction. */
export class Opener {
  readonly #key: Buffer;
  readonly #context: Buffer;
  #state: Buffer | undefined;

  constructor(key: Buffer, context: Buffer) {
    this.#key = key;
    this.#context = context;
  }

  /**
   * Opens the next frame.
   * @param frame hostile
   * @throws Problem `integrity` where it is not the very next one, whole and as it was sealed
   */
  open(frame: Buffer): { readonly message: Buffer; readonly last: boolean } {
    const { crypto_secretstream_xchacha20poly1305_init_pull: begin, crypto_secretstream_xchacha20poly1305_pull: pull, crypto_secretstream_xchacha20poly1305_TAG_FINAL: final } = sodium();
    let sealed = frame;
    try {
      if (this.#state === undefined) {
        this.#state = Buffer.alloc(sodium().crypto_secretstream_xchacha20poly1305_STATEBYTES);
        begin(this.#state, frame.subarray(0, HEADER_BYTES), this.#key);
        sealed = frame.subarray(HEADER_BYTES);
      }
      const message = Buffer.alloc(sealed.length - FRAME_OVERHEAD);
      const tag = Buffer.alloc(1);
      pull(this.#state, message, tag, sealed, this.#context);
      return { message, last: tag[0] === final };
    } catch (cause) {
      throw new Problem('integrity', 'what came over the relay was changed, left out or put in another order on its way', { cause, reason: 'frame' });
    }
  }
}
