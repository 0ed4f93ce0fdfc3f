import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { Problem } from '../../src/base/errors.js';
import { freshness } from '../../src/bcdb/copy.js';
import { openGrid } from '../../src/net/grid.js';
import type { Line, Signature } from '../../src/schema/types.js';
import { TestHome, until } from '../net/homes.js';
import { other, Scene, STRANGER } from './scene.js';

type Change = (scene: Scene) => Promise<Line[]> | Line[];

// Each gives the whole book that the home now serves and signs.
const MISDEEDS: [string, Change, RegExp][] = [
  ['an altered record', ({ lines }) => [...lines.slice(0, 4), { ...(lines[4] as Line), payload: (lines[4] as Line).payload.replace('"two"', '"2wo"') }], /line 4 does not hold: signature by [0-9a-f]{64} does not hold/],
  ['a forged signature', ({ lines }) => [...lines.slice(0, 4), { ...(lines[4] as Line), signatures: (lines[4] as Line).signatures.map(({ by, sig }) => ({ by, sig: other(sig) })) }], /line 4 does not hold: signature/],
  ['a line left out of the book', ({ lines }) => [...lines.slice(0, 4), lines[5] as Line], /line 4 does not hold: .* continues at height/],
  ['a line twice', ({ lines }) => [...lines.slice(0, 5), lines[4] as Line], /line 5 does not hold: account\/[0-9a-f]{64} continues at height 2 on [0-9a-f]{64}, not at 1/],
  ['time that runs backwards', ({ lines }) => [...lines.slice(0, 4), { ...(lines[4] as Line), at: (lines[3] as Line).at - 1 }], /line 4 does not hold: at runs backwards/],
  ['a line from the future', ({ lines }) => [...lines.slice(0, 4), { ...(lines[4] as Line), at: Date.now() + 300_000 }], /line 4 is dated after the time stamp/],
  ['money that is not there', async (scene) => [...scene.lines, await scene.transfer(scene.bob, '1', [scene.wallet(scene.bob)])], /line 6 does not hold: .*TFT/],
  ['a debit that the account did not sign', async (scene) => [...scene.lines, await scene.transfer(scene.alice, '1', [scene.wallet(scene.bob)])], /line 6 does not hold: key [0-9a-f]{64} is not asked to sign/],
  ['a surplus signature', async (scene) => [...scene.lines, await scene.transfer(scene.alice, '1', [scene.wallet(scene.alice), STRANGER])], /line 6 does not hold: key [0-9a-f]{64} is not asked to sign/],
  ['a signature twice', async (scene) => {
    const line = await scene.transfer(scene.alice, '1', [scene.wallet(scene.alice)]);
    return [...scene.lines, { ...line, signatures: [...line.signatures, ...line.signatures] as Signature[] }];
  }, /line 6 does not hold: a key signs twice/],
  ['TFT out of nothing', async (scene) => [...scene.lines, await scene.line('faucet@1', `account/${scene.wallet(scene.bob).key}`, { amount_stroops: '99999999999999' }, [scene.wallet(scene.bob)])], /line 6 does not hold/],
  ['a record of another grid', async (scene) => [...scene.lines, await scene.line('faucet@1', `account/${scene.wallet(scene.bob).key}`, { amount_stroops: '10000000000' }, [scene.wallet(scene.bob)], { grid: 'ab'.repeat(32) })], /line 6 does not hold: record of grid/],
  ['a record at another height', async (scene) => [...scene.lines, await scene.line('faucet@1', `account/${scene.wallet(scene.bob).key}`, { amount_stroops: '10000000000' }, [scene.wallet(scene.bob)], { height: 3 })], /line 6 does not hold: .* continues at height 0/],
  ['a record that is not canonical', ({ lines }) => [...lines.slice(0, 4), { ...(lines[4] as Line), payload: ` ${(lines[4] as Line).payload}` }], /line 4 does not hold: not canonical/],
];

for (const [what, change, expected] of MISDEEDS) {
  test(`a copy stops at ${what} and says why`, async () => {
    await using scene = await Scene.set();
    const { copy, evil } = scene;
    const [root, objects] = [copy.reader.tree.root(), copy.reader.objects('', 1_000)];
    evil.lines = await change(scene);
    await assert.rejects(copy.refresh(), (thrown) => thrown instanceof Problem && thrown.code === 'integrity' && expected.test(thrown.message));
    assert.deepEqual([copy.reader.size, copy.reader.tree.root(), copy.reader.objects('', 1_000)], [4, root, objects], 'nothing of it was taken in');
    // A daemon does not try again what the home has signed: following ends for good.
    await assert.rejects(copy.keepUp(scene.bob.stop.signal), { code: 'integrity' });
    assert.deepEqual([copy.state?.problem?.code, copy.state?.ended], ['integrity', true]);
  });
}

