import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { fromBase64, toBase64 } from '../../src/base/bytes.js';
import { canonical, type JsonObject } from '../../src/base/canonical.js';
import { isProblem, type ProblemCode } from '../../src/base/errors.js';
import { MAX_CLOCK_SKEW_MS, MAX_THREADS_OF_ONE, TALK_LIFE_MS, THREAD_LIFE_MS } from '../../src/base/limits.js';
import type { ReadState } from '../../src/bcdb/rulebook.js';
import { seal } from '../../src/keys/box.js';
import { openSecret, type Keyring } from '../../src/keys/keyring.js';
import { answering, Conversation, openTalk, peerOf, sealTalk, speaksFor, type Message, type Place, type Speaker } from '../../src/net/talk.js';
import { Threads } from '../../src/net/threads.js';
import type { SealedTalk, TalkDecline } from '../../src/schema/types.js';

const GRID = 'ab'.repeat(32);
const AT = Date.UTC(2026, 0, 1);
const DECLINE: TalkDecline = { code: 'busy', reason: 'try later', final: false, retry_after_ms: null, nearest: null };
const keyring = (name: string): Promise<Keyring> => openSecret('identity', name, createHash('sha256').update(name).digest());
const speaker = (keys: Keyring): Speaker => ({ party: `bot/${keys.public['bot'] ?? ''}`, signer: keys.signer('bot'), unseal: (box) => keys.unseal(box) });
const [ann, ben, eve] = await Promise.all([keyring('ann'), keyring('ben'), keyring('eve')]);
const identity = (keys: Keyring): JsonObject => ({ key: keys.public['bot'] ?? '', keys: [{ key: keys.public['bot'] ?? '', kinds: ['*'], until: null }], sealing_key: keys.public['sealing'] ?? '' });
const objects = new Map<string, JsonObject>([ann, ben, eve].map((keys) => [`bot/${keys.public['bot'] ?? ''}`, identity(keys)]));
const state: ReadState = { get: (id) => objects.get(id) };
const peer = (keys: Keyring) => peerOf(state, speaker(keys).party);
const place = (more: Partial<Place> = {}): Place => ({ grid: GRID, thread: '11'.repeat(16), seq: 0, prev: null, ...more });
const sealed = async (at = AT, more: Partial<Place> = {}): Promise<SealedTalk> => (await sealTalk(speaker(ann), peer(ben), place(more), 'decline', DECLINE, at)).sealed;
const open = (message: unknown, at = AT): Promise<Message> => openTalk(message, state, speaker(ben), GRID, at);
const refused = (code: ProblemCode, reason?: string) => (thrown: unknown): boolean => isProblem(thrown, code, reason);

test('what one party seals, the other opens, and nobody else', async () => {
  const message = await open(await sealed());
  assert.deepEqual([message.kind, message.body, message.from], ['decline', DECLINE, speaker(ann).party]);
  const forBen = await sealed();
  await assert.rejects(openTalk(forBen, state, speaker(eve), GRID, AT), refused('refused', 'addressee'));
  await assert.rejects(openTalk({ ...forBen, to: speaker(eve).party }, state, speaker(eve), GRID, AT), refused('integrity'));
});

test('any changed bit of a sealed message is refused before it says anything', async () => {
  const message = await sealed();
  const box = fromBase64(message.box);
  for (let i = 0; i < box.length; i += 7) {
    const changed = Buffer.from(box);
    changed[i] = (changed[i] ?? 0) ^ (1 << i % 8);
    await assert.rejects(open({ ...message, box: toBase64(changed) }), refused('integrity'));
  }
  const sig = fromBase64(message.sig);
  sig[3] = (sig[3] ?? 0) ^ 1;
  await assert.rejects(open({ ...message, sig: toBase64(sig) }), refused('integrity'));
});

test('nobody can speak for another: neither with its own key nor with a box it made', async () => {
  const outer = { v: 1 as const, from: speaker(ann).party, to: speaker(ben).party, box: (await sealed()).box, by: eve.public['bot'] ?? '' };
  await assert.rejects(open({ ...outer, sig: await eve.signer('bot').sign('talk', canonical(outer)) }), refused('integrity'));
  // Eve's own envelope around words that say they are Ann's.
  const words = canonical({ v: 1, ...place(), from: speaker(ann).party, to: speaker(ben).party, time: AT, expires: AT + 1_000, kind: 'decline', body: DECLINE });
  const hers = { v: 1 as const, from: speaker(eve).party, to: speaker(ben).party, box: toBase64(seal(ben.public['sealing'] ?? '', Buffer.from(words))), by: eve.public['bot'] ?? '' };
  await assert.rejects(open({ ...hers, sig: await eve.signer('bot').sign('talk', canonical(hers)) }), refused('integrity'));
  objects.delete(speaker(eve).party);
  await assert.rejects(open({ ...hers, sig: await eve.signer('bot').sign('talk', canonical(hers)) }), refused('refused', 'identity'));
  objects.set(speaker(eve).party, identity(eve));
});

test('a message of another time or another grid is refused', async () => {
  await assert.rejects(open(await sealed(), AT + TALK_LIFE_MS), refused('refused', 'expired'));
  await assert.rejects(open(await sealed(AT + MAX_CLOCK_SKEW_MS + 1)), refused('refused', 'expired'));
  await assert.rejects(open(await sealed(AT, { grid: 'cd'.repeat(32) })), refused('refused', 'grid'));
  assert.ok(await open(await sealed(AT - TALK_LIFE_MS + 1)));
});

