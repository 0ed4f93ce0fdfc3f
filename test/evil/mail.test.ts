// Mail among people who cheat: senders, floods, a thief at the box, and a server that lies.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fromBase64, toBase64 } from '../../src/base/bytes.js';
import { canonical, type JsonObject } from '../../src/base/canonical.js';
import { isProblem, type ProblemCode } from '../../src/base/errors.js';
import { sha256Hex } from '../../src/base/hash.js';
import { MAX_CLOCK_SKEW_MS, MAX_FETCHES_OF_ONE, MAX_LETTERS_OF_ONE, MAX_LETTERS_OF_STRANGER, MAX_LETTER_BYTES, MAX_LETTER_LIFE_MS, MAX_STRANGERS_LETTERS, TALK_LIFE_MS } from '../../src/base/limits.js';
import { seal } from '../../src/keys/box.js';
import { openSecret, type Keyring } from '../../src/keys/keyring.js';
import { ensureIdentity } from '../../src/net/compose.js';
import { checkLetter, letterId, openLetter, sealLetter } from '../../src/net/mail/letter.js';
import { fetchMail, sendMail } from '../../src/net/mail/mail.js';
import { MailOffice } from '../../src/net/mail/office.js';
import { peerOf, type Speaker } from '../../src/net/talk.js';
import type { Letter, MailboxRequest, MailPage, SignedMailboxRequest } from '../../src/schema/types.js';
import { mailOf, TestHome } from '../net/homes.js';
import { Liar } from './liar.js';

const GRID = 'ab'.repeat(32);
const AT = Date.UTC(2026, 0, 1);
const folder = mkdtempSync(join(tmpdir(), '3bot-evil-mail-'));
after(() => rmSync(folder, { recursive: true }));
const refused = (code: ProblemCode, reason?: string) => (thrown: unknown): boolean => isProblem(thrown, code, reason);

const objects = new Map<string, JsonObject>();
const state = { get: (id: string) => objects.get(id) };
async function person(name: string): Promise<Speaker & { readonly keyring: Keyring }> {
  const keyring = await openSecret('identity', name, createHash('sha256').update(name).digest());
  const { bot = '', sealing = '' } = keyring.public;
  objects.set(`bot/${bot}`, { key: bot, name, keys: [{ key: bot, kinds: ['*'], until: null }], sealing_key: sealing, endpoint: null, roles: [], recovery: null });
  return { party: `bot/${bot}`, signer: keyring.signer('bot'), unseal: (box) => keyring.unseal(box), keyring };
}
const [ann, ben, eve] = await Promise.all(['ann', 'ben', 'eve'].map(person)) as [Awaited<ReturnType<typeof person>>, Speaker, Speaker];

/** A server of mailboxes whose clock the test sets. */
class Post implements AsyncDisposable {
  at = AT;
  readonly path = join(folder, randomBytes(8).toString('hex'), 'mail.sqlite');
  office = this.#open();

  #open(): MailOffice {
    return new MailOffice({ grids: new Map([[GRID, { id: GRID, url: null, reader: state, refresh: async () => undefined }]]), path: this.path, clock: () => this.at });
  }

  async restart(): Promise<void> {
    await this.office[Symbol.asyncDispose]();
    this.office = this.#open();
  }

  async letter(from: Speaker, to: Speaker, reason = 'no', expires = this.at + MAX_LETTER_LIFE_MS): Promise<Letter> {
    return sealLetter(from, peerOf(state, to.party), GRID, { time: this.at, expires }, 'declined', { record: GRID, reason });
  }

  async send(from: Speaker, to: Speaker, reason?: string): Promise<boolean> {
    return (await this.office.mail(await this.letter(from, to, reason))).stranger;
  }

  async ask(of: Speaker, by = of, wish: Partial<MailboxRequest> = {}): Promise<SignedMailboxRequest> {
    const request: MailboxRequest = { v: 1, grid: GRID, of: of.party, drop: [], known: [], after: 0, limit: 100, time: this.at, nonce: randomBytes(16).toString('hex'), by: by.signer.key, ...wish };
    return { request, sig: await by.signer.sign('mailbox', canonical(request)) };
  }

  async fetch(of: Speaker, wish: Partial<MailboxRequest> = {}): Promise<MailPage> {
    return this.office.mailbox(await this.ask(of, of, wish), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.office[Symbol.asyncDispose]();
  }
}

