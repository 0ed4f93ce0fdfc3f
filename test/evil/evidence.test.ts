import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { judge, leafOf, type Judgement } from '../../src/bcdb/evidence.js';
import { pinnedBy } from '../../src/bcdb/pinned.js';
import { seedSigner } from '../../src/keys/ed25519.js';
import { toBase64 } from '../../src/base/bytes.js';
import { signCheckpoint } from '../../src/bcdb/checkpoint.js';
import { evidenceFiles, evidenceFolder, readEvidence } from '../../src/net/evidence.js';
import { rulesOfCopy } from '../../src/net/judge.js';
import { openHome } from '../../src/home.js';
import type { Evidence, Line } from '../../src/schema/types.js';
import { treeOf } from './evilhome.js';
import { Scene } from './scene.js';

/** What bob's copy keeps when the home does this. */
async function caught(scene: Scene): Promise<Evidence> {
  await assert.rejects(scene.copy.refresh(), (thrown) => isProblem(thrown, 'integrity') && (thrown.hint ?? '').includes('3bot bcdb evidence verify '));
  const [path, ...more] = evidenceFiles(evidenceFolder(scene.bob.home, scene.copy.id));
  assert.deepEqual(more, []);
  return readEvidence(path ?? '');
}

/** As somebody judges who has nothing but the genesis record. */
const byStranger = (scene: Scene, evidence: Evidence): Promise<Judgement> => judge(evidence, pinnedBy(scene.lines[0] as Line), rulesOfCopy(openHome('/nowhere'), scene.copy.id));
/** As somebody judges who has a copy of the honest book. */
const byCopy = (scene: Scene, evidence: Evidence): Promise<Judgement> => judge(evidence, pinnedBy(scene.lines[0] as Line), rulesOfCopy(scene.alice.home, scene.copy.id));

type Misdeed = (scene: Scene) => Promise<void> | void;

const MISDEEDS: [what: string, act: Misdeed, kind: Evidence['kind'], stranger: Judgement['verdict'], copy: Judgement['verdict'], said: RegExp][] = [
  ['two books of one size', ({ evil, lines }) => void (evil.lines = [...lines.slice(0, 3), lines[5] as Line]), 'roots', 'proven', 'proven', /4 lines have one root; the home has signed two/],
  ['a longer book in which a line was replaced', ({ evil, lines }) => void (evil.lines = [...lines.slice(0, 3), lines[5], lines[4], lines[5]] as Line[]), 'lines', 'proven', 'proven', /line 3 is record/],
  ['a longer book that is another one but for genesis', ({ evil, lines }) => void (evil.lines = [lines[0], lines[2], lines[1], lines[4], lines[5], lines[3], lines[2]] as Line[]), 'lines', 'proven', 'proven', /line 1 is record/],
  ['a shorter book that is another one', ({ evil, lines }) => void (evil.lines = [...lines.slice(0, 2), lines[4] as Line]), 'lines', 'proven', 'proven', /line 2 is record/],
  ['lines taken back', ({ evil, lines }) => {
    evil.lines = lines.slice(0, 3);
    evil.time_ms = Date.now() + 2_000;
  }, 'rewound', 'proven', 'proven', /there are 3 lines, after it had signed 4/],
  ['an altered record', ({ evil, lines }) => void (evil.lines = [...lines.slice(0, 4), { ...(lines[4] as Line), payload: (lines[4] as Line).payload.replace('"two"', '"2wo"') }]), 'line', 'proven', 'proven', /line 4, .* signature by [0-9a-f]{64} does not hold/s],
  ['a line from the future', ({ evil, lines }) => void (evil.lines = [...lines.slice(0, 4), { ...(lines[4] as Line), at: Date.now() + 300_000 }]), 'line', 'proven', 'proven', /dated .*, after the time stamp/],
  ['money that is not there', async (scene) => void (scene.evil.lines = [...scene.lines, await scene.transfer(scene.bob, '1', [scene.wallet(scene.bob)])]), 'line', 'unjudged', 'proven', /it does not hold: .*TFT/],
  ['a line twice, and more after it', ({ evil, lines }) => void (evil.lines = [...lines.slice(0, 5), lines[4] as Line, lines[5] as Line]), 'line', 'unjudged', 'proven', /line 5, .*continues at height/s],
  ['another book whose lines it does not show', ({ evil, lines }) => {
    evil.signed = [...lines.slice(0, 3), lines[5], lines[4], lines[5]] as Line[];
    evil.lines = [...lines];
  }, 'unproven', 'accusation', 'accusation', /that may be the home's fault or its messenger's/],
];

