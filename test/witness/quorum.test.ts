// A grid with witnesses, over real sockets: what counts as committed, and what does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { FRESH_MS } from '../../src/base/limits.js';
import { freshness } from '../../src/bcdb/copy.js';
import { withoutWitnesses, trustOf } from '../../src/bcdb/pinned.js';
import { openCheckpoint } from '../../src/bcdb/checkpoint.js';
import { verifyReceipt } from '../../src/bcdb/receipt.js';
import { cosignatures } from '../../src/tlog/cosignature.js';
import { parseNote } from '../../src/tlog/note.js';
import { checkEd25519 } from '../../src/keys/ed25519.js';
import { evidenceFiles, evidenceFolder, readEvidence } from '../../src/net/evidence.js';
import type { Grid } from '../../src/net/grid.js';
import { send, TestHome } from '../net/homes.js';
import { WitnessedGrid } from './grid.js';

/** Names of the witnesses on the newest checkpoint. */
function cosigners(grid: Grid): string[] {
  const { witnesses } = trustOf(grid.reader);
  const times = cosignatures(parseNote(grid.reader.checkpoint()?.note ?? ''), witnesses?.witnesses.map(({ key }) => key) ?? [], checkEd25519);
  return (witnesses?.witnesses ?? []).filter(({ key }) => times.has(key.key)).map(({ name }) => name);
}

test('with two of three witnesses a record is committed; a copy, a receipt and the log show their cosignatures', async () => {
  await using scene = await WitnessedGrid.create(['one', 'two', 'three'], 'group g 2 one two three');
  const { grid, alice } = scene;
  await scene.witness('three').stop();
  const { id } = await send(grid, alice.identity, 'ab'.repeat(32), 'one');
  assert.deepEqual(cosigners(grid), ['one', 'two']);

  await using bob = await TestHome.create('bob');
  const { size } = await bob.join(scene.url, grid.id);
  const copy = await bob.grid();
  assert.deepEqual([size, copy.reader.size, freshness(copy.reader, Date.now).fresh], [grid.reader.size, grid.reader.size, true]);
  assert.equal(verifyReceipt(copy.receipt(id), trustOf(copy.reader)).record.id, id);
});

test('with two of three down nothing counts as committed, by home, copy or receipt; after ten minutes nothing can be read', async () => {
  await using scene = await WitnessedGrid.create(['one', 'two', 'three'], 'group g 2 one two three');
  const { grid, alice } = scene;
  await send(grid, alice.identity, 'ab'.repeat(32), 'before');
  const before = grid.reader.size;
  await using bob = await TestHome.create('bob');
  await bob.join(scene.url, grid.id);
  const copy = await bob.grid();
  await scene.witness('two').stop();
  await scene.witness('three').stop();

  await assert.rejects(send(grid, alice.identity, 'ab'.repeat(32), 'after'), (thrown) => isProblem(thrown, 'unreachable', 'unwitnessed') && /^recorded, but not committed: cosigned by 1 of 3 witnesses, which is no quorum: .*two/.test(thrown.message));
  assert.deepEqual([grid.reader.size, grid.reader.checkpoint()?.size], [before + 1, before], 'it is recorded, and below no checkpoint');
  const { payload, signatures } = grid.reader.line(before);
  assert.throws(() => grid.receipt(grid.reader.head(`account/${alice.identity.public['wallet'] ?? ''}`)?.id ?? ''), { code: 'not_found' });
  await copy.refresh();
  assert.equal(copy.reader.size, before, 'nobody is given the line');
  bob.clock = () => Date.now() + FRESH_MS + 1_000;
  await assert.rejects(copy.refresh(), { code: 'unreachable', reason: 'stale' });
  bob.clock = () => Date.now();

  await scene.witness('three').start();
  const [outcome] = await grid.submit([{ payload, signatures }]);
  assert.deepEqual(outcome?.ok === true && [outcome.index, outcome.known], [before, true], 'the same record gets its line');
  assert.deepEqual(cosigners(grid), ['one', 'three']);
  await copy.refresh();
  assert.equal(copy.reader.size, before + 1);
});

test('what arrives while witnesses are asked is committed together, with one round for all of it', async () => {
  await using scene = await WitnessedGrid.create(['one'], null);
  const { grid, alice } = scene;
  await send(grid, alice.identity, 'ab'.repeat(32), 'first');
  const asked = scene.witness('one').asked;
  const release = scene.witness('one').hold();
  const sent = Promise.all(await scene.records(20));
  await scene.witness('one').reached();
  release();
  const outcomes = await sent;
  assert.equal(outcomes.filter((outcome) => outcome.ok).length, 20);
  assert.ok(scene.witness('one').asked - asked <= 3, `${scene.witness('one').asked - asked} rounds for 20 records`);
});

test('a home that signs a second history gets no quorum for it, and a victim that is shown it refuses', async () => {
  await using scene = await WitnessedGrid.create(['one', 'two'], 'group g all one two');
  const { grid, alice } = scene;
  await send(grid, alice.identity, 'ab'.repeat(32), 'one');
  const forked = await scene.fork();
  for (const { status, body } of forked.answers) assert.ok([409, 422].includes(status), `${status} ${body}`);
  // The log has signed it all right; only the witnesses have not.
  assert.equal(openCheckpoint(forked.note, withoutWitnesses(trustOf(grid.reader))).size, forked.size);
  await using victim = await TestHome.create('victim');
  await assert.rejects(victim.join(forked.url, grid.id), { code: 'integrity', reason: 'unwitnessed' });
  await using bob = await TestHome.create('bob');
  await bob.join(scene.url, grid.id);
  await assert.rejects(bob.join(forked.url, grid.id), { code: 'integrity', reason: 'unwitnessed' });
  assert.deepEqual(evidenceFiles(evidenceFolder(bob.home, grid.id)).map((file) => readEvidence(file).kind), ['roots'], 'who has a copy can prove it');
});

test('a home opens with its witnesses away, and goes on when they are back', async () => {
  await using scene = await WitnessedGrid.create(['one'], null);
  await send(scene.grid, scene.alice.identity, 'ab'.repeat(32), 'one');
  await scene.witness('one').stop();
  await scene.reopen();
  assert.equal(scene.grid.reader.checkpoint()?.size, scene.grid.reader.size, 'what was committed before stays so');
  await scene.witness('one').start();
  await send(scene.grid, scene.alice.identity, 'ab'.repeat(32), 'two');
  assert.deepEqual(cosigners(scene.grid), ['one']);
});

test('a home that has lost its memory of the witnesses asks them where they are', async () => {
  await using scene = await WitnessedGrid.create(['one', 'two'], 'group g any one two');
  await scene.witness('two').stop();
  for (const memo of ['a', 'b', 'c']) await send(scene.grid, scene.alice.identity, 'ab'.repeat(32), memo);
  await scene.witness('two').start();
  await scene.witness('one').stop();
  await send(scene.grid, scene.alice.identity, 'ab'.repeat(32), 'd');
  assert.deepEqual(cosigners(scene.grid), ['two'], 'it had seen nothing since the beginning');
});