const signedBy = async (who: Speaker, { head, box }: Letter, change: Partial<Letter['head']>): Promise<Letter> => {
  const changed = { ...head, ...change };
  return { head: changed, box, sig: await who.signer.sign('letter', canonical(changed)) };
};

test('nobody writes in the name of another: the server refuses what is signed by another key, and a box in a foreign envelope does not open', async () => {
  await using post = new Post();
  const honest = await post.letter(ann, ben);
  await assert.rejects(post.office.mail(await signedBy(eve, honest, {})), refused('integrity'), 'signed by Eve, said to be by Ann');
  await assert.rejects(post.office.mail(await signedBy(eve, honest, { by: eve.signer.key })), refused('integrity'), "Eve's key, from Ann");
  const stolen = await signedBy(eve, honest, { from: eve.party, by: eve.signer.key });
  await post.office.mail(stolen);
  await assert.rejects(openLetter(stolen, state, ben, GRID, AT), refused('integrity'), "Ann's words in Eve's envelope");
  const later = await signedBy(ann, honest, { expires: honest.head.expires - 1 });
  await assert.rejects(openLetter(later, state, ben, GRID, AT), refused('integrity'), 'an envelope that says something else than the letter');
  assert.equal((await openLetter(honest, state, ben, GRID, AT)).kind, 'declined');
});

test('any changed bit of a letter is refused by server and receiver alike', async () => {
  await using post = new Post();
  const letter = await post.letter(ann, ben);
  const box = fromBase64(letter.box);
  for (let i = 0; i < box.length; i += 11) {
    const changed = Buffer.from(box);
    changed[i] = (changed[i] ?? 0) ^ 1;
    assert.throws(() => checkLetter({ ...letter, box: toBase64(changed) }, state, AT), refused('integrity'));
  }
  for (const change of [{ to: eve.party }, { time: AT + 1 }, { expires: AT + 5 }, { sha256: GRID }]) {
    await assert.rejects(post.office.mail({ ...letter, head: { ...letter.head, ...change } }), refused('integrity'));
  }
  assert.deepEqual((await post.fetch(ben)).letters, []);
});

test('a letter of another time or size is not taken', async () => {
  await using post = new Post();
  const letter = await post.letter(ann, ben);
  for (const [change, code, reason] of [
    [{ time: AT - MAX_CLOCK_SKEW_MS - 1 }, 'refused', 'expired'], [{ time: AT + MAX_CLOCK_SKEW_MS + 1, expires: AT + MAX_LETTER_LIFE_MS }, 'refused', 'expired'], [{ expires: AT }, 'malformed'],
    [{ expires: AT + MAX_LETTER_LIFE_MS + 1 }, 'malformed'], [{ size: letter.head.size + 1 }, 'malformed'], [{ size: MAX_LETTER_BYTES }, 'malformed'],
  ] as const) {
    await assert.rejects(post.office.mail(await signedBy(ann, letter, change)), refused(code, reason), JSON.stringify(change));
  }
  const draft = { payload: 'x'.repeat(MAX_LETTER_BYTES), signatures: [] };
  await assert.rejects(sealLetter(ann, peerOf(state, ben.party), GRID, { time: AT, expires: AT + 1 }, 'draft', draft), refused('malformed'));
  const unknown = await person('unknown');
  const [from, to] = [await post.letter(unknown, ben), await post.letter(ann, unknown)];
  objects.delete(unknown.party);
  for (const one of [from, to]) await assert.rejects(post.office.mail(one), refused('refused', 'identity'));
});

