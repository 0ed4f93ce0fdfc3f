import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chainId } from '../../src/bcdb/record.js';
import { resultOf, type VoteResult } from '../../src/rules/vote.js';
import type { Vote } from '../../src/schema/types.js';
import { shapeError } from '../../src/schema/validate.js';
import { HOUR, identityOf, key, market, nonce, type Submission, type World } from './world.js';

const VOTERS = ['alice', 'bob', 'carol', 'dave'];

/** A grid of rules 2 with four people, two of whom are architects. */
function people(rules: 1 | 2 = 2): World {
  const world = market({ rules });
  for (const name of ['bob', 'carol', 'dave']) world.submit(identityOf(name, name === 'dave' ? {} : { roles: ['architect'] }));
  return world;
}

const idOf = (world: World): string => chainId(world.grid, key('alice'), nonce('vote'));

function voteOf(world: World, change: Partial<Vote> = {}): Submission {
  const body: Vote = {
    by: key('alice'), nonce: nonce('vote'), question: 'Shall we build?', text: [], options: ['yes', 'no', 'later'], electorate: { bots: VOTERS.map(key) },
    until: world.at + HOUR, decides: { of: 'cast', more_than_ppm: 500_000 }, ...change,
  };
  return { chain: `vote/${idOf(world)}`, kind: 'vote@1', body, by: ['alice'] };
}

const ballotOf = (world: World, by: string, option: string): Submission => ({ chain: `bot/${key(by)}`, kind: 'ballot@1', body: { vote: idOf(world), option }, by: [by] });
const result = (world: World, at = world.at): VoteResult => resultOf(world.object('vote', idOf(world)), world.object('tally', idOf(world)), at);
const begun = (change: Partial<Vote> = {}): World => {
  const world = people();
  world.submit(voteOf(world, change));
  return world;
};

describe('a vote is refused', () => {
  const cases: [title: string, verdict: string, change: Partial<Vote>][] = [
    ['whose options repeat', 'terms', { options: ['yes', 'yes'] }],
    ['with a single option', 'malformed', { options: ['yes'] }],
    ['whose voters repeat', 'terms', { electorate: { bots: [key('bob'), key('bob')] } }],
    ['that is over', 'terms', { until: 0 }],
    ['that goes on for years', 'terms', { until: 8_000_000_000_000 }],
    ['by a role that nobody has', 'terms', { electorate: { role: 'certifier' } }],
    ['under an id of another nonce', 'id', { nonce: nonce('x') }],
  ];
  for (const [title, verdict, change] of cases) {
    test(`${title}: ${verdict}`, () => {
      const world = people();
      assert.equal(world.refusal(voteOf(world, change)), verdict);
    });
  }

  test('a second time, by somebody else, and on a grid of rules 1', () => {
    const world = begun();
    assert.equal(world.refusal(voteOf(world)), 'exists');
    const other = people();
    assert.equal(other.refusal({ ...voteOf(other), by: ['bob'] }), 'signatures');
    const old = people(1);
    assert.equal(old.refusal(voteOf(old)), 'later_release');
  });
});

test('each voter counts once, however often it changes its mind', () => {
  const world = begun();
  for (const [by, option] of [['alice', 'yes'], ['bob', 'no'], ['alice', 'no'], ['carol', 'yes'], ['alice', 'yes'], ['alice', 'yes']] as const) world.submit(ballotOf(world, by, option));
  assert.deepEqual(result(world).counts.map(({ ballots }) => ballots), [2, 1, 0]);
  assert.deepEqual([result(world).cast, result(world).voters, result(world).turnout_ppm], [3, 4, 750_000]);
});

describe('a ballot is refused', () => {
  test('of somebody who is not on the list', () => {
    const world = begun({ electorate: { bots: [key('bob')] } });
    assert.equal(world.refusal(ballotOf(world, 'carol', 'yes')), 'key');
  });
  test('for what is no option', () => {
    const world = begun();
    assert.equal(world.refusal(ballotOf(world, 'bob', 'perhaps')), 'terms');
  });
  test('at the end and after it', () => {
    const world = begun();
    world.at += HOUR;
    assert.equal(world.refusal(ballotOf(world, 'bob', 'yes')), 'deadline');
  });
  test('in a vote that is not there', () => {
    const world = people();
    assert.equal(world.refusal(ballotOf(world, 'bob', 'yes')), 'not_found');
  });
  test('signed by another', () => {
    const world = begun();
    assert.equal(world.refusal({ ...ballotOf(world, 'bob', 'yes'), by: ['carol'] }), 'signatures');
  });
});

