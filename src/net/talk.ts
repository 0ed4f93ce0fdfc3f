// Talk between two bots: signed, sealed, answered once, never recorded.
//
//   talk@1 {grid, from, to, thread, seq, prev, time, expires, kind, body}
//     └─ sealed to the receiver's sealing key ─▶ sealed@1 {from, to, box, by, sig}, signed by the sender
//
// The signature stands outside, so that a stranger's box is never opened.
import { randomBytes } from 'node:crypto';
import { canonical, parseCanonical, type JsonObject } from '../base/canonical.js';
import { fromBase64, toBase64 } from '../base/bytes.js';
import type { Clock } from '../base/clock.js';
import { Problem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import { ANSWER_TIMEOUT_MS, MAX_CLOCK_SKEW_MS, TALK_LIFE_MS } from '../base/limits.js';
import type { ReadState } from '../bcdb/rulebook.js';
import { seal } from '../keys/box.js';
import { verifyBytes, type Signer } from '../keys/ed25519.js';
import type { Keyring } from '../keys/keyring.js';
import { signingBytes } from '../keys/signed.js';
import { actsFor } from '../rules/identity.js';
import { read } from '../rules/objects.js';
import { grantsOf, validOn } from '../rules/quorum.js';
import type { IdentityKey, SealedTalk, SchemaName, Talk, TalkAccept, TalkAgreement, TalkAmend, TalkCounter, TalkDecline, TalkJoin, TalkJoined, TalkOffer, TalkRelease, TalkReleased, TalkRequest } from '../schema/types.js';
import { validated } from '../schema/validate.js';

/** Body of each kind of message. */
export interface TalkBodies {
  request: TalkRequest;
  counter: TalkCounter;
  offer: TalkOffer;
  accept: TalkAccept;
  agreement: TalkAgreement;
  decline: TalkDecline;
  amend: TalkAmend;
  join: TalkJoin;
  joined: TalkJoined;
  release: TalkRelease;
  released: TalkReleased;
}
/** What a message is about. */
export type TalkKind = keyof TalkBodies;

/** A message that was opened and checked; `kind` tells the body. */
export type Message = { [K in TalkKind]: Omit<Talk, 'kind' | 'body'> & { kind: K; body: TalkBodies[K]; readonly hash: string } }[TalkKind];

/** Whoever speaks: a party with its keys. */
export interface Speaker {
  /** `bot/…`, `farm/…` or `node/…`. */
  readonly party: string;
  readonly signer: Signer;
  /** X25519, hex: where answers are sealed to, if the grid does not name the key that this speaker opens them with. */
  readonly answer_to?: string | undefined;
  unseal(box: Uint8Array): Promise<Uint8Array>;
}

/** Whoever is spoken to: what a grid says of a party. */
export interface Peer {
  readonly party: string;
  /** Its keys and what each may sign. */
  readonly grants: readonly IdentityKey[];
  /** X25519, hex. */
  readonly sealing_key: string;
}

/** Whether a key speaks for a peer: its own, or an operational key for `talk` or, to open the mailbox, for `mail`. */
export function speaksFor({ grants }: Pick<Peer, 'grants'>, key: string, at: number, kind: 'talk' | 'mail' = 'talk'): boolean {
  return validOn({ kind, at }, grants).includes(key);
}

/** Speaks for the bot whose key this is: an identity's own or an operational one. */
export function speakerOf(keyring: Keyring, state: ReadState): Speaker {
  const signer = keyring.signer('bot');
  const id = actsFor(state, signer.key);
  const sealing = keyring.public['sealing'];
  return { party: `bot/${id}`, signer, answer_to: sealing === read(state, 'bot', id)?.sealing_key ? undefined : sealing, unseal: (box) => keyring.unseal(box) };
}

/** Brings a sealed message to its receiver and its sealed answer back. */
export type Post = (sealed: SealedTalk, signal: AbortSignal) => Promise<SealedTalk>;

/**
 * What the grid says of a party.
 * @throws Problem `refused`, reason `identity`, where the grid knows no such bot, farm or node
 */
export function peerOf(state: ReadState, party: string): Peer {
  const [type, id = ''] = party.split('/');
  if (type === 'bot') {
    const bot = read(state, 'bot', id);
    if (bot !== undefined) return { party, grants: bot.keys, sealing_key: bot.sealing_key };
  } else if (type === 'farm') {
    const farm = read(state, 'farm', id);
    if (farm !== undefined) return { party, grants: grantsOf(state, party), sealing_key: farm.sealing_key };
  } else if (type === 'node') {
    const node = read(state, 'node', id);
    if (node !== undefined) return { party, grants: grantsOf(state, party), sealing_key: node.announcement.sealing_key };
  }
  throw new Problem('refused', `${party.slice(0, 20)}… is not known on this grid`, { reason: 'identity' });
}

/** Whom an answer goes to: the sender, by the key that the message names. */
export function answering(state: ReadState, { from, answer_to }: Pick<Message, 'from' | 'answer_to'>): Peer {
  const peer = peerOf(state, from);
  return answer_to === undefined ? peer : { ...peer, sealing_key: answer_to };
}

/** Where a message stands in a conversation. */
export interface Place {
  readonly grid: string;
  readonly thread: string;
  readonly seq: number;
  /** Hash of the message before; null for the first. */
  readonly prev: string | null;
}

/** Makes a message and seals it: what is posted, and the hash that the answer must name. */
export async function sealTalk<K extends TalkKind>(me: Speaker, to: Peer, place: Place, kind: K, body: TalkBodies[K], at: number): Promise<{ sealed: SealedTalk; hash: string }> {
  const talk = { v: 1, ...place, from: me.party, to: to.party, time: at, expires: at + TALK_LIFE_MS, kind, body, ...(me.answer_to === undefined ? {} : { answer_to: me.answer_to }) };
  const text = canonical(talk);
  const outer = { v: 1 as const, from: me.party, to: to.party, box: toBase64(seal(to.sealing_key, Buffer.from(text))), by: me.signer.key };
  return { sealed: { ...outer, sig: await me.signer.sign('talk', canonical(outer)) }, hash: sha256Hex(text) };
}

/**
 * Opens a message: size and shape → addressed to me → signed by the sender's key → opened → what it says.
 * Whether it is new and in its place is for the caller, who remembers the conversation.
 * @param value hostile
 * @throws Problem `malformed`; `integrity` for a signature or box that does not hold; `refused` with reason `identity`, `addressee`, `grid` or `expired`
 */
export async function openTalk(value: unknown, state: ReadState, me: Speaker, grid: string, at: number): Promise<Message> {
  const sealed = validated<SealedTalk>('sealed@1', value);
  if (sealed.to !== me.party) throw new Problem('refused', 'the message is for somebody else', { reason: 'addressee' });
  const sender = peerOf(state, sealed.from);
  checkSender(sealed, sender, at);
  const text = Buffer.from(await me.unseal(fromBase64(sealed.box))).toString('utf8');
  const talk = validated<Talk>('talk@1', parseCanonical(text));
  if (talk.from !== sealed.from || talk.to !== sealed.to) throw new Problem('integrity', 'the message inside is not from or for those outside');
  if (talk.grid !== grid) throw new Problem('refused', 'the message is about another grid', { reason: 'grid' });
  checkTimes(talk, at);
  const name: SchemaName = `talk_${talk.kind}@1`;
  return { ...talk, body: validated<JsonObject>(name, talk.body), hash: sha256Hex(text) } as unknown as Message;
}

function checkSender({ sig, ...outer }: SealedTalk, sender: Peer, at: number): void {
  if (!speaksFor(sender, outer.by, at)) throw new Problem('integrity', 'the message is signed with a key that is not the sender\'s');
  if (!verifyBytes(outer.by, signingBytes('talk', canonical(outer)), sig)) throw new Problem('integrity', 'the signature of the message does not hold');
}

function checkTimes({ time, expires }: Talk, at: number): void {
  const hint = 'are the clocks of both machines right?';
  if (time > at + MAX_CLOCK_SKEW_MS || expires > at + MAX_CLOCK_SKEW_MS + TALK_LIFE_MS) throw new Problem('refused', 'the message comes from the future', { reason: 'expired', hint });
  if (expires <= at) throw new Problem('refused', `the message has expired ${Math.ceil((at - expires) / 1000)} s ago`, { reason: 'expired', hint });
}

/** What a conversation needs. */
export interface ConversationParts {
  readonly me: Speaker;
  readonly to: Peer;
  readonly grid: string;
  /** The own copy; says whose key is whose. */
  readonly state: ReadState;
  readonly post: Post;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The asking side of one conversation: one question, one answer, in order. A lost answer ends it; begin another. */
export class Conversation {
  readonly #parts: ConversationParts;
  readonly #thread = randomBytes(16).toString('hex');
  #seq = 0;
  #prev: string | null = null;

  constructor(parts: ConversationParts) {
    this.#parts = parts;
  }

  /**
   * Sends a message and gives the checked answer, which names it.
   * @throws Problem `unreachable` where nobody answered in time; `integrity` or `malformed` where the answer does not hold; what the other side threw
   */
  async ask<K extends TalkKind>(kind: K, body: TalkBodies[K], timeout_ms = ANSWER_TIMEOUT_MS): Promise<Message> {
    const { me, to, grid, state, post, clock, signal } = this.#parts;
    const place = { grid, thread: this.#thread, seq: this.#seq, prev: this.#prev };
    const { sealed, hash } = await sealTalk(me, to, place, kind, body, clock());
    const limit = AbortSignal.timeout(timeout_ms);
    const answer = await post(sealed, AbortSignal.any([signal, limit])).catch((thrown: unknown) => {
      signal.throwIfAborted();
      if (limit.aborted) throw new Problem('unreachable', `no answer within ${timeout_ms / 1000} s`, { cause: thrown });
      throw thrown;
    });
    const reply = await openTalk(answer, state, me, grid, clock());
    if (reply.from !== to.party) throw new Problem('integrity', 'somebody else answered');
    if (reply.thread !== this.#thread || reply.seq !== place.seq + 1 || reply.prev !== hash) throw new Problem('integrity', 'the answer is to another message');
    this.#seq = reply.seq + 1;
    this.#prev = reply.hash;
    return reply;
  }
}