test('strangers fill their own small box and nothing else, each only a part of it', async () => {
  await using post = new Post();
  await post.send(ben, ann); // Ben knows Ann from now on.
  const crowd = await Promise.all(Array.from({ length: MAX_STRANGERS_LETTERS / MAX_LETTERS_OF_STRANGER }, (_, i) => person(`stranger ${i}`)));
  for (const stranger of crowd) {
    for (let i = 0; i < MAX_LETTERS_OF_STRANGER; i += 1) assert.equal(await post.send(stranger, ben, `${i}`), true);
    await assert.rejects(post.send(stranger, ben, 'one more'), refused('busy', crowd.at(-1) === stranger ? 'mailbox' : 'sender'));
  }
  await assert.rejects(post.send(eve, ben), refused('busy', 'mailbox'));
  assert.equal(await post.send(ann, ben), false);
  await post.fetch(ben, { known: [eve.party] });
  assert.equal(await post.send(eve, ben), false, 'whom the owner names is no stranger');
  const { letters } = await post.fetch(ben);
  assert.equal(letters.length, MAX_STRANGERS_LETTERS + 2);
  await post.fetch(ben, { drop: letters.filter(({ stranger }) => stranger).map(({ letter }) => letterId(letter.head)) });
  assert.equal((await post.fetch(ben)).letters.length, 2);
  await assert.rejects(post.send(crowd[0] as Speaker, ben, 'yet more'), refused('busy'), 'what was dropped counts as long as it could come again');
  post.at += MAX_CLOCK_SKEW_MS;
  await post.send(ann, ben, 'time goes by');
  assert.equal(await post.send(crowd[0] as Speaker, ben, 'yet more'), true);
});

test('one known sender who floods leaves room for all others', async () => {
  await using post = new Post();
  await post.fetch(ben, { known: [ann.party, eve.party] });
  for (let i = 0; i < MAX_LETTERS_OF_ONE; i += 1) await post.send(eve, ben, `${i}`);
  await assert.rejects(post.send(eve, ben, 'more'), refused('busy', 'sender'));
  assert.equal(await post.send(ann, ben), false);
});

test('a letter counts once: handed in again it is known, also after it was dropped, and later it is too old', async () => {
  await using post = new Post();
  const letter = await post.letter(ann, ben);
  assert.equal((await post.office.mail(letter)).known, false);
  assert.equal((await post.office.mail(letter)).known, true);
  assert.equal((await post.fetch(ben)).letters.length, 1);
  await post.fetch(ben, { drop: [letterId(letter.head)] });
  await post.restart();
  post.at += MAX_CLOCK_SKEW_MS - 1;
  assert.equal((await post.office.mail(letter)).known, true);
  assert.equal((await post.fetch(ben)).letters.length, 0);
  post.at += 2;
  await post.send(eve, ann); // forgets what is over
  await assert.rejects(post.office.mail(letter), refused('refused', 'expired'));
});

test('an expired letter is given to nobody, and its room is free again', async () => {
  await using post = new Post();
  await post.office.mail(await post.letter(ann, ben, 'short', AT + 1_000));
  const letter = (await post.fetch(ben)).letters[0]?.letter;
  post.at += 1_000;
  assert.deepEqual((await post.fetch(ben)).letters, []);
  await assert.rejects(openLetter(letter, state, ben, GRID, post.at), refused('refused', 'expired'));
  for (let i = 0; i < MAX_LETTERS_OF_STRANGER; i += 1) await post.send(ann, ben, `${i}`);
});