for (const [title, change] of [
  ['no object', () => 7], ['an extra field', (message: SealedTalk) => ({ ...message, extra: 1 })], ['a party that is none', (message: SealedTalk) => ({ ...message, from: 'bot/x' })],
  ['a box that is no base64', (message: SealedTalk) => ({ ...message, box: '!' })], ['a later version', (message: SealedTalk) => ({ ...message, v: 2 })],
] as const) {
  test(`malformed: ${title}`, async () => {
    await assert.rejects(open(change(await sealed())), refused('malformed'));
  });
}

async function threadOf(...seqs: number[]): Promise<Message[]> {
  return Promise.all(seqs.map(async (seq) => open(await sealed(AT, { seq, prev: seq === 0 ? null : 'ee'.repeat(32) }))));
}

test('a message counts once, in its place, for its own party', async () => {
  const threads = new Threads();
  const [first, third] = await threadOf(0, 2);
  assert.ok(first !== undefined && third !== undefined);
  assert.throws(() => threads.admit(third, AT), refused('refused', 'thread'), 'a conversation does not begin in its middle');
  threads.admit(first, AT);
  assert.throws(() => threads.admit(first, AT), refused('refused', 'replay'));
  assert.throws(() => threads.admit(third, AT), refused('refused', 'thread'), 'not before the answer');
  threads.answered(threads.answerTo(first), 'ff'.repeat(32));
  assert.throws(() => threads.admit(third, AT), refused('refused', 'thread'), 'another message before it');
  threads.answered(threads.answerTo(first), 'ee'.repeat(32));
  assert.throws(() => threads.admit({ ...third, from: speaker(eve).party }, AT), refused('refused', 'thread'));
  threads.admit(third, AT);
  assert.throws(() => threads.admit(first, AT), refused('refused', 'replay'));
});

test('memory of conversations is bounded, for one party first, and time frees it', async () => {
  const threads = new Threads();
  const [message] = await threadOf(0);
  assert.ok(message !== undefined);
  const numbered = (i: number): Message => ({ ...message, thread: i.toString(16).padStart(32, '0') });
  for (let i = 0; i < MAX_THREADS_OF_ONE; i += 1) threads.admit(numbered(i), AT);
  assert.throws(() => threads.admit(numbered(-1 >>> 0), AT), refused('busy'));
  threads.admit({ ...numbered(1e6), from: speaker(eve).party }, AT);
  threads.admit(numbered(2e6), AT + THREAD_LIFE_MS);
});

test('an answer counts only if it is to this very message, from whoever was asked', async () => {
  const answer = (by: Keyring, change: (asked: Message) => Partial<Place> = () => ({})) => new Conversation({
    me: speaker(ann), to: peer(ben), grid: GRID, state, clock: () => AT, signal: new AbortController().signal,
    post: async (message) => {
      const asked = await open(message);
      return (await sealTalk(speaker(by), peer(ann), { grid: GRID, thread: asked.thread, seq: asked.seq + 1, prev: asked.hash, ...change(asked) }, 'decline', DECLINE, AT)).sealed;
    },
  }).ask('decline', DECLINE);
  assert.equal((await answer(ben)).kind, 'decline');
  await assert.rejects(answer(eve), refused('integrity'));
  await assert.rejects(answer(ben, () => ({ prev: 'ee'.repeat(32) })), refused('integrity'));
  await assert.rejects(answer(ben, ({ seq }) => ({ seq: seq + 2 })), refused('integrity'));
  await assert.rejects(answer(ben, () => ({ thread: '22'.repeat(16) })), refused('integrity'));
});

describe('an operational key', () => {
  const grants = { ...identity(ann), keys: [...(identity(ann)['keys'] as JsonObject[]), { key: eve.public['bot'] ?? '', kinds: ['talk'], until: AT + 1_000 }] };
  const its: ReadState = { get: (id) => (id === speaker(ann).party ? grants : objects.get(id)) };
  const robot: Speaker = { ...speaker(eve), party: speaker(ann).party, answer_to: eve.public['sealing'] };
  const said = async (at = AT): Promise<SealedTalk> => (await sealTalk(robot, peer(ben), place(), 'decline', DECLINE, at)).sealed;

  test('speaks for its bot until its end, and the answer is sealed to the key that it can open', async () => {
    const message = await openTalk(await said(), its, speaker(ben), GRID, AT);
    assert.equal(message.from, speaker(ann).party);
    const answer = await sealTalk(speaker(ben), answering(its, message), place({ seq: 1, prev: message.hash }), 'decline', DECLINE, AT);
    assert.equal((await openTalk(answer.sealed, its, robot, GRID, AT)).from, speaker(ben).party);
    await assert.rejects(openTalk(answer.sealed, its, speaker(ann), GRID, AT), refused('integrity'));
    await assert.rejects(openTalk(await said(AT + 1_000), its, speaker(ben), GRID, AT + 1_000), refused('integrity'));
  });

  test('that may talk does not open the mailbox', () => {
    const key = eve.public['bot'] ?? '';
    assert.deepEqual((['talk', 'mail'] as const).map((kind) => speaksFor(peerOf(its, speaker(ann).party), key, AT, kind)), [true, false]);
    assert.equal(speaksFor(peer(ann), ann.public['bot'] ?? '', AT, 'mail'), true);
  });
});
