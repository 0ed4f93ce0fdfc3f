import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_CLOCK_SKEW_MS, MAX_IDENTITY_KEYS, MAX_RECOVERY_MEMBERS } from '../../src/base/limits.js';
import { read } from '../../src/rules/objects.js';
import type { Identity, IdentityKey, Quorum } from '../../src/schema/types.js';
import { agreementBody, agreementOf, all, announcementOf, BUYERS, endOf, farmOf, farmSays, genesisBody, HOUR, identityOf, key, market, some, START, type Submission, type World } from './world.js';

const bot = (name: string): string => `bot/${key(name)}`;
const grant = (name: string, kinds: string[] = ['*'], until: number | null = null): IdentityKey => ({ key: key(name), kinds, until });
const FIRST = grant('alice');
const CI = grant('ci', ['end@1', 'workload@1', 'talk'], START + HOUR);
const FRIENDS = some(2, bot('other'), bot('farmer'), bot('carol'));

/** Alice's identity with these keys, signed by these names. */
const alice = (keys: IdentityKey[], by: string[], change: Partial<Identity> = {}): Submission => ({ ...identityOf('alice', { keys, ...change }), by });
const recovery = (keys: IdentityKey[], by: string[], change: object = {}): Submission => ({ chain: `recovery/${key('alice')}`, kind: 'recover@1', body: { keys, sealing_key: key('new sealing'), ...change }, by });

/** A market under rules 2, with carol. */
function second(): World {
  const world = market({ rules: 2 });
  world.submit(identityOf('carol'));
  return world;
}

/** The same, where alice has an operational key for her contracts. */
function withCi(): World {
  const world = second();
  world.submit(alice([FIRST, CI], ['alice', 'ci']));
  return world;
}

/** The same, where two of three friends can recover alice. */
function withFriends(): World {
  const world = withCi();
  world.submit(alice([FIRST, CI], ['alice'], { recovery: FRIENDS }));
  return world;
}

test('an operational key speaks for its bot, for its kinds, until its end', () => {
  const world = withCi();
  world.submit(agreementOf(world));
  const workloads: Submission = { chain: endOf(world).chain, kind: 'workload@1', body: { workloads: [] }, by: ['ci'] };
  assert.equal(world.refusal(agreementOf(world, { nonce: '0'.repeat(32) }, ['ci', 'farm', 'purse'])), 'signatures');
  world.submit(workloads);
  world.at = START + HOUR;
  assert.equal(world.refusal(endOf(world, ['ci'])), 'signatures');
  world.submit(endOf(world, ['alice']));
});

test('the id stays the first key, whichever keys speak', () => {
  const world = withCi();
  world.submit(alice([grant('next'), CI], ['alice', 'next']));
  assert.equal(world.object('bot', key('alice')).key, key('alice'));
  assert.equal(world.refusal(agreementOf(world)), 'signatures');
  world.submit(agreementOf(world, {}, ['next', 'farm', 'purse']));
  world.submit(endOf(world, ['ci']));
});

test('a revoked key signs nothing more, what it signed stays, and it does not come back', () => {
  const world = withCi();
  const committed = world.submit(agreementOf(world));
  world.submit(alice([FIRST], ['alice']));
  assert.equal(world.refusal(endOf(world, ['ci'])), 'signatures');
  assert.equal(world.contract(endOf(world).chain.slice('contract/'.length)).record, committed.id);
  assert.equal(world.refusal(alice([FIRST, CI], ['alice', 'ci'])), 'key');
  assert.equal(world.refusal(identityOf('ci', { name: 'robot' })), 'key');
});

test('a record with one party is held against the clock, whatever its keys', () => {
  const world = withCi();
  world.submit(agreementOf(world));
  world.at += 2 * MAX_CLOCK_SKEW_MS;
  assert.equal(world.refusal({ ...endOf(world, ['ci']), time: START }), 'time');
});