for (const [what, act, kind, stranger, copy, said] of MISDEEDS) {
  test(`evidence of ${what} shows others what it can show`, async () => {
    await using scene = await Scene.set();
    await act(scene);
    if (kind === 'unproven') await assert.rejects(scene.copy.refresh(), { code: 'integrity' });
    const evidence = kind === 'unproven' ? readEvidence(evidenceFiles(evidenceFolder(scene.bob.home, scene.copy.id))[0] ?? '') : await caught(scene);
    assert.equal(evidence.kind, kind);
    const judged = await byCopy(scene, evidence);
    assert.deepEqual([(await byStranger(scene, evidence)).verdict, judged.verdict], [stranger, copy]);
    assert.match(judged.steps.join('\n'), said);
  });
}

test('forged or altered evidence does not hold', async () => {
  await using scene = await Scene.set();
  const { evil, lines, copy, alice } = scene;
  evil.lines = [...lines.slice(0, 3), lines[5], lines[4], lines[5]] as Line[];
  const fork = await caught(scene);
  const [first, second] = fork.notes as [string, string];
  const [here, there] = fork.places as [Evidence['places'][number], Evidence['places'][number]];
  const log = await alice.options.openKeyring('log', (JSON.parse((lines[0] as Line).payload) as { body: { nonce: string } }).body.nonce);
  const origin = pinnedBy(lines[0] as Line).origin;
  const sign = async (some: readonly Line[], time_ms = Date.now(), keys = [log.signer('log'), log.signer('clock')] as const): Promise<string> => {
    const tree = treeOf(some);
    return signCheckpoint({ origin, size: tree.size, root: tree.root(), time_ms }, keys[0], keys[1]);
  };
  const stranger = seedSigner(Buffer.alloc(32, 3));
  const honest = treeOf(lines);
  const honestPlace = (index: number): Evidence['places'][number] => ({
    index, line: lines[index] as Line, inclusion: honest.inclusionProof(index, index + 1).map(toBase64), consistency: honest.consistencyProof(index + 1).map(toBase64),
  });
  const whole = await sign(lines);
  const base = { ...fork, consistency: [], places: [] };
  const forgeries: [string, Evidence][] = [
    ['of another grid', { ...fork, grid: 'ab'.repeat(32) }],
    ['with the same checkpoint twice', { ...fork, notes: [first, first] }],
    ['with one checkpoint', { ...fork, notes: [first] }],
    ['with one line', { ...fork, places: [here] }],
    ['with the same line twice', { ...fork, places: [here, here] }],
    ['with lines of two numbers', { ...fork, places: [{ ...here, index: 2 }, there] }],
    ['with a line that was altered', { ...fork, places: [{ ...here, line: { ...here.line, at: here.line.at + 1 } }, there] }],
    ['with a longer proof', { ...fork, places: [here, { ...there, inclusion: [...there.inclusion, toBase64(leafOf(here.line))] }] }],
    ['with a shorter proof', { ...fork, places: [here, { ...there, consistency: there.consistency.slice(1) }] }],
    ['whose first checkpoint a stranger signed', { ...fork, notes: [await sign(lines.slice(0, 4), Date.now(), [stranger, stranger]), second] }],
    ['of two roots that are one', { ...base, kind: 'roots', notes: [first, await sign(lines.slice(0, 4))] }],
    ['of two roots of two sizes', { ...base, kind: 'roots', notes: [first, second] }],
    ['of going back, told in the wrong order', { ...base, kind: 'rewound', notes: [await sign(lines.slice(0, 3), 1_000), await sign(lines, 5_000)] }],
    ['of going back, where the shorter one is older', { ...base, kind: 'rewound', notes: [await sign(lines, 5_000), await sign(lines.slice(0, 3), 1_000)] }],
    ['of a line that holds', { ...base, kind: 'line', notes: [whole], places: [honestPlace(5)] }],
    ['of no proof, with a proof', { ...base, kind: 'unproven', notes: [await sign(lines.slice(0, 4)), whole], consistency: honest.consistencyProof(4).map(toBase64) }],
  ];
  for (const [what, evidence] of forgeries) await assert.rejects(byCopy(scene, evidence), (thrown) => isProblem(thrown, 'integrity'), what);
  assert.equal((await byStranger(scene, { ...base, kind: 'line', notes: [whole], places: [honestPlace(5)] })).verdict, 'unjudged', 'a stranger cannot know that it holds');
  assert.equal(copy.reader.size, 4);
});

test('evidence does not pile up', async () => {
  await using scene = await Scene.set();
  const { evil, lines, copy, bob } = scene;
  evil.signed = [...lines.slice(0, 3), lines[5], lines[4], lines[5]] as Line[];
  for (let i = 0; i < 3; i++) await assert.rejects(copy.refresh(), { code: 'integrity' });
  assert.equal(evidenceFiles(evidenceFolder(bob.home, copy.id)).length, 1);
});
