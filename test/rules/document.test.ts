import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chainId } from '../../src/bcdb/record.js';
import { gridRules } from '../../src/rules/all.js';
import type { FreeDocument, Quorum } from '../../src/schema/types.js';
import { agreementBody, agreementOf, all, BUYERS, contractId, HOUR, identityOf, key, market, nonce, some, type Submission, type World } from './world.js';

const party = (name: string): string => `bot/${key(name)}`;
const optional = (name: string): { of: string; weight: number } => ({ of: party(name), weight: 0 });

/** A grid of rules 2 where alice, bob, carol and dave have identities. */
function people(rules: 1 | 2 = 2): World {
  const world = market({ rules });
  for (const name of ['bob', 'carol', 'dave']) world.submit(identityOf(name));
  return world;
}

const idOf = (world: World): string => chainId(world.grid, key('alice'), nonce('paper'));

function paperOf(world: World, quorum: Quorum, by: string[], change: Partial<FreeDocument> = {}): Submission {
  const body: FreeDocument = { by: key('alice'), nonce: nonce('paper'), title: 'Statutes', text: ['We share the field.'], documents: [], quorum, commit_by: world.at + HOUR, ...change };
  return { chain: `document/${idOf(world)}`, kind: 'document@1', body, by };
}

const ALICE_BOB = all(party('alice'), party('bob'));

describe('who signs a document', () => {
  const nested: Quorum = { threshold: 2, members: [{ of: party('alice'), weight: 1 }, { threshold: 1, members: [{ of: party('bob'), weight: 1 }, { of: party('carol'), weight: 1 }] }, optional('dave')] };
  const weighted: Quorum = { threshold: 3, members: [{ of: party('alice'), weight: 2 }, { of: party('bob'), weight: 1 }, { of: party('carol'), weight: 1 }] };
  const cases: [title: string, quorum: Quorum, by: string[], verdict: string][] = [
    ['all of two', ALICE_BOB, ['alice', 'bob'], 'taken'],
    ['one of two that must both', ALICE_BOB, ['alice'], 'signatures'],
    ['two of three', some(2, party('alice'), party('bob'), party('carol')), ['alice', 'carol'], 'taken'],
    ['two of three, but not who begins it', some(2, party('alice'), party('bob'), party('carol')), ['bob', 'carol'], 'signatures'],
    ['one of a group beside one', nested, ['alice', 'carol'], 'taken'],
    ['both of that group are not more than one', { ...nested, threshold: 2 }, ['bob', 'carol'], 'signatures'],
    ['an optional signer, too', nested, ['alice', 'bob', 'dave'], 'taken'],
    ['an optional signer does not stand in for another', nested, ['alice', 'dave'], 'signatures'],
    ['weights that are enough', weighted, ['alice', 'carol'], 'taken'],
    ['somebody who is not named', ALICE_BOB, ['alice', 'bob', 'carol'], 'signatures'],
    ['a quorum that asks for more than there are', some(3, party('alice'), party('bob')), ['alice', 'bob'], 'quorum'],
    ['a quorum of optional signers that can never be met', { threshold: 1, members: [optional('bob')] }, ['alice'], 'quorum'],
    ['a quorum that names one twice', all(party('alice'), party('alice')), ['alice'], 'quorum'],
    ['somebody whom the grid does not know', all(party('alice'), party('eve')), ['alice'], 'identity'],
  ];
  for (const [title, quorum, by, verdict] of cases) {
    test(`${title}: ${verdict}`, () => {
      const world = people();
      assert.equal(world.refusal(paperOf(world, quorum, by)), verdict);
    });
  }
});

describe('a document is refused', () => {
  const cases: [title: string, verdict: string, submission: (world: World) => Submission][] = [
    ['that says nothing', 'terms', (world) => paperOf(world, ALICE_BOB, ['alice', 'bob'], { text: [] })],
    ['whose files share a name', 'terms', (world) => paperOf(world, ALICE_BOB, ['alice', 'bob'], { documents: [{ name: 'a', sha256: key('1') }, { name: 'a', sha256: key('2') }] })],
    ['under an id of another nonce', 'id', (world) => paperOf(world, ALICE_BOB, ['alice', 'bob'], { nonce: nonce('other') })],
    ['after its deadline', 'deadline', (world) => paperOf(world, ALICE_BOB, ['alice', 'bob'], { commit_by: world.at - 1 })],
    ['that collects signatures for more than seven days', 'terms', (world) => paperOf(world, ALICE_BOB, ['alice', 'bob'], { commit_by: world.at + 7 * 24 * HOUR + 1 })],
    ['with a line of more than 2,000 characters', 'malformed', (world) => paperOf(world, ALICE_BOB, ['alice', 'bob'], { text: ['x'.repeat(2_001)] })],
  ];
  for (const [title, verdict, submission] of cases) {
    test(`${title}: ${verdict}`, () => {
      const world = people();
      assert.equal(world.refusal(submission(world)), verdict);
    });
  }

  test('on a grid of rules 1, like every kind that they do not know', () => {
    const world = people(1);
    assert.equal(world.refusal(paperOf(world, ALICE_BOB, ['alice', 'bob'])), 'later_release');
  });
});