test('a mailbox opens for its owner alone, and a request counts once', async () => {
  await using post = new Post();
  await post.send(ann, ben);
  await assert.rejects(post.office.mailbox(await post.ask(ben, eve), 0), refused('integrity'), "Eve's key");
  const forged = await post.ask(ben);
  await assert.rejects(post.office.mailbox({ ...forged, request: { ...forged.request, after: 1 } }, 0), refused('integrity'), 'changed on its way');
  await assert.rejects(post.office.mailbox({ ...forged, sig: (await post.ask(ben, eve)).sig }, 0), refused('integrity'), "Eve's signature");
  const once = await post.ask(ben);
  assert.equal((await post.office.mailbox(once, 0)).letters.length, 1);
  await assert.rejects(post.office.mailbox(once, 0), refused('refused', 'replay'));
  post.at += 1;
  await post.restart();
  await assert.rejects(post.office.mailbox(once, 0), refused('busy', 'restarted'), 'the server has forgotten it, and does not take it either');
  post.at += TALK_LIFE_MS;
  await assert.rejects(post.office.mailbox(once, 0), refused('refused', 'expired'));
  const [kept] = (await post.fetch(ben)).letters;
  await post.fetch(eve, { drop: [letterId((kept?.letter as Letter).head)] });
  assert.equal((await post.fetch(ben)).letters.length, 1, "nobody drops another's letters");
});

test('a server that stops answers for no letter that it did not keep, and lets go of those who wait', async () => {
  const post = new Post();
  const [letter, waiting] = [await post.letter(ann, ben), post.office.mailbox(await post.ask(eve), 20_000)];
  const [kept, waited] = await Promise.allSettled([post.office.mail(letter), waiting, post.office[Symbol.asyncDispose]()]);
  assert.deepEqual([kept.status, waited.status], ['rejected', 'rejected']);
  await post.restart();
  assert.equal((await post.office.mail(letter)).known, false);
  await post.office[Symbol.asyncDispose]();
});

test('a copy hands on what it has checked, and nothing else', async () => {
  await using post = new Post();
  const beyond = { id: GRID, url: 'http://127.0.0.1:1', reader: state, refresh: async () => undefined };
  await using copy = new MailOffice({ grids: new Map([[GRID, beyond]]), path: join(folder, 'none.sqlite'), clock: () => AT });
  const letter = await post.letter(ann, ben);
  await assert.rejects(copy.mail(letter), refused('unreachable'));
  await assert.rejects(copy.mail(await signedBy(eve, letter, {})), refused('integrity'));
  await assert.rejects(copy.mailbox(await post.ask(ben), 0), refused('unreachable'));
  await assert.rejects(copy.mailbox(await post.ask(ben, eve), 0), refused('integrity'));
  assert.ok(!existsSync(join(folder, 'none.sqlite')));
});

test('requests of one owner are counted, those of strangers do not count as his', async () => {
  await using post = new Post();
  const forged = await post.ask(ben, eve, { by: ben.signer.key });
  for (let i = 0; i < MAX_FETCHES_OF_ONE + 1; i += 1) await assert.rejects(post.office.mailbox({ ...forged, request: { ...forged.request, nonce: sha256Hex(`${i}`).slice(0, 32) } }, 0), refused('integrity'));
  for (let i = 0; i < MAX_FETCHES_OF_ONE; i += 1) await post.fetch(ben, { limit: 0 });
  await assert.rejects(post.fetch(ben), refused('busy', 'requests'));
  await post.fetch(ann);
});