const ON_THE_WAY: [string, (scene: Scene) => void][] = [
  ['a line was altered', ({ evil, lines }) => {
    evil.signed = [...lines];
    evil.lines = [...lines.slice(0, 5), { ...(lines[5] as Line), payload: (lines[5] as Line).payload.replace('"three"', '"free"') }];
  }],
  ['a signature was altered', ({ evil, lines }) => {
    evil.signed = [...lines];
    evil.lines = [...lines.slice(0, 5), { ...(lines[5] as Line), signatures: (lines[5] as Line).signatures.map(({ by, sig }) => ({ by, sig: other(sig) })) }];
  }],
  ['a line was held back', ({ evil, lines }) => {
    evil.signed = [...lines];
    evil.lines = [...lines.slice(0, 4), lines[5] as Line];
  }],
];

for (const [what, change] of ON_THE_WAY) {
  test(`what anybody on the way may have done does not end following: ${what}`, async () => {
    await using scene = await Scene.set();
    const { bob, copy, evil, lines } = scene;
    change(scene);
    const kept = copy.keepUp(bob.stop.signal);
    await until(() => copy.state?.problem?.code === 'integrity');
    assert.deepEqual([copy.state?.ended, copy.reader.size], [false, 4]);
    evil.signed = undefined;
    evil.lines = [...lines];
    evil.time_ms = Date.now();
    await until(() => copy.reader.size === lines.length);
    assert.equal(copy.state?.problem, null);
    bob.stop.abort();
    await kept;
  });
}

test('a copy stops when lines are served that the home did not sign', async () => {
  await using scene = await Scene.set();
  const { copy, evil, lines } = scene;
  evil.lines = lines.slice(0, 6);
  evil.signed = [...lines.slice(0, 5), { ...(lines[5] as Line), at: (lines[5] as Line).at + 1 }];
  await assert.rejects(copy.refresh(), { code: 'integrity', reason: 'fork' });
  assert.equal(copy.reader.size, 4);
});

test('a home that takes lines back is found by the time stamp on the shorter book', async () => {
  await using scene = await Scene.set();
  const { copy, evil, lines } = scene;
  evil.lines = lines.slice(0, 3);
  evil.time_ms = Date.now() + 2_000;
  await assert.rejects(copy.refresh(), { code: 'integrity', reason: 'rewound' });
  assert.equal(copy.reader.size, 4);
});

test('a shorter book that is another one is a fork', async () => {
  await using scene = await Scene.set();
  scene.evil.lines = [...scene.lines.slice(0, 2), scene.lines[4] as Line];
  await assert.rejects(scene.copy.refresh(), { code: 'integrity', reason: 'fork' });
});

test('an older time stamp makes the copy stale, not wrong, and never replaces a newer one', async () => {
  await using scene = await Scene.set();
  const { copy, evil } = scene;
  evil.time_ms = Date.now() + 5_000;
  await copy.refresh();
  const kept = copy.reader.checkpoint();
  assert.equal(freshness(copy.reader, Date.now).fresh, true);
  evil.time_ms = Date.now();
  await copy.refresh();
  assert.deepEqual(copy.reader.checkpoint(), kept);
  assert.equal(freshness(copy.reader, () => Date.now() + 3_600_000).fresh, false);
});

test('a kind that only newer releases know stops the copy, and says so, without calling it a lie', async () => {
  await using scene = await Scene.set();
  const { copy, evil, lines, bob } = scene;
  evil.lines = [...lines, await scene.line('weather@1', `node/${'11'.repeat(32)}`, {}, [STRANGER])];
  await assert.rejects(copy.refresh(), { code: 'failed', reason: 'unknown_kind' });
  assert.equal(bob.stop.signal.aborted, false);
});

test('a first copy of a book that does not hold leaves nothing behind but evidence', async () => {
  await using scene = await Scene.set();
  await using carol = await TestHome.create('carol');
  scene.evil.lines = [...scene.lines, await scene.transfer(scene.bob, '1', [scene.wallet(scene.bob)])];
  await assert.rejects(carol.join(scene.evil.url), { code: 'integrity' });
  assert.deepEqual(readdirSync(dirname(carol.home.gridDatabase(scene.copy.id))), ['evidence']);
  await assert.rejects(openGrid({ ...carol.options, grid: scene.copy.id }), { code: 'not_found' });
});