test('the next version is signed by who signed the one before, and by those whom it names', () => {
  const world = people();
  const first = world.submit(paperOf(world, ALICE_BOB, ['alice', 'bob']));
  const next = all(party('bob'), party('carol'));
  assert.equal(world.refusal(paperOf(world, next, ['bob', 'carol'])), 'signatures', 'alice has not agreed');
  assert.equal(world.refusal(paperOf(world, next, ['alice', 'bob'])), 'signatures', 'carol would be bound unasked');
  const second = world.submit(paperOf(world, next, ['alice', 'bob', 'carol']));
  const { record, version } = world.object('document', idOf(world));
  assert.deepEqual([record, version], [second.id, 2]);
  assert.notEqual(first.id, second.id);
  assert.equal(world.refusal(paperOf(world, next, ['alice', 'bob', 'carol'])), 'signatures', 'alice has no say any more');
});

describe('a late signature', () => {
  const QUORUM: Quorum = { threshold: 2, members: [...ALICE_BOB.members, optional('carol')] };
  const endorsed = (world: World, by: string, change: object = {}): Submission => ({ chain: `bot/${key(by)}`, kind: 'endorse@1', body: { record: world.object('document', idOf(world)).record, chain: `document/${idOf(world)}`, ...change }, by: [by] });
  const signed = (): World => {
    const world = people();
    world.submit(paperOf(world, QUORUM, ['alice', 'bob']));
    return world;
  };

  test('of an optional signer is recorded, and moves nobody else\'s head', () => {
    const world = signed();
    const head = world.heads.get(`document/${idOf(world)}`);
    world.submit(endorsed(world, 'carol'));
    assert.deepEqual(world.heads.get(`document/${idOf(world)}`), head);
    const { record } = world.object('document', idOf(world));
    assert.equal(world.object('endorse', `${record}/${key('carol')}`).chain, `document/${idOf(world)}`);
  });

  test('counts once', () => {
    const world = signed();
    world.submit(endorsed(world, 'carol'));
    assert.equal(world.refusal(endorsed(world, 'carol')), 'exists');
  });

  const cases: [title: string, verdict: string, by: string, change?: object][] = [
    ['of somebody who was not named', 'key', 'dave'],
    ['of a record that is not the newest of its chain', 'not_found', 'carol', { record: key('another') }],
    ['of a document that is not there', 'not_found', 'carol', { chain: `document/${'0'.repeat(40)}` }],
    ['of something that nobody signs', 'malformed', 'carol', { chain: `farm/${'0'.repeat(40)}` }],
  ];
  for (const [title, verdict, by, change] of cases) {
    test(`${title} is refused: ${verdict}`, () => {
      const world = signed();
      assert.equal(world.refusal(endorsed(world, by, change)), verdict);
    });
  }

  test('of an agreement works the same', () => {
    const world = people();
    const { quorums } = agreementBody(world);
    const { id } = world.submit(agreementOf(world, { quorums: { ...quorums, commit: { threshold: 2, members: [...quorums.commit.members, optional('carol')] } } }, BUYERS));
    const chain = `contract/${contractId(world)}`;
    assert.equal(world.refusal({ chain: `bot/${key('dave')}`, kind: 'endorse@1', body: { record: id, chain }, by: ['dave'] }), 'key');
    world.submit({ chain: `bot/${key('carol')}`, kind: 'endorse@1', body: { record: id, chain }, by: ['carol'] });
  });
});

test('a deadline for signatures holds for every kind that names one', () => {
  const transfer = (commit_by?: number): Submission => ({ chain: `account/${key('purse')}`, kind: 'transfer@1', body: { payers: [{ account: key('purse'), amount_stroops: '5' }], to: key('bob'), memo: '', ...(commit_by === undefined ? {} : { commit_by }) }, by: ['purse'] });
  const world = people();
  assert.equal(world.refusal(transfer(world.at - 1)), 'deadline');
  assert.equal(world.refusal(transfer(world.at)), 'taken');
  const old = people(1);
  assert.equal(old.refusal(transfer(old.at)), 'later_release');
  assert.equal(old.refusal(transfer()), 'taken');
});

test('an agreement with weights, groups and optional signers still binds consumer and farmer themselves', () => {
  const world = people();
  const { quorums } = agreementBody(world);
  const group: Quorum = { threshold: 1, members: [{ of: party('bob'), weight: 1 }, { of: party('carol'), weight: 1 }] };
  const commit: Quorum = { threshold: 2, members: [...quorums.commit.members, group, optional('dave')] };
  const refusal = (by: string[]): string => world.refusal(agreementOf(world, { quorums: { ...quorums, commit } }, by));
  assert.equal(refusal(['alice', 'purse', 'bob']), 'signatures', 'without the farmer');
  assert.equal(refusal(['farm', 'purse', 'bob']), 'signatures', 'without the consumer');
  const record = world.record(agreementOf(world, { quorums: { ...quorums, commit: { ...commit, threshold: 3 } } }));
  const { missing } = gridRules.expected(world, record, world.moment);
  assert.deepEqual(missing(new Set([key('alice'), key('farm'), key('purse')])), [party('bob'), party('carol')], 'either would do, the optional one is not asked for');
  assert.equal(refusal(['alice', 'farm', 'purse', 'dave']), 'taken');
});