test('a server that lies shows nothing wrong: what it alters is refused, what it repeats or reorders is noticed, what it withholds is there for an honest one', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  await alice.create();
  await using liar = await Liar.start((await alice.daemon()).url);
  await bob.join(liar.url);
  const grid = await bob.grid();
  await ensureIdentity(grid, bob.identity);
  const me = mailOf(bob, grid);
  for (const reason of ['one', 'two']) await sendMail(me, me.me.party, 'declined', { record: GRID, reason });
  const lie = (change: (letters: MailPage['letters']) => void): void => {
    liar.lie = (path, answer) => {
      if (!path.startsWith('/v1/mail/fetch')) return answer;
      const page = JSON.parse(answer) as MailPage;
      change(page.letters);
      return JSON.stringify(page);
    };
  };
  const again = ([first]: MailPage['letters']): MailPage['letters'][number] => structuredClone(first as MailPage['letters'][number]);
  lie((letters) => void letters.push(again(letters)));
  await assert.rejects(fetchMail(me), refused('integrity', 'withheld'));
  lie((letters) => void letters.push({ ...again(letters), seq: 99 }));
  await assert.rejects(fetchMail(me), refused('integrity', 'withheld'));
  lie((letters) => void letters.reverse());
  await assert.rejects(fetchMail(me), refused('integrity', 'withheld'));
  lie((letters) => void (letters[0] = { ...again(letters), letter: { ...again(letters).letter, box: toBase64(randomBytes(again(letters).letter.head.size)) } }));
  const altered = await fetchMail(me);
  assert.deepEqual([altered.letters.length, altered.bad.map(({ problem }) => problem.code)], [1, ['integrity']]);
  lie((letters) => void letters.splice(0));
  assert.deepEqual((await fetchMail(me)).letters, []);
  liar.lie = (path, answer) => (path === '/v1/mail' ? answer.replace(/"id":"../, '"id":"ff') : answer);
  await assert.rejects(sendMail(me, me.me.party, 'declined', { record: GRID, reason: 'three' }), refused('integrity', 'withheld'));
  liar.lie = (_path, answer) => answer;
  assert.deepEqual((await fetchMail(me)).letters.map(({ body }) => (body as { reason: string }).reason), ['one', 'two', 'three']);
});

test('a server reads nothing: neither its file nor what passes it holds a word of a letter', async () => {
  await using post = new Post();
  const letter = await post.letter(ann, ben, 'a very secret reason');
  await post.office.mail(letter);
  const seen = Buffer.concat([Buffer.from(JSON.stringify(letter)), fromBase64(letter.box), ...['', '-wal'].map((end) => readFileSync(post.path + end))]).toString('latin1');
  assert.ok(seen.includes(ben.party) && !seen.includes('secret') && !seen.includes('declined'));
});

test('what is in a box but no mail, or mail about another grid, is refused when it is opened', async () => {
  const sealed = async (words: object, change: object = {}): Promise<Letter> => {
    const box = seal(peerOf(state, ben.party).sealing_key, Buffer.from(canonical(words)));
    const head = { v: 1 as const, grid: GRID, from: ann.party, to: ben.party, time: AT, expires: AT + 9, size: box.length, sha256: sha256Hex(box), by: ann.signer.key, ...change };
    return { head, box: toBase64(box), sig: await ann.signer.sign('letter', canonical(head)) };
  };
  const words = { v: 1, grid: GRID, from: ann.party, to: ben.party, time: AT, expires: AT + 9, kind: 'declined', body: { record: GRID, reason: '' } };
  const payload = canonical({ v: 1, grid: 'cd'.repeat(32), chain: `bot/${GRID}`, height: 0, prev: null, kind: 'identity@1', time: 1, body: {} });
  const sig = `${'A'.repeat(86)}==`;
  for (const [wrong, code] of [
    [{ ...words, kind: 'steal' }, 'malformed'], [{ ...words, body: {} }, 'malformed'], [{ ...words, from: eve.party }, 'integrity'], [{ ...words, expires: AT + 10 }, 'integrity'],
    [{ ...words, kind: 'draft', body: { payload: 'no record', signatures: [] } }, 'malformed'], [{ ...words, kind: 'draft', body: { payload, signatures: [] } }, 'malformed'],
    [{ ...words, kind: 'signatures', body: { record: GRID, signatures: [{ by: GRID, sig }, { by: GRID, sig }] } }, 'malformed'],
  ] as const) {
    await assert.rejects(openLetter(await sealed(wrong), state, ben, GRID, AT), refused(code), JSON.stringify(wrong));
  }
  await assert.rejects(openLetter(await sealed(words), state, ben, 'cd'.repeat(32), AT), refused('refused', 'grid'));
  await assert.rejects(openLetter(await sealed(words), state, eve, GRID, AT), refused('refused', 'addressee'));
});
