import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_COMMIT_WITHIN_MS } from '../../src/base/limits.js';
import { gridRules } from '../../src/rules/all.js';
import { checkSigned, signersOf, someOf } from '../../src/rules/quorum.js';
import type { Agreement, Quorum } from '../../src/schema/types.js';
import { agreementBody, agreementOf, all, announcementOf, BUYERS, contractId, deal, farmId, farmOf, farmSays, gib, HOUR, identityOf, key, market, nonce, some, START, TFT, web, World } from './world.js';

const TOTAL = 162_000_000n;

test('an agreement moves the escrow, takes the capacity and waits for the node', () => {
  const world = deal({}, false);
  const id = contractId(world);
  assert.equal(world.balance('purse'), 1_000n * TFT - TOTAL);
  assert.equal(world.account('purse').escrowed_stroops, TOTAL.toString());
  assert.deepEqual(world.node().allocations, [{ contract: id, resources: gib(4, 4, 100), until: START + HOUR, disk_until: START + HOUR }]);
  const contract = world.contract(id);
  assert.deepEqual([contract.escrow_stroops, contract.committed_at, contract.started_at, contract.settled], [TOTAL.toString(), START, null, null]);
  assert.deepEqual(contract.workloads, [web()]);
});

test('a free contract needs no payer', () => {
  const world = market();
  const free = { cu_stroops: '0', su_stroops: '0', nu_stroops: '0', ipv4_stroops: '0' };
  world.submit(agreementOf(world, { prices: free, payers: [] }, ['alice', 'farm']));
  assert.equal(world.contract(contractId(world)).escrow_stroops, '0');
});

test('optional signers are welcome, not needed; consumer and farmer always are', () => {
  const alice = `bot/${key('alice')}`;
  const other = `bot/${key('other')}`;
  const farmer = `bot/${key('farmer')}`;
  const make = (world: World): Partial<Agreement> => {
    const body = agreementBody(world);
    const farm = `farm/${farmId(world)}`;
    return { roles: [...body.roles, { role: 'board', party: other }, { role: 'board', party: farmer }], quorums: { ...body.quorums, commit: some(2, alice, farm, other, farmer) } };
  };
  const outcomes: [string[], string][] = [
    [['alice', 'farm', 'purse'], 'taken'],
    [['alice', 'farm', 'other', 'purse'], 'taken'],
    [['alice', 'other', 'farmer', 'purse'], 'signatures'],
    [['farm', 'other', 'farmer', 'purse'], 'signatures'],
    [['other', 'farmer', 'purse'], 'signatures'],
  ];
  for (const [by, outcome] of outcomes) {
    const world = market();
    assert.equal(world.refusal(agreementOf(world, make(world), by)), outcome, by.join());
  }
});