describe('a thief', () => {
  test('with an operational key cannot give itself more', () => {
    const world = withFriends();
    const greedy = { ...CI, kinds: ['*'], until: null };
    for (const keys of [[FIRST, greedy], [greedy], [FIRST, CI, grant('thief')]]) assert.equal(world.refusal(alice(keys, ['ci', 'thief'].filter((name) => keys.some((one) => one.key === key(name))), { recovery: FRIENDS })), 'signatures');
  });

  test('with the first key can lock the owner out, and cannot take the way back away', () => {
    const world = withFriends();
    assert.equal(world.refusal(alice([FIRST], ['alice'], { recovery: null })), 'signatures');
    assert.equal(world.refusal(alice([FIRST], ['alice'], { recovery: all(bot('carol')) })), 'signatures');
    assert.equal(world.refusal(alice([FIRST], ['alice', 'carol'], { recovery: all(bot('carol')) })), 'signatures');
    world.submit(alice([grant('thief')], ['alice', 'thief'], { recovery: FRIENDS }));
    assert.equal(world.refusal(alice([grant('thief')], ['thief'], { recovery: null })), 'signatures');
    const back = recovery([grant('new')], ['other', 'carol', 'new']);
    // Whatever the thief writes meanwhile, the draft that friends sign keeps its place.
    const drafted = world.record(back);
    world.submit(alice([grant('thief')], ['thief'], { recovery: FRIENDS, name: 'mallory' }));
    assert.equal(world.submit(back).id, drafted.id);
    assert.equal(world.refusal(alice([grant('new')], ['thief'], { recovery: FRIENDS })), 'signatures');
    world.submit(alice([grant('new')], ['new'], { recovery: FRIENDS, name: 'alice' }));
    assert.deepEqual(world.object('bot', key('alice')).keys, [grant('new')]);
  });

  test('of a friend alone recovers nothing, nor does the bot itself', () => {
    const world = withFriends();
    for (const by of [['carol', 'thief'], ['thief']]) assert.equal(world.refusal(recovery([grant('thief')], by)), 'signatures');
    assert.equal(world.refusal(recovery([grant('thief')], ['alice', 'thief'])), 'signatures');
  });
});

test('recovery is changed by a key of the bot together with those who could recover it so far', () => {
  const world = withFriends();
  world.submit(alice([FIRST, CI], ['alice', 'carol', 'other'], { recovery: all(bot('carol')) }));
  assert.equal(world.refusal(alice([FIRST, CI], ['carol'], { recovery: FRIENDS })), 'signatures');
  world.submit(alice([FIRST, CI], ['alice', 'carol'], { recovery: null }));
});

test('friends recover with the keys they have then', () => {
  const world = withFriends();
  world.submit({ ...identityOf('carol', { keys: [grant('carol 2')] }), by: ['carol', 'carol 2'] });
  assert.equal(world.refusal(recovery([grant('new')], ['carol', 'other', 'new'])), 'signatures');
  world.submit(recovery([grant('new')], ['carol 2', 'other', 'new']));
});

test('recovery may keep keys, give all of them, and is refused where nobody was named', () => {
  const world = withFriends();
  world.submit(alice([FIRST, CI], ['alice'], { recovery: FRIENDS, account: key('lost') }));
  world.submit(recovery([FIRST, grant('new')], ['farmer', 'other', 'new']));
  const bot = world.object('bot', key('alice'));
  assert.deepEqual([bot.sealing_key, bot.account, bot.name], [key('new sealing'), undefined, 'alice'], 'the account may be that of lost words');
  assert.equal(world.refusal({ ...recovery([grant('x')], ['x']), chain: `recovery/${key('carol')}` }), 'quorum');
  assert.equal(world.refusal({ ...recovery([grant('x')], ['x']), chain: `recovery/${key('nobody')}` }), 'identity');
});

describe('a key serves one bot only: refused is', () => {
  const cases: [string, (world: World) => Submission][] = [
    ['another bot\'s first key', () => alice([FIRST, grant('other')], ['alice', 'other'])],
    ['another bot\'s operational key', () => ({ ...identityOf('carol', { keys: [grant('carol'), CI] }), by: ['carol', 'ci'] })],
    ["a node's key", () => alice([FIRST, grant('node')], ['alice', 'node'])],
    ["a farm's key", () => alice([FIRST, grant('farm')], ['alice', 'farm'])],
    ["the log's key", () => alice([FIRST, grant('log')], ['alice', 'log'])],
    ['a new identity whose id is an operational key', () => identityOf('ci', { name: 'robot' })],
    ['a farm with an operational key', (world) => farmOf(world, { farm_key: key('ci') }, ['ci', 'farmer'])],
    ["a node that is a bot's operational key", (world) => announcementOf(world, {}, 'ci')],
    ['a recovery that takes over another bot', (world) => (world.submit(alice([FIRST, CI], ['alice'], { recovery: FRIENDS })), recovery([grant('carol')], ['other', 'carol', 'farmer']))],
  ];
  for (const [title, make] of cases) {
    test(title, () => {
      const world = withCi();
      assert.equal(world.refusal(make(world)), 'key');
    });
  }
});

