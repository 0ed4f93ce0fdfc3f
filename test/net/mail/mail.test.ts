// Mail between bots of a grid: real homes, real servers, real files.
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { isProblem } from '../../../src/base/errors.js';
import { MAX_LETTERS_OF_STRANGER } from '../../../src/base/limits.js';
import { appendSigned, ensureIdentity, identityBody } from '../../../src/net/compose.js';
import type { Grid } from '../../../src/net/grid.js';
import { dropMail, fetchMail, sendMail } from '../../../src/net/mail/mail.js';
import { mailOf, TestHome } from '../homes.js';

const RECORD = 'ab'.repeat(32);
const declined = (reason: string): { record: string; reason: string } => ({ record: RECORD, reason });

const reasons = ({ letters }: Awaited<ReturnType<typeof fetchMail>>): string[] => letters.map(({ kind, body }) => (kind === 'declined' ? body.reason : kind));

test('letters wait at the home for a bot that joined a copy, in order, until it drops them', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  await using carol = await TestHome.create('carol');
  await alice.create();
  const home = await alice.daemon();
  await bob.join(home.url);
  const copy = await bob.daemon();
  await carol.join(copy.url);
  const grid = await carol.grid();
  await ensureIdentity(grid, carol.identity);
  const atHome = await alice.grid();
  const [ann, cat] = [mailOf(alice, atHome), mailOf(carol, grid)];
  for (const reason of ['one', 'two', 'three']) await sendMail(ann, cat.me.party, 'declined', declined(reason));
  const unable = { ...cat, me: { ...cat.me, answer_to: '00'.repeat(32) } };
  await assert.rejects(fetchMail(unable), (thrown) => isProblem(thrown, 'refused', 'key'), 'who cannot open them must not drop them');
  const first = await fetchMail(cat);
  assert.deepEqual([reasons(first), first.bad, first.more], [['one', 'two', 'three'], [], false]);
  await dropMail(cat, first.letters.slice(0, 2).map(({ id }) => id));
  assert.deepEqual(reasons(await fetchMail(cat)), ['three']);
  assert.deepEqual(reasons(await fetchMail(cat, { after: first.next })), []);
  assert.equal(statSync(alice.home.mail).mode & 0o777, 0o600);
  assert.throws(() => statSync(bob.home.mail), 'a copy hands mail on and keeps none');

  const waiting = fetchMail(cat, { after: first.next, wait_ms: 20_000 });
  await sendMail(ann, cat.me.party, 'declined', declined('four'));
  assert.deepEqual(reasons(await waiting), ['four']);
});

test('without a server two identities of one home folder write to each other, and strangers are told apart', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  await alice.create();
  const grid = await alice.grid();
  await ensureIdentity(grid, bob.identity);
  const ann = mailOf(alice, grid);
  const ben = { ...mailOf(bob, grid), home: alice.home };
  assert.equal((await sendMail(ann, ben.me.party, 'declined', declined('hello'))).stranger, true);
  assert.equal((await sendMail(ben, ann.me.party, 'declined', declined('hello back'))).stranger, false);
  assert.deepEqual((await fetchMail(ben)).letters.map(({ stranger }) => stranger), [true]);
  assert.equal((await sendMail(ann, ben.me.party, 'declined', declined('again'))).stranger, false);
  await assert.rejects(sendMail(ann, `bot/${'00'.repeat(32)}`, 'declined', declined('nobody')), (thrown) => isProblem(thrown, 'refused', 'identity'));
});

test('a mailbox is where its owner says: letters go there from anywhere, the largest too, and whom one has written to is known there', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  await alice.create();
  await bob.join((await alice.daemon()).url);
  const { url, grids } = await bob.daemon();
  const copy = [...grids.values()][0] as Grid;
  await ensureIdentity(copy, bob.identity);
  await appendSigned(copy, { chain: `bot/${bob.identity.public['bot'] ?? ''}`, kind: 'identity@1', body: { ...identityBody(bob.identity, 'bob'), endpoint: url } }, [bob.identity.signer('bot')]);
  const atHome = await alice.grid();
  const [ann, ben] = [mailOf(alice, atHome), mailOf(bob, copy)];
  const signatures = Array.from({ length: 16_000 }, (_, i) => ({ by: i.toString(16).padStart(64, '0'), sig: `${'A'.repeat(86)}==` }));
  assert.equal((await sendMail(ann, ben.me.party, 'signatures', { record: RECORD, signatures })).stranger, true);
  assert.ok(existsSync(bob.home.mail));
  const [letter] = (await fetchMail(ben)).letters;
  assert.deepEqual(letter?.kind === 'signatures' && letter.body.signatures, signatures);
  await sendMail(ben, ann.me.party, 'declined', declined('no'));
  assert.deepEqual(reasons(await fetchMail(ann)), ['no']);
  assert.equal((await sendMail(ann, ben.me.party, 'declined', declined('why?'))).stranger, false, "Bob's answer went to another server, and his own knows of it");
});

test('a box that is full of letters whose time is over takes new ones', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  await alice.create();
  const grid = await alice.grid();
  await ensureIdentity(grid, bob.identity);
  const ann = mailOf(alice, grid);
  const ben = { ...mailOf(bob, grid), home: alice.home };
  const start = Date.now();
  for (let i = 0; i < MAX_LETTERS_OF_STRANGER; i += 1) await sendMail(ann, ben.me.party, 'declined', declined(`${i}`), start + 60_000);
  await assert.rejects(sendMail(ann, ben.me.party, 'declined', declined('one too many')), (thrown) => isProblem(thrown, 'busy', 'sender'));
  alice.clock = () => start + 61_000;
  await sendMail(ann, ben.me.party, 'declined', declined('later'));
  assert.deepEqual(reasons(await fetchMail(ben)), ['later']);
});

test('a letter that comes while its receiver waits is opened, though its sender is new to the grid', async () => {
  await using alice = await TestHome.create('alice');
  await using bob = await TestHome.create('bob');
  await using carol = await TestHome.create('carol');
  await alice.create();
  const home = await alice.daemon();
  await bob.join(home.url);
  await carol.join(home.url);
  const copy = await bob.grid();
  await ensureIdentity(copy, bob.identity);
  await copy.refresh();
  const ben = mailOf(bob, copy);
  const waiting = fetchMail(ben, { wait_ms: 20_000 });
  const hers = await carol.grid();
  await ensureIdentity(hers, carol.identity);
  await sendMail(mailOf(carol, hers), ben.me.party, 'declined', declined('hello'));
  const { letters, bad } = await waiting;
  assert.deepEqual([letters.length, bad], [1, []]);
});