describe('an agreement is refused', () => {
  const alice = `bot/${key('alice')}`;
  const other = `bot/${key('other')}`;
  const payee = (change: object): Agreement['payees'] => [{ account: key('payout'), role: 'farmer', share_ppm: 1_000_000, ...change }];
  const payer = (name: string, amount: bigint) => ({ account: key(name), amount_stroops: amount.toString() });
  type Change = Partial<Agreement> | ((world: World, body: Agreement) => Partial<Agreement>);
  const withQuorum = (name: keyof Agreement['quorums'], make: (farm: string) => Agreement['quorums']['end']): Change => (world, { quorums }) => ({ quorums: { ...quorums, [name]: make(`farm/${farmId(world)}`) } });
  const cases: [string, string, Change, string[]?][] = [
    ['whose commit_by is over', 'deadline', { commit_by: START - 1 }],
    ['with a notice, which nothing enforces yet', 'later_release', { notice_ms: 1 }],
    ['that keeps data for more than a year', 'terms', { retention_ms: 365 * 24 * HOUR + 1 }],
    ['that would collect signatures for more than seven days', 'terms', { commit_by: START + MAX_COMMIT_WITHIN_MS + 1 }],
    ['that gives the node no second', 'terms', { provision_by_ms: 999 }],
    ['that gives the node more than seven days', 'terms', { provision_by_ms: 7 * 24 * HOUR + 1 }],
    ['with a meter', 'later_release', { meter: { by: other, heartbeat_ms: HOUR } }],
    ['with exec', 'later_release', { exec: true }],
    ['a stroop too cheap', 'price', { total_stroops: (TOTAL - 1n).toString(), payers: [payer('purse', TOTAL - 1n)] }],
    ['a stroop too dear', 'price', { total_stroops: (TOTAL + 1n).toString(), payers: [payer('purse', TOTAL + 1n)] }],
    ['whose payers give too little', 'payers', { payers: [payer('purse', TOTAL - 1n)] }],
    ['whose payers give too much', 'payers', { payers: [payer('purse', TOTAL + 1n)] }],
    ['without payers', 'payers', { payers: [] }],
    ['with a payer twice', 'payers', { payers: [payer('purse', TOTAL - 1n), payer('purse', 1n)] }],
    ['with a payer twice, even if one amount alone would do', 'payers', { payers: [payer('purse', 1n), payer('purse', TOTAL)] }],
    ['with a payer of nothing', 'payers', { payers: [payer('purse', TOTAL), payer('bob', 0n)] }, ['alice', 'farm', 'purse', 'bob']],
    ['whose payer has too little', 'funds', { payers: [payer('bob', TOTAL)] }, ['alice', 'farm', 'bob']],
    ['whose payer did not sign', 'signatures', {}, ['alice', 'farm']],
    ['that the farm did not sign', 'signatures', {}, ['alice', 'purse']],
    ['that the consumer did not sign', 'signatures', {}, ['farm', 'purse']],
    ["that the farm's owner signed in place of the farm", 'signatures', {}, ['alice', 'farmer', 'purse']],
    ['whose payer signs as the consumer too', 'payers', { payers: [payer('alice', TOTAL)] }, ['alice', 'farm']],
    ['whose payer signs as the farm too', 'payers', { payers: [payer('farm', TOTAL)] }, ['alice', 'farm']],
    ['whose minimum is above the total', 'terms', { minimum_stroops: (TOTAL + 1n).toString() }],
    ['without a farmer to be paid', 'terms', { payees: payee({ role: 'grid' }) }],
    ['with two farmers to be paid', 'terms', { payees: [...payee({ share_ppm: 500_000 }), ...payee({ share_ppm: 500_000, account: key('bob') })] }],
    ['that pays the farmer elsewhere', 'terms', { payees: payee({ account: key('bob') }) }],
    ['whose shares are more than all', 'terms', { payees: [...payee({}), { account: key('bob'), role: 'architect', share_ppm: 1 }] }],
    ['whose shares are less than all', 'terms', { payees: payee({ share_ppm: 999_999 }) }],
    ['whose id is squatted by another nonce', 'id', (world) => ({ nonce: contractId(world).slice(0, 32) })],
    ['with a party twice', 'terms', (_, { roles }) => ({ roles: [...roles, { role: 'guest', party: alice }] })],
    ['without the consumer among the roles', 'terms', (_, { roles }) => ({ roles: [{ role: 'consumer', party: other }, ...roles.slice(1)] })],
    ['whose consumer goes by another role', 'terms', (_, { roles }) => ({ roles: [{ role: 'buyer', party: alice }, ...roles.slice(1)] })],
    ['whose farmer is another', 'terms', (_, { roles }) => ({ roles: [...roles.slice(0, 1), { role: 'farmer', party: other }] })],
    ['with a party that is not on the grid', 'identity', (_, { roles }) => ({ roles: [...roles, { role: 'guest', party: `bot/${key('nobody')}` }] })],
    ['whose commit quorum leaves out the farm', 'quorum', withQuorum('commit', () => all(alice))],
    ['whose commit quorum leaves out the consumer', 'quorum', withQuorum('commit', (farm) => all(farm))],
    ['whose commit quorum names somebody who is not on the grid', 'identity', withQuorum('commit', (farm) => all(alice, farm, `bot/${key('nobody')}`))],
    ['whose workload quorum names somebody who takes no part', 'terms', withQuorum('workload', () => all(other))],
    ['whose end quorum names somebody who takes no part', 'terms', withQuorum('end', () => all(other))],
    ['whose amend quorum nobody can meet', 'quorum', withQuorum('amend', () => some(2, alice))],
    ['whose end quorum is nested', 'quorum', withQuorum('end', () => ({ threshold: 1, members: [all(alice)] }))],
    ['whose workload quorum weighs', 'quorum', withQuorum('workload', () => ({ threshold: 1, members: [{ of: alice, weight: 3 }] }))],
    ['with two workloads of one name', 'workload', { workloads: [web(), web()] }],
    ['with a variable twice', 'workload', { workloads: [web('web', { env: [{ name: 'A', value: '' }, { name: 'A', value: '' }] })] }],
    ['with a port twice', 'workload', { workloads: [web('web', { ports: [{ container: 80, protocol: 'tcp' }, { container: 80, protocol: 'tcp' }] })] }],
    ['with a bare command on a node that runs images', 'workload', { workloads: [web('web', { image: null })] }],
    ['on a node that there is not', 'not_found', { node: key('no node') }],
    ['with a farm that there is not', 'not_found', (_, { quorums }) => ({ farm: '0'.repeat(40), roles: [{ role: 'consumer', party: alice }, { role: 'farmer', party: `farm/${'0'.repeat(40)}` }], quorums: { ...quorums, commit: all(alice, `farm/${'0'.repeat(40)}`) } })],
    ['with more than the node has', 'capacity', { resources: gib(9, 4, 100), total_stroops: '180000000', payers: [payer('purse', 180_000_000n)] }],
  ];
  for (const [title, reason, change, by] of cases) {
    test(title, () => {
      const world = market();
      const changed = typeof change === 'function' ? change(world, agreementBody(world)) : change;
      const submission = agreementOf(world, changed, by);
      if (title.includes('squatted')) submission.chain = `contract/${contractId(world)}`;
      assert.equal(world.refusal(submission), reason);
    });
  }

  test('whose commit quorum asks for more signatures than a record carries', () => {
    const world = market({ limits: { record_bytes: 65_536, signatures: 2 } });
    const body = agreementBody(world);
    const commit = all(...body.roles.map(({ party }) => party), other);
    assert.equal(world.refusal(agreementOf(world, { quorums: { ...body.quorums, commit } }, ['alice', 'farm', 'other', 'purse'])), 'quorum');
    assert.equal(world.refusal(agreementOf(world)), 'size', 'payers count too');
  });
  test('by somebody else under an id of the consumer', () => {
    const world = market();
    const body = agreementBody(world, { by: key('other'), roles: [{ role: 'consumer', party: other }, { role: 'farmer', party: `farm/${farmId(world)}` }] });
    assert.equal(world.refusal({ chain: `contract/${contractId(world)}`, kind: 'agreement@1', body, by: ['other', 'farm', 'purse'] }), 'id');
  });
  test('a second time', () => {
    const world = deal();
    assert.equal(world.refusal(agreementOf(world)), 'exists');
    world.heads.clear();
    assert.equal(world.refusal(agreementOf(world)), 'exists');
  });
  test('on a node that its farm has retired', () => {
    const world = market();
    world.submit(farmSays(world, 'retire@1'));
    assert.equal(world.refusal(agreementOf(world)), 'not_sellable');
  });
  test('on a node that no farm has admitted', () => {
    const world = market();
    world.submit(announcementOf(world, {}, 'second'));
    assert.equal(world.refusal(agreementOf(world, { node: key('second') })), 'not_sellable');
  });
  test('that was drafted before the farm changed its key or payout', () => {
    const world = market();
    world.submit(farmOf(world, { farm_key: key('farm 2'), payout: key('payout 2') }, ['farm 2', 'farmer']));
    assert.equal(world.refusal(agreementOf(world)), 'signatures');
    assert.equal(world.refusal(agreementOf(world, {}, ['alice', 'farm 2', 'purse'])), 'terms');
  });
});

