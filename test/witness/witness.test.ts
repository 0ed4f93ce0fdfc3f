// add-checkpoint over HTTP, status by status (C2SP tlog-witness).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_WITNESS_QUEUE } from '../../src/base/limits.js';
import { checkEd25519 } from '../../src/keys/ed25519.js';
import { cosignatureTime } from '../../src/tlog/cosignature.js';
import { parseNote, parseVkey } from '../../src/tlog/note.js';
import { cosignatureIn, formatAddCheckpoint } from '../../src/tlog/witness.js';
import { Ledger } from '../../src/witness/ledger.js';
import { TestLog, TestWitness } from './support.js';

const LOG = new TestLog('example.com/log', 300);
const OTHER_HISTORY = new TestLog('example.com/log', 300, 'x');

test('a log is cosigned as it grows, at the time of asking, by a key that only the witness has', async () => {
  await using witness = await TestWitness.start(LOG);
  for (const [i, [old, size]] of ([[0, 1], [1, 7], [7, 7], [7, 256], [256, 300]] as const).entries()) {
    witness.clock = () => 1_700_000_000_000 + i * 1_000;
    const { status, body } = await witness.post(LOG.request(old, size));
    assert.equal(status, 200, body);
    const key = parseVkey(witness.witness.vkey);
    assert.deepEqual([key.type, key.name], ['cosignature', 'watcher.example/w']);
    const { signature } = cosignatureIn(body, parseNote(LOG.checkpoint(size)).text, key, checkEd25519);
    assert.equal(cosignatureTime(signature), 1_700_000_000_000 + i * 1_000);
    assert.match(body, /^— watcher\.example\/w [A-Za-z0-9+/=]+\n$/);
  }
  assert.deepEqual(witness.ledger.log('example.com/log')?.size, 300);
});

// Each is asked of a witness that has cosigned the first 7 leaves.
const REFUSALS: [what: string, body: string | Uint8Array, status: number, answer: RegExp][] = [
  ['an empty body', '', 400, /old/],
  ['no old size', LOG.request(7, 9).replace(/^old 7\n/, ''), 400, /old/],
  ['an old size with a leading zero', LOG.request(7, 9).replace('old 7', 'old 07'), 400, /old/],
  ['an old size below zero', LOG.request(7, 9).replace('old 7', 'old -7'), 400, /old/],
  ['an old size above the checkpoint', LOG.request(9, 7), 400, /above/],
  ['a proof line that is no hash', LOG.request(7, 9).replace('old 7\n', 'old 7\nabc\n'), 400, /proof/],
  ['64 proof lines', LOG.request(7, 9).replace('old 7\n', `old 7\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(64)}`), 400, /proof/],
  ['no checkpoint', 'old 7\n\n', 400, /./],
  ['a checkpoint without signature', `old 7\n\n${LOG.checkpoint(9).split('\n\n')[0] ?? ''}\n`, 400, /./],
  ['bytes that are no UTF-8', Buffer.concat([Buffer.from(LOG.request(7, 9)), Buffer.of(0xff)]), 400, /./],
  ['a root of 31 bytes', formatAddCheckpoint({ old: 7, proof: [], checkpoint: LOG.checkpoint(9, { root: Buffer.alloc(31) }) }), 400, /./],
  ['a log that is not known', new TestLog('example.com/other', 9).request(0, 9), 404, /no log example\.com\/other/],
  ['a key of the right name that is not trusted', formatAddCheckpoint({ old: 7, proof: LOG.tree.consistencyProof(7, 9), checkpoint: LOG.checkpoint(9, { seed: Buffer.alloc(32, 5) }) }), 403, /not signed/],
  ['a signature on another text', formatAddCheckpoint({ old: 7, proof: LOG.tree.consistencyProof(7, 9), checkpoint: LOG.checkpoint(8).replace('\n8\n', '\n9\n') }), 403, /not signed/],
  ['an old size of zero', LOG.request(0, 9), 409, /^7\n$/],
  ['an old size below', LOG.request(6, 9), 409, /^7\n$/],
  ['an old size above', LOG.request(8, 9), 409, /^7\n$/],
  ['a smaller tree', LOG.request(6, 6), 409, /^7\n$/],
  ['another tree of the same size', formatAddCheckpoint({ old: 7, proof: [], checkpoint: OTHER_HISTORY.checkpoint(7) }), 409, /another tree/],
  ['another history', OTHER_HISTORY.request(7, 9), 422, /no proof/],
  ['a proof that is cut short', formatAddCheckpoint({ old: 7, proof: LOG.tree.consistencyProof(7, 9).slice(1), checkpoint: LOG.checkpoint(9) }), 422, /no proof/],
  ['a proof where none is due', formatAddCheckpoint({ old: 7, proof: [Buffer.alloc(32)], checkpoint: LOG.checkpoint(7) }), 422, /no proof/],
];

