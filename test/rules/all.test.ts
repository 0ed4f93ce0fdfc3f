import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isProblem } from '../../src/base/errors.js';
import { MAX_CLOCK_SKEW_MS, MAX_RULE_OBJECTS } from '../../src/base/limits.js';
import { gridRules } from '../../src/rules/all.js';
import { RuleState } from '../../src/rules/rule.js';
import { agreementBody, agreementOf, deal, endOf, farmOf, genesisOf, HOUR, identityOf, key, market, START, World, type Submission } from './world.js';

const alice = (change: Partial<Submission> = {}): Submission => ({ ...identityOf('alice'), ...change });

test('a kind or version that is not known asks for a newer release', () => {
  for (const kind of ['identity@2', 'tax@1', 'agreement@9999']) {
    assert.throws(() => market().submit(alice({ kind })), (thrown) => isProblem(thrown, 'failed', 'unknown_kind') && thrown.message === `kind ${kind} is not known here; needs a newer release of 3bot`);
  }
});

test('schemas of other things are no kinds of records', () => {
  for (const kind of ['record@1', 'line@1', 'keystore@1']) assert.throws(() => market().submit(alice({ kind })), (thrown) => isProblem(thrown, 'failed', 'unknown_kind'));
});

test('a kind lives on its own chains only', () => {
  const world = market();
  for (const chain of ['grid', `account/${key('alice')}`, `node/${key('alice')}`, `farm/${'0'.repeat(40)}`, `run/${'0'.repeat(40)}`]) {
    assert.equal(world.refusal(alice({ chain })), 'chain');
  }
});

test('a record of another grid means nothing here', () => {
  const world = market();
  assert.equal(world.refusal(alice({ grid: 'a'.repeat(64) })), 'grid');
  assert.equal(world.refusal(alice({ grid: null })), 'grid');
});

test('signatures may cover the id of a record from rules 2 on', () => {
  assert.equal(market().refusal(alice({ v: 2 })), 'later_release');
  assert.equal(market({ rules: 2 }).refusal(alice({ v: 2 })), 'taken');
});

test('a body that does not have the shape of its kind is malformed, and says where', () => {
  const { body } = identityOf('alice');
  for (const wrong of [{}, { ...body, more: 1 }, { ...body, name: 7 }]) {
    assert.throws(() => market().submit(alice({ body: wrong })), (thrown) => isProblem(thrown, 'malformed') && thrown.message.startsWith('identity@1'));
  }
});

describe('the time of a record', () => {
  test('of a single signer is within ten minutes of its intake', () => {
    for (const [off, outcome] of [[MAX_CLOCK_SKEW_MS, 'taken'], [-MAX_CLOCK_SKEW_MS, 'taken'], [MAX_CLOCK_SKEW_MS + 1, 'time'], [-MAX_CLOCK_SKEW_MS - 1, 'time']] as const) {
      assert.equal(market().refusal(alice({ time: START + off })), outcome, String(off));
    }
  });
  test('that several sign may lie back, but not ahead', () => {
    const world = new World();
    for (const submission of [genesisOf(), identityOf('farmer')]) world.submit(submission);
    world.at += HOUR;
    assert.equal(world.refusal({ ...farmOf(world), time: world.at + MAX_CLOCK_SKEW_MS + 1 }), 'time');
    assert.equal(world.refusal({ ...farmOf(world), time: START }), 'taken');
  });
  test('counts payers as signers', () => {
    const world = market();
    world.at += HOUR;
    const payment = { chain: `account/${key('purse')}`, kind: 'transfer@1', body: { payers: [{ account: key('purse'), amount_stroops: '1' }], to: key('bob'), memo: '' }, by: ['purse'] };
    assert.equal(world.refusal({ ...payment, time: START }), 'time');
  });
});

describe("a grid's own limits", () => {
  test('bound the bytes of a record', () => {
    const world = market({ limits: { record_bytes: 4_096, signatures: 4 } });
    const workloads = [{ name: 'big', image: null, command: ['x'.repeat(4_096)], env: [], ports: [], secrets: [] }];
    assert.equal(world.refusal(agreementOf(world, { workloads })), 'size');
  });
  test('bound its signatures', () => {
    const world = market({ limits: { record_bytes: 65_536, signatures: 2 } });
    assert.equal(world.refusal(agreementOf(world)), 'size');
  });
});

test('who may sign is known before anybody has', () => {
  const world = market();
  const expected = gridRules.expected(world, world.record(agreementOf(world)), world.moment);
  assert.deepEqual([...expected.allowed.keys()].sort(), ['alice', 'farm', 'purse'].map(key).sort());
  assert.deepEqual(expected.missing(new Set([key('farm')])), [`bot/${key('alice')}`, `account/${key('purse')}`]);
});

test('a key that stands for two parties of one record is refused: one signature would say two things', () => {
  const world = market({ rules: 2 });
  const body = agreementBody(world);
  const notary = `account/${key('alice')}`;
  const commit = { threshold: 2, members: [{ of: notary, weight: 0 }, ...body.quorums.commit.members] };
  assert.equal(world.refusal(agreementOf(world, { quorums: { ...body.quorums, commit } })), 'quorum');
  assert.equal(world.refusal(agreementOf(world, { quorums: { ...body.quorums, commit: { threshold: 1, members: commit.members } } })), 'key');
});

test('the same record on the same state gives the same objects', () => {
  const [a, b] = [deal(), deal()];
  assert.equal(JSON.stringify([...a.objects]), JSON.stringify([...b.objects]));
  for (const world of [a, b]) {
    world.at += 77;
    world.submit(endOf(world));
  }
  assert.equal(JSON.stringify([...a.objects]), JSON.stringify([...b.objects]));
});

describe('the state a rule works on', () => {
  test('shows what was put and keeps it from the state below until all is done', () => {
    const below = new World();
    const draft = new RuleState(below);
    draft.put('a', { n: 1 });
    assert.deepEqual(draft.get('a'), { n: 1 });
    assert.equal(below.get('a'), undefined);
    draft.commit();
    assert.deepEqual(below.get('a'), { n: 1 });
  });
  test(`is bounded to ${MAX_RULE_OBJECTS} objects, read or written`, () => {
    const draft = new RuleState(new World());
    for (let i = 0; i < MAX_RULE_OBJECTS; i += 2) {
      draft.get(`read ${i}`);
      draft.put(`written ${i}`, {});
    }
    draft.put('read 0', {});
    draft.get('written 0');
    for (const touch of [() => draft.get('one more'), () => draft.put('one more', {})]) assert.throws(touch, (thrown) => isProblem(thrown, 'refused', 'bound'));
  });
  test('has room for the biggest settlement: four payers, four payees', () => {
    const names = ['p1', 'p2', 'p3', 'p4'];
    const payers = names.map((name) => ({ account: key(name), amount_stroops: '40500000' }));
    const payees = [...['a', 'b', 'c'].map((name) => ({ account: key(name), role: 'grid' as const, share_ppm: 250_000 })), { account: key('payout'), role: 'farmer' as const, share_ppm: 250_000 }];
    const world = market({ allocations: payers });
    world.submit(agreementOf(world, { payers, payees, minimum_stroops: '1000' }, ['alice', 'farm', ...names]));
    assert.equal(world.refusal(endOf(world)), 'taken');
  });
  test('has room for the biggest genesis', () => {
    const allocations = Array.from({ length: 8 }, (_, i) => ({ account: key(`a${i}`), amount_stroops: '1' }));
    assert.equal(new World().refusal(genesisOf({ allocations })), 'taken');
  });
});