test('a bare command is taken on a node that runs processes', () => {
  const world = market();
  world.submit(announcementOf(world, { runtime: 'process' }));
  world.submit(agreementOf(world, { workloads: [web('web', { image: null })] }));
});

test('an agreement may be signed for days, and is taken until commit_by', () => {
  const world = market();
  const submission = agreementOf(world, { commit_by: START + MAX_COMMIT_WITHIN_MS });
  world.at = START + MAX_COMMIT_WITHIN_MS;
  assert.equal(world.refusal({ ...submission, time: START }), 'taken');
});

test('four payers share an agreement, each with its own signature', () => {
  const names = ['p1', 'p2', 'p3', 'p4'];
  const share = TOTAL / 4n;
  const payers = names.map((name) => ({ account: key(name), amount_stroops: share.toString() }));
  const world = market({ allocations: names.map((name) => ({ account: key(name), amount_stroops: share.toString() })) });
  assert.equal(world.refusal(agreementOf(world, { payers }, ['alice', 'farm', 'p1', 'p2', 'p3'])), 'signatures');
  assert.equal(world.refusal(agreementOf(world, { payers }, ['alice', 'farm', ...names])), 'taken');
  assert.deepEqual(names.map((name) => world.balance(name)), [0n, 0n, 0n, 0n]);
});