describe('what is not cosigned', () => {
  for (const [what, body, status, answer] of REFUSALS) {
    test(`${status}: ${what}`, async () => {
      await using witness = await TestWitness.start(LOG);
      assert.equal((await witness.post(LOG.request(0, 7))).status, 200);
      const got = await witness.post(body);
      assert.deepEqual([got.status, got.type], [status, answer.source === '^7\\n$' ? 'text/x.tlog.size' : 'text/plain; charset=utf-8']);
      assert.match(got.body, answer);
      assert.doesNotMatch(got.body, /—/);
      assert.equal(witness.ledger.log('example.com/log')?.size, 7);
      // It goes on as before.
      assert.equal((await witness.post(LOG.request(7, 9))).status, 200);
    });
  }

  test('422: a proof at the first checkpoint', async () => {
    await using witness = await TestWitness.start(LOG);
    assert.equal((await witness.post(formatAddCheckpoint({ old: 0, proof: [Buffer.alloc(32)], checkpoint: LOG.checkpoint(9) }))).status, 422);
  });

  test('413: a body that no request has', async () => {
    await using witness = await TestWitness.start(LOG);
    assert.equal((await witness.post('x'.repeat(100_000))).status, 413);
  });

  test('404: a witness that is not here', async () => {
    await using witness = await TestWitness.start(LOG);
    assert.equal((await fetch(witness.url.replace(/watcher$/, 'nobody') + '/add-checkpoint', { method: 'POST', body: LOG.request(0, 7) })).status, 404);
  });
});

test('signatures of keys that are not known are ignored, extension lines are cosigned, and any media type will do', async () => {
  await using witness = await TestWitness.start(LOG);
  const stranger = new TestLog('stranger.example/log', 1).checkpoint(1).split('\n\n')[1] ?? '';
  const checkpoint = LOG.checkpoint(7, { extension: 'an extension\n' });
  for (const type of ['application/json', 'application/octet-stream', 'text/plain', 'application/x-www-form-urlencoded']) {
    const { status, body } = await witness.post(formatAddCheckpoint({ old: witness.ledger.log(LOG.origin)?.size ?? 0, proof: [], checkpoint: checkpoint + stranger }), { 'content-type': type });
    assert.equal(status, 200, type);
    cosignatureIn(body, parseNote(checkpoint).text, parseVkey(witness.witness.vkey), checkEd25519);
  }
});

test('of requests at the same time one advances the log, and the others are told where it is', async () => {
  await using witness = await TestWitness.start(LOG);
  const sizes = [7, 9, 12, 100, 256, 300];
  const answers = await Promise.all(sizes.map((size) => witness.post(LOG.request(0, size))));
  const taken = sizes.filter((_, i) => answers[i]?.status === 200);
  assert.equal(taken.length, 1);
  assert.deepEqual(answers.filter(({ status }) => status !== 200).map(({ status, body }) => [status, body]), Array(5).fill([409, `${taken[0]}\n`]));
  assert.equal(witness.ledger.log(LOG.origin)?.size, taken[0]);
});

test('what the log has not signed is refused at once, also while an audit is under way, and few requests wait behind that', async () => {
  let hold = (): void => undefined;
  const held = new Promise<undefined>((resolve) => (hold = () => resolve(undefined)));
  await using witness = new TestWitness('auditor', { audit: () => held });
  witness.ledger.trust({ origin: LOG.origin, vkey: LOG.vkey, source: null });
  const add = (body: string): Promise<number> => witness.witness.addCheckpoint(Buffer.from(body)).then(({ status }) => status);
  const waiting = Array.from({ length: MAX_WITNESS_QUEUE }, () => add(LOG.request(0, 7)));
  const forged = formatAddCheckpoint({ old: 0, proof: [], checkpoint: LOG.checkpoint(7, { seed: Buffer.alloc(32, 9) }) });
  assert.equal(await add(forged), 403);
  assert.equal(await add(LOG.request(0, 7)), 503);
  hold();
  assert.deepEqual(await Promise.all(waiting), [200, ...Array<number>(MAX_WITNESS_QUEUE - 1).fill(409)]);
});

test('logs do not wait for one another, and what is noted is found again in the file', async () => {
  const other = new TestLog('example.com/other', 20);
  await using witness = await TestWitness.start(LOG, other);
  assert.deepEqual((await Promise.all([witness.post(LOG.request(0, 300)), witness.post(other.request(0, 20))])).map(({ status }) => status), [200, 200]);
  using again = Ledger.open(`${witness.folder}/ledger.sqlite`);
  assert.deepEqual(again.logs().map(({ origin, size, root }) => [origin, size, root]), [['example.com/log', 300, LOG.tree.root(300)], ['example.com/other', 20, other.tree.root(20)]]);
});

test('of two trees of one size, both signed by the log, both notes are handed on; of others none', async () => {
  const forks: [string, string][] = [];
  await using witness = new TestWitness('forks', { onFork: (_log, notes) => void forks.push(notes) });
  const [log, other] = [new TestLog('example.com/log', 9), new TestLog('example.com/log', 9, 'x')];
  witness.ledger.trust({ origin: log.origin, vkey: log.vkey, source: null });
  const ask = async (body: string): Promise<number> => (await witness.witness.addCheckpoint(Buffer.from(body))).status;
  assert.deepEqual([await ask(log.request(0, 9)), await ask(log.request(9, 9)), await ask(other.request(9, 8)), forks], [200, 200, 400, []]);
  assert.deepEqual([await ask(other.request(9, 9)), await ask(other.request(0, 9)), forks], [409, 409, Array(2).fill([log.checkpoint(9), other.checkpoint(9)])]);
});

test('another key for a log takes the place of the one before, and the size stays', async () => {
  await using witness = await TestWitness.start(LOG);
  await witness.post(LOG.request(0, 7));
  witness.ledger.trust({ origin: LOG.origin, vkey: new TestLog('example.com/other', 1).vkey, source: null });
  assert.equal((await witness.post(LOG.request(7, 9))).status, 403);
  assert.equal(witness.ledger.log(LOG.origin)?.size, 7);
});