describe('an electorate by role is who had it when the vote began', () => {
  const BY_ROLE = { electorate: { role: 'architect' as const } };

  test('and counts them', () => assert.equal(result(begun(BY_ROLE)).voters, 2));

  test('not who takes it on later', () => {
    const world = begun(BY_ROLE);
    world.submit(identityOf('dave', { roles: ['architect'] }));
    assert.equal(world.refusal(ballotOf(world, 'dave', 'yes')), 'key');
    assert.equal(result(world).voters, 2);
  });

  test('also who gives it up later, and takes it on again', () => {
    const world = begun(BY_ROLE);
    world.submit(identityOf('bob', { roles: [] }));
    world.submit(ballotOf(world, 'bob', 'yes'));
    world.submit(identityOf('bob', { roles: ['architect'] }));
    assert.equal(world.refusal(ballotOf(world, 'bob', 'no')), 'taken');
  });

  test('not who gave it up before', () => {
    const world = people();
    world.submit(identityOf('bob', { roles: ['farmer'] }));
    world.submit(voteOf(world, BY_ROLE));
    assert.equal(world.refusal(ballotOf(world, 'bob', 'yes')), 'key');
    assert.equal(result(world).voters, 1);
  });

  test('an identity keeps its roles over a change of its name, and two hundred changes stay within bounds', () => {
    const world = people();
    const before = world.object('bot', key('bob')).role_lines;
    world.submit(identityOf('bob', { name: 'robert', roles: ['architect'] }));
    assert.deepEqual(world.object('bot', key('bob')).role_lines, before);
    for (let i = 0; i < 200; i += 1) world.submit(identityOf('bob', { roles: i % 2 === 0 ? [] : ['architect'] }));
    assert.equal(world.object('bot', key('bob')).role_lines?.length, 64);
    assert.equal(world.object('role', 'architect').bots, 2);
  });

  test('a role that a bot keeps is counted once, however often it changes another', () => {
    const world = people();
    for (let i = 0; i < 200; i += 1) world.submit(identityOf('bob', { roles: i % 2 === 0 ? ['architect'] : ['architect', 'farmer'] }));
    assert.equal(world.object('role', 'architect').bots, 2);
    assert.deepEqual(world.object('bot', key('bob')).role_lines?.length, 64);
  });

  test('under rules 1 identities are written as ever', () => {
    const world = people(1);
    assert.equal(world.object('bot', key('bob')).role_lines, undefined);
    assert.equal(world.get('role/architect'), undefined);
  });
});

describe('what is decided follows from the rule in the vote', () => {
  const cases: [title: string, of: 'cast' | 'electorate', more_than_ppm: number, ballots: string[], decided: string | null][] = [
    ['a majority of those who vote', 'cast', 500_000, ['yes', 'yes', 'no'], 'yes'],
    ['half is no majority', 'cast', 500_000, ['yes', 'no'], null],
    ['a majority of all', 'electorate', 500_000, ['yes', 'yes', 'yes'], 'yes'],
    ['two of four are no majority of all', 'electorate', 500_000, ['yes', 'yes'], null],
    ['more than two thirds', 'cast', 666_666, ['yes', 'yes', 'yes', 'no'], 'yes'],
    ['not more than two thirds', 'cast', 666_667, ['yes', 'yes', 'no'], null],
    ['the most votes', 'cast', 0, ['yes', 'no', 'no', 'later'], 'no'],
    ['a tie decides nothing', 'cast', 0, ['yes', 'no'], null],
    ['nobody voted', 'cast', 0, [], null],
    ['all but none above 99.9999 %', 'electorate', 999_999, ['no', 'no', 'no', 'no'], 'no'],
  ];
  for (const [title, of, more_than_ppm, ballots, decided] of cases) {
    test(title, () => {
      const world = begun({ decides: { of, more_than_ppm } });
      for (const [i, option] of ballots.entries()) world.submit(ballotOf(world, VOTERS[i] ?? '', option));
      assert.equal(result(world).decided, null, 'nothing before the end');
      assert.equal(result(world).ahead, decided);
      assert.deepEqual([result(world, world.at + HOUR).state, result(world, world.at + HOUR).decided], ['closed', decided]);
    });
  }
});

test('thousands vote in one vote, each record touching a few objects', () => {
  const bots = Array.from({ length: 2_000 }, (_, i) => key(`voter ${i}`));
  assert.equal(shapeError('vote@1', voteOf(people(), { electorate: { bots } }).body), null);
  const world = begun({ electorate: { bots: [...bots, key('bob')] } });
  world.submit(ballotOf(world, 'bob', 'yes'));
  assert.equal(result(world).voters, 2_001);
});
