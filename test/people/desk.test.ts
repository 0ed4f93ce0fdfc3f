// What the mail brings to a desk.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRecord, signRecord } from '../../src/bcdb/record.js';
import { seedSigner, type Signer } from '../../src/keys/ed25519.js';
import { sha256 } from '../../src/base/hash.js';
import { sendMail, type MailParts } from '../../src/net/mail/mail.js';
import { Desk } from '../../src/people/desk.js';
import { draftDocument, quorumOf } from '../../src/people/propose.js';
import { openPrivate } from '../../src/private.js';
import type { Identity } from '../../src/schema/types.js';
import { identityBody } from '../book.js';
import { TestHome } from '../net/homes.js';

const SIGNERS = 20;

test('signatures that come by the dozen are taken together, one that does not hold spoils no other, and the newest word of each counts', async () => {
  await using alice = await TestHome.create('alice');
  await alice.create();
  const grid = await alice.grid();
  const signers = Array.from({ length: SIGNERS }, (_, i) => seedSigner(sha256(`desk ${i}`)));
  const outcomes = await grid.submit(await Promise.all(signers.map(async (signer, i) => {
    const body: Identity = identityBody(signer, `signer-${i}`);
    return signRecord(makeRecord({ v: 1, grid: grid.id, chain: `bot/${signer.key}`, height: 0, prev: null, kind: 'identity@1', time: Date.now(), body: { ...body } }), [signer]);
  })));
  assert.ok(outcomes.every(({ ok }) => ok));
  using data = openPrivate(alice.home);
  const desk = new Desk({ home: alice.home, grid, keyring: alice.identity, data, signal: alice.stop.signal });
  const quorum = quorumOf([desk.me, ...signers.map(({ key }) => `bot/${key}`)], []);
  const record = draftDocument(grid, desk.bot, null, { title: 'Rules', text: 'one', files: [], quorum, commit_by: Date.now() + 600_000 }, Date.now());
  desk.drafts.keep({ record, signatures: [] }, { proposer: desk.me, stranger: false }, Date.now());

  const mailOf = (signer: Signer): MailParts => ({ home: alice.home, grid, me: { party: `bot/${signer.key}`, signer, unseal: () => Promise.reject(new Error('nothing is fetched')) }, signal: alice.stop.signal });
  const send = async (signer: Signer, said = record.text, by = signer): Promise<void> => {
    await sendMail(mailOf(signer), desk.me, 'signatures', { record: record.id, signatures: [{ by: by.key, sig: await by.sign('record', said) }] });
  };
  for (const signer of signers.slice(1)) await send(signer);
  const whole = await desk.collect();
  assert.deepEqual([whole.touched, whole.unfit], [[record.id], []]);
  assert.equal(desk.drafts.get(record.id)?.signatures.length, SIGNERS - 1);

  await send(signers[0] as Signer, 'something else');
  await send(signers[1] as Signer);
  const mixed = await desk.collect();
  assert.deepEqual([mixed.touched, mixed.unfit.map(({ from, problem }) => [from, problem.code])], [[record.id], [[`bot/${signers[0]?.key}`, 'integrity']]]);
  assert.equal(desk.drafts.get(record.id)?.signatures.length, SIGNERS - 1);
  await send(signers[0] as Signer, record.text, seedSigner(sha256('nobody')));
  assert.deepEqual((await desk.collect()).unfit.map(({ problem }) => problem.reason), ['surplus']);
  await send(signers[0] as Signer);
  await desk.collect();
  assert.equal(desk.drafts.get(record.id)?.signatures.length, SIGNERS);
  // One who declines and then signs has signed; one who signs and then declines has declined. Others sign in between.
  const [first, second, third] = signers.slice(4) as [Signer, Signer, Signer];
  const decline = (signer: Signer): Promise<unknown> => sendMail(mailOf(signer), desk.me, 'declined', { record: record.id, reason: 'too strict' });
  for (const step of [() => send(third), () => decline(first), () => send(first), () => send(second), () => decline(second)]) await step();
  await desk.collect();
  assert.deepEqual(desk.drafts.get(record.id)?.declined.map(({ party }) => party), [`bot/${second.key}`]);
  await send(second);
  await desk.collect();
  assert.deepEqual(desk.drafts.get(record.id)?.declined, []);
  assert.deepEqual((await desk.collect()).touched, [], 'what was taken is no longer in the mailbox');
});
