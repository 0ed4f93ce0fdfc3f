// Between an operator and a node, sealed: whatever carries the frames sees how many and how large they are.
//
//   operator                                   node
//     ── ends, fresh key ────────────────────▶  is this an operator of a contract of mine?
//     ◀──────────── fresh key, node's signature
//     ── operator's signature ───────────────▶
//     ◀═══════ frames of crypto_secretstream, each way in order, the last one marked ═══════▶
//
// Both sign the ends and both fresh keys, so neither an old frame nor another's key opens a session; keys of one session
// open no other.
import { createHash, type Hash } from 'node:crypto';
import { canonical } from '../../base/canonical.js';
import { fromHex, toHex } from '../../base/bytes.js';
import { Problem } from '../../base/errors.js';
import { sha256Hex } from '../../base/hash.js';
import { MAX_RELAY_FRAME_BYTES } from '../../base/limits.js';
import { verifyBytes, type Signer } from '../../keys/ed25519.js';
import { signingBytes } from '../../keys/signed.js';
import { ephemeral, Opener, Sealer, sessionKeys, STREAM_OVERHEAD, type SessionKeys } from '../../keys/stream.js';
import type { RelayAnswer, RelayOpen, SchemaName } from '../../schema/types.js';
import { validated } from '../../schema/validate.js';
import type { Ends } from './hello.js';
import type { Wire } from './wire.js';

/** Bytes of one message at the most, its kind left out. */
const MAX_MESSAGE_BYTES = MAX_RELAY_FRAME_BYTES - STREAM_OVERHEAD - 1;

/** What a message is: JSON, or bytes of a stream; from an operator `stdout` is what it types. */
export type MessageKind = 'json' | 'stdout' | 'stderr';
const KINDS: readonly MessageKind[] = ['json', 'stdout', 'stderr'];

/** A message that was opened. */
export interface Message {
  readonly kind: MessageKind;
  /** Hostile: the other end wrote it. */
  readonly bytes: Buffer;
}

/** What of a session both ends can hold against each other; the frames as they were sealed. */
export interface Digest {
  /** SHA-256 over canonical `{node, operator}`: of what each of them sent, SHA-256 over all frames, each behind its length (4 bytes, big-endian). */
  readonly sha256: string;
  /** Of all frames. */
  readonly bytes: number;
  /** Frames that the node, and the operator, have sent. */
  readonly node: number;
  readonly operator: number;
}

/** A sealed session. Frames are handed to `onFrame` as they pass, if somebody keeps them. */
export class Channel {
  readonly keys: SessionKeys;
  /** Hash of what both have signed; sealed in with every frame. */
  readonly transcript: string;
  onFrame: (by: 'node' | 'operator', frame: Buffer) => void = () => undefined;
  readonly #wire: Wire;
  readonly #role: 'node' | 'operator';
  readonly #sealer: Sealer;
  readonly #opener: Opener;
  readonly #passed = { node: new Passed(), operator: new Passed() };
  #last = false;

  constructor(wire: Wire, role: 'node' | 'operator', keys: SessionKeys, transcript: string) {
    this.#wire = wire;
    this.#role = role;
    this.keys = keys;
    this.transcript = transcript;
    this.#sealer = new Sealer(keys.send, Buffer.from(transcript));
    this.#opener = new Opener(keys.receive, Buffer.from(transcript));
  }

  /** Sends one message; resolves when the connection takes more. @param last nothing comes after it */
  async send(kind: MessageKind, bytes: Buffer, last = false): Promise<void> {
    const frame = this.#sealer.seal(Buffer.concat([Buffer.of(KINDS.indexOf(kind)), bytes]), last);
    this.#note(this.#role, frame);
    await this.#wire.send({ bytes: frame });
  }

  async sendJson(value: object, last = false): Promise<void> {
    await this.send('json', Buffer.from(JSON.stringify(value)), last);
  }

  /** Sends as many messages as it takes. */
  async sendAll(kind: MessageKind, bytes: Buffer): Promise<void> {
    for (let from = 0; from < bytes.length; from += MAX_MESSAGE_BYTES) await this.send(kind, bytes.subarray(from, from + MAX_MESSAGE_BYTES));
  }