test('the same nonce gives one contract: of two drafts the second is refused', () => {
  const world = market();
  const cheaper = agreementOf(world, { term_ms: HOUR });
  world.submit(agreementOf(world));
  assert.equal(world.refusal(cheaper), 'exists');
  assert.equal(world.refusal(agreementOf(world, { nonce: nonce('another') })), 'taken');
});

test('ten thousand signers look each key up once, and one missing is named', () => {
  const world = market();
  const names = Array.from({ length: 10_000 }, (_, i) => `m${i}`);
  for (const name of names) world.put(`bot/${key(name)}`, { ...(identityOf(name).body as object), key: key(name) } as never);
  const body = agreementBody(world);
  const parties = names.map((name) => `bot/${key(name)}`);
  const commit = all(...body.roles.map(({ party }) => party), ...parties);
  const record = world.record(agreementOf(world, { quorums: { ...body.quorums, commit } }));
  const reads = new Map<string, number>();
  const counting = { get: (id: string) => (reads.set(id, (reads.get(id) ?? 0) + 1), world.get(id)) };
  const expected = gridRules.expected(counting, record, world.moment);
  assert.equal(expected.allowed.size, 10_003);
  for (const party of parties) assert.equal(reads.get(party), 1);
  const everybody = new Set([...names, 'alice', 'farm', 'purse'].map(key));
  expected.check(everybody);
  everybody.delete(key('m77'));
  assert.throws(() => expected.check(everybody), /10001 of 10002 signatures.*not signed by bot/);
  gridRules.apply(world, record, world.moment);
});

test('under rules 2 a commit quorum has weights, groups and signers who are really optional', () => {
  const make = (by: string[]): string => {
    const world = market({ rules: 2 });
    const body = agreementBody(world);
    const [consumer, farmer] = body.quorums.commit.members;
    if (consumer === undefined || farmer === undefined) throw new Error('two members');
    const commit: Quorum = { threshold: 3, members: [consumer, farmer, some(1, `bot/${key('farmer')}`, `node/${key('node')}`), { of: `bot/${key('other')}`, weight: 0 }] };
    return world.refusal(agreementOf(world, { quorums: { ...body.quorums, commit } }, by));
  };
  assert.equal(make(BUYERS), 'signatures');
  assert.equal(make([...BUYERS, 'other']), 'signatures');
  assert.equal(make([...BUYERS, 'farmer']), 'taken');
  assert.equal(make([...BUYERS, 'node', 'farmer']), 'taken');
  assert.equal(make([...BUYERS, 'node', 'other']), 'taken');
});

test('the keys of a big quorum are found without looking at each other', () => {
  let calls = 0;
  const parties = Array.from({ length: 10_000 }, (_, i) => `account/${i}`);
  const signers = signersOf(someOf(10_000, parties), 1, (party) => ((calls += 1), [party]));
  checkSigned(signers, new Set(parties));
  assert.equal(calls, 10_000);
});
