import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_OPEN_SESSIONS } from '../../src/base/limits.js';
import { mayExec, mayLook } from '../../src/rules/session.js';
import type { Agreement } from '../../src/schema/types.js';
import { agreementOf, all, announcementOf, contractId, endOf, HOUR, key, market, runOf, some, type Submission, type World } from './world.js';

const ALICE = `bot/${key('alice')}`;
const OTHER = `bot/${key('other')}`;

/** A held contract that allows commands. */
function held(change: Partial<Agreement> = {}, isHeld = true): World {
  const world = market({ rules: 2 });
  world.submit(announcementOf(world, { features: ['exec'] }));
  world.submit(agreementOf(world, { exec: true, ...change }));
  if (isHeld) world.submit(runOf(world, 'held'));
  return world;
}

function opened(world: World, change: object = {}, by = ['node']): Submission {
  return { chain: `run/${contractId(world)}`, kind: 'session@1', body: { state: 'opened', workload: 'web', operator: ALICE, by: key('alice'), ...change }, by };
}

function closed(world: World, session: string, change: object = {}, by = ['node']): Submission {
  return { chain: `run/${contractId(world)}`, kind: 'session@1', body: { state: 'closed', session, exit_code: 0, reason: null, sha256: key('transcript'), bytes: 100, ...change }, by };
}

const openOn = (world: World): string[] => (world.object('run', contractId(world)).sessions ?? []).map(({ id }) => id);

test('a session is the record that opens it, stands in the state until it is closed, and is closed once', () => {
  const world = held();
  const { id } = world.submit(opened(world));
  const second = world.submit(opened(world)).id;
  assert.deepEqual(world.object('run', contractId(world)).sessions?.[0], { id, workload: 'web', operator: ALICE, at: world.at });
  assert.deepEqual(openOn(world), [id, second]);
  world.submit(closed(world, id));
  assert.deepEqual(openOn(world), [second]);
  assert.equal(world.refusal(closed(world, id)), 'state');
  world.submit(closed(world, second, { exit_code: null, reason: 'the node was started again', sha256: null, bytes: null }));
  assert.equal(world.object('run', contractId(world)).sessions, undefined);
});

test('what the node says of workloads leaves open sessions as they are', () => {
  const world = held();
  const { id } = world.submit(opened(world));
  world.submit(runOf(world, 'running', 'web'));
  assert.deepEqual(openOn(world), [id]);
});

test('a session can be closed after the contract has ended, and not be opened', () => {
  const world = held();
  const { id } = world.submit(opened(world));
  world.submit(endOf(world));
  assert.equal(world.refusal(opened(world)), 'state');
  world.submit(closed(world, id));
});

describe('a session is refused', () => {
  const cases: [string, (world: World) => Submission, string, Partial<Agreement>?][] = [
    ['from anybody but the node', (world) => opened(world, {}, ['alice']), 'signatures'],
    ['where the agreement allows no commands', (world) => opened(world), 'terms', { exec: false }],
    ['for who is no operator', (world) => opened(world, { operator: OTHER }), 'terms'],
    ['for the farm', (world) => opened(world, { operator: `farm/${world.contract(contractId(world)).agreement.farm}` }), 'terms'],
    ['in a workload that is not in the list', (world) => opened(world, { workload: 'other' }), 'workload'],
    ['when it is closed and was never opened', (world) => closed(world, key('nothing')), 'state'],
    ['of another contract', (world) => ({ ...opened(world), chain: `run/${'0'.repeat(40)}` }), 'not_found'],
    ['with fields of both states', (world) => opened(world, { session: key('x') }), 'malformed'],
  ];
  for (const [title, submission, reason, change] of cases) {
    test(title, () => {
      const world = held(change);
      assert.equal(world.refusal(submission(world)), reason);
    });
  }
  test('before the contract is held, and when nobody pays for it any more', () => {
    const world = held({}, false);
    assert.equal(world.refusal(opened(world)), 'state');
    world.submit(runOf(world, 'held'));
    world.at += 720 * HOUR;
    assert.equal(world.refusal(opened(world)), 'state');
  });
  test('with too many open at once', () => {
    const world = held();
    for (let i = 0; i < MAX_OPEN_SESSIONS; i += 1) world.submit(opened(world));
    assert.equal(world.refusal(opened(world)), 'bound');
  });
  test('under rules 1', () => {
    const world = market();
    world.submit(agreementOf(world));
    world.submit(runOf(world, 'held'));
    assert.equal(world.refusal(opened(world)), 'later_release');
  });
});

test('who has a word on what runs may look; commands are for whose word is enough, and for operators', () => {
  const roles = [{ role: 'operator', party: OTHER }, { role: 'signer', party: 'bot/third' }];
  const terms = (quorum: Agreement['quorums']['workload'], exec = true): Agreement => ({ roles, exec, quorums: { workload: quorum } }) as unknown as Agreement;
  const both = terms(all(ALICE, 'bot/second'));
  const one = terms(some(1, ALICE, 'bot/second'));
  const group = terms({ threshold: 1, members: [{ threshold: 1, members: [{ of: ALICE, weight: 1 }] }, { of: 'farm/x', weight: 1 }] });
  assert.deepEqual([both, one, group].map((agreement) => [mayLook(agreement, ALICE), mayExec(agreement, ALICE)]), [[true, false], [true, true], [true, true]]);
  for (const agreement of [both, one, group]) {
    assert.ok(mayLook(agreement, OTHER) && mayExec(agreement, OTHER));
    for (const party of ['bot/third', 'farm/x', `node/${key('node')}`]) assert.ok(!mayLook(agreement, party) && !mayExec(agreement, party), party);
  }
  assert.ok(!mayExec(terms(all(ALICE), false), OTHER));
});