describe('an identity under rules 2 is refused', () => {
  const many = (count: number): IdentityKey[] => [FIRST, ...Array.from({ length: count - 1 }, (_, i) => grant(`k${i}`))];
  const quorumOf = (quorum: Quorum): Submission => alice([FIRST], ['alice'], { recovery: quorum });
  const cases: [string, string, Submission][] = [
    ['whose new key did not sign', 'signatures', alice([FIRST, CI], ['alice'])],
    ['of which only one of two new keys signed', 'signatures', alice([FIRST, CI, grant('k')], ['alice', 'ci'])],
    ['with a key twice', 'key', alice([FIRST, CI, CI], ['alice', 'ci'])],
    ['with more keys than one record may touch', 'key', alice(many(MAX_IDENTITY_KEYS + 1), ['alice'])],
    ['with a kind that is none', 'key', alice([FIRST, grant('ci', ['transfer'])], ['alice', 'ci'])],
    ['that seals with a signing key', 'key', alice([FIRST, CI], ['alice', 'ci'], { sealing_key: CI.key })],
    ['that no key could ever change again', 'key', alice([grant('alice', ['*'], START + HOUR)], ['alice'])],
    ['whose keys sign everything but itself', 'key', alice([grant('alice', ['talk'])], ['alice'])],
    ['that recovers itself', 'quorum', quorumOf(some(1, bot('alice'), bot('other')))],
    ['recovered by an account', 'quorum', quorumOf(all(`account/${key('purse')}`))],
    ['recovered by somebody unknown', 'identity', quorumOf(all(bot('nobody')))],
    ['recovered by more than there are', 'quorum', quorumOf(some(2, bot('other')))],
    ['recovered by a crowd', 'quorum', quorumOf(some(1, ...Array.from({ length: MAX_RECOVERY_MEMBERS + 1 }, (_, i) => bot(`m${i}`))))],
  ];
  for (const [title, reason, submission] of cases) test(title, () => assert.equal(second().refusal(submission), reason));
  test('where it is new and does not list its own key', () => assert.equal(second().refusal({ ...identityOf('dora', { keys: [grant('else')] }), by: ['dora', 'else'] }), 'key'));
});

test('as many keys as an identity may have fit into one record, with another name and all roles', () => {
  const names = Array.from({ length: MAX_IDENTITY_KEYS - 1 }, (_, i) => `k${i}`);
  const world = second();
  world.submit(alice([FIRST, ...names.map((name) => grant(name))], ['alice', ...names]));
  const next = names.map((name) => `${name} next`);
  world.submit(alice([grant('last'), ...next.map((name) => grant(name))], ['k0', 'last', ...next], { name: 'alicia', roles: ['consumer', 'farmer', 'architect', 'witness', 'certifier'] }));
  assert.equal(read(world, 'key', key('k3'))?.holder, bot('alice'));
});

test('one bot with three keys counts once', () => {
  const world = second();
  world.submit(alice([FIRST, grant('k1'), grant('k2')], ['alice', 'k1', 'k2']));
  const body = agreementBody(world);
  const commit = some(3, ...body.quorums.commit.members.flatMap((member) => ('of' in member ? [member.of] : [])), bot('other'), bot('carol'));
  const change = { quorums: { ...body.quorums, commit } };
  assert.equal(world.refusal(agreementOf(world, change, [...BUYERS, 'k1', 'k2'])), 'signatures');
  world.submit(agreementOf(world, change, [...BUYERS, 'k1', 'k2', 'carol']));
});

test('on a grid that came from rules 1, keys of before count as taken and revoked ones stay so', () => {
  const world = market();
  assert.equal(world.get(`key/${key('alice')}`), undefined);
  assert.equal(world.refusal(alice([FIRST, CI], ['alice', 'ci'])), 'later_release');
  assert.equal(world.refusal(recovery([FIRST], ['other'])), 'later_release');
  world.submit({ chain: 'grid', kind: 'policy@1', body: { rules: 2 }, by: ['governor'] });
  assert.equal(world.refusal(alice([FIRST, grant('node')], ['alice', 'node'])), 'key');
  assert.equal(world.refusal(alice([FIRST, grant('other')], ['alice', 'other'])), 'key');
  world.submit(alice([grant('next')], ['alice', 'next']));
  assert.equal(world.refusal(alice([grant('next'), FIRST], ['next', 'alice'])), 'key');
  world.submit(farmSays(world, 'retire@1'));
});

test('the new home of a grid has no key that speaks for a bot', () => {
  const world = withCi();
  const { log_key: _log, ...rest } = genesisBody();
  assert.equal(rest.rules, 1);
  const handover = { seen: { size: world.index, root: '0'.repeat(64) }, log_key: key('ci'), clock_key: key('clock 2') };
  assert.equal(world.refusal({ chain: 'grid', kind: 'handover@1', body: handover, by: ['governor'] }), 'key');
});