  /**
   * The next message; null after the last.
   * @throws Problem `integrity` where a frame was changed, is missing, or comes again; `unreachable` where the session breaks off before its end
   */
  async next(): Promise<Message | null> {
    if (this.#last) return null;
    const frame = await this.#wire.next();
    if (frame === null) throw new Problem('unreachable', 'the session broke off', { reason: 'broken' });
    if (!('bytes' in frame)) throw new Problem('integrity', 'the relay spoke within a session', { reason: 'frame' });
    const { message, last } = this.#opener.open(frame.bytes);
    this.#note(this.#role === 'node' ? 'operator' : 'node', frame.bytes);
    this.#last = last;
    const kind = KINDS[message[0] ?? -1];
    if (kind === undefined) throw new Problem('malformed', 'a message of no kind that is known');
    return { kind, bytes: message.subarray(1) };
  }

  /** Of all that has passed so far. */
  digest(): Digest {
    const { node, operator } = this.#passed;
    return { sha256: digestOf(node.sha256, operator.sha256), bytes: node.bytes + operator.bytes, node: node.frames, operator: operator.frames };
  }

  #note(by: 'node' | 'operator', frame: Buffer): void {
    this.#passed[by].add(frame);
    this.onFrame(by, frame);
  }
}

/** Frames that one end has sent. */
export class Passed {
  readonly #hash: Hash = createHash('sha256');
  bytes = 0;
  frames = 0;

  add(frame: Buffer): void {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(frame.length);
    this.#hash.update(length).update(frame);
    this.bytes += frame.length;
    this.frames += 1;
  }

  get sha256(): string {
    return this.#hash.copy().digest('hex');
  }
}

/** The digest of a session, of those of its two directions. */
export function digestOf(node: string, operator: string): string {
  return sha256Hex(canonical({ node, operator }));
}

/** Begins a session as the operator. @throws Problem `integrity` where somebody else answers; `unreachable`, `malformed` */
export async function openChannel(wire: Wire, ends: Ends, signer: Signer): Promise<Channel> {
  const own = ephemeral();
  const key = toHex(own.publicKey);
  await say(wire, { v: 1, ...ends, key } satisfies RelayOpen);
  const answer = await heard<RelayAnswer>(wire, 'relay_answer@1');
  if (answer.key === null) throw new Problem('malformed', 'the node answers without a key');
  const both = { operator_key: key, node_key: answer.key };
  demandSigned(ends.node, 'node', ends, both, answer.sig);
  await say(wire, { key: null, sig: await signer.sign('session', signed('operator', ends, both)) } satisfies RelayAnswer);
  const keys = sessionKeys('client', own, Buffer.from(fromHex(answer.key, 32)));
  return new Channel(wire, 'operator', keys, sha256Hex(signed('node', ends, both)));
}

/**
 * Takes a session up as the node.
 * @param admit throws where the ends are none of this node's; nothing is signed then
 * @throws Problem what `admit` does; `integrity` where the operator's key did not sign; `unreachable`, `malformed`
 */
export async function acceptChannel(wire: Wire, signer: Signer, admit: (ends: Ends) => void | Promise<void>): Promise<{ readonly channel: Channel; readonly ends: Ends }> {
  const { v: _v, key, ...ends } = await heard<RelayOpen>(wire, 'relay_open@1');
  await admit(ends);
  const own = ephemeral();
  const both = { operator_key: key, node_key: toHex(own.publicKey) };
  await say(wire, { key: both.node_key, sig: await signer.sign('session', signed('node', ends, both)) } satisfies RelayAnswer);
  const { sig } = await heard<RelayAnswer>(wire, 'relay_answer@1');
  demandSigned(ends.by, 'operator', ends, both, sig);
  const keys = sessionKeys('server', own, Buffer.from(fromHex(key, 32)));
  return { channel: new Channel(wire, 'node', keys, sha256Hex(signed('node', ends, both))), ends };
}

type Both = Readonly<Record<'operator_key' | 'node_key', string>>;

/** What each end signs; the role keeps one's signature from being shown as the other's. */
function signed(role: 'node' | 'operator', ends: Ends, both: Both): string {
  const { grid, contract, node, party, by } = ends;
  return canonical({ v: 1, role, grid, contract, node, party, by, ...both });
}

function demandSigned(by: string, role: 'node' | 'operator', ends: Ends, both: Both, sig: string): void {
  if (!verifyBytes(by, signingBytes('session', signed(role, ends, both)), sig)) throw new Problem('integrity', `the other end of the session is not the ${role}`, { reason: role });
}

async function say(wire: Wire, value: object): Promise<void> {
  await wire.send({ bytes: Buffer.from(canonical(value as never)) });
}

async function heard<T>(wire: Wire, name: SchemaName): Promise<T> {
  const frame = await wire.next();
  if (frame === null) throw new Problem('unreachable', 'the other end hung up before the session began', { reason: 'broken' });
  if (!('bytes' in frame)) throw new Problem('malformed', 'the relay spoke within a session');
  let value: unknown;
  try {
    value = JSON.parse(frame.bytes.toString('utf8'));
  } catch (cause) {
    throw new Problem('malformed', 'what begins a session is no JSON', { cause });
  }
  return validated<T>(name, value);
}
