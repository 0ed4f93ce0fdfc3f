// Random histories, honest and hostile, through the rules as a whole: what must hold of money and capacity whatever happens.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isProblem } from '../../src/base/errors.js';
import { totalStroops } from '../../src/capacity/price.js';
import { freeCapacity } from '../../src/rules/node.js';
import { read, readGrid } from '../../src/rules/objects.js';
import { periodOf, viewOf } from '../../src/rules/view.js';
import type { Agreement } from '../../src/schema/types.js';
import { agreementOf, amendOf, announcementOf, claimOf, contractId, endOf, farmOf, farmSays, fundOf, gib, heldOf, HOUR, identityOf, key, market, NODE_METER, nonce, noticeOf, runOf, seenBy, statusOf, web, type Submission, type World } from './world.js';

const NAMES = ['purse', 'bob', 'payout', 'alice'];
const SIGNERS = [...NAMES, 'farm', 'farmer', 'node', 'other', 'log'];

const person = fc.constantFrom(...NAMES);
const amount = fc.oneof(fc.bigInt(0n, 30n), fc.bigInt(0n, 11_000_000_000n), fc.constant(2n ** 63n - 1n));
const DEALS = ['d0', 'd1', 'd2', 'd3'];
const deal = fc.constantFrom(...DEALS);
/** Who signs: nobody extra, or a random crowd in place of the right ones. */
const hostile = fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.subarray(SIGNERS) });

const METERS: Agreement['meter'][] = [null, NODE_METER, { by: `bot/${key('other')}`, heartbeat_ms: HOUR }];

const BURN = { account: null, role: 'burn', share_ppm: 10_001 } as const;
/** What an agreement may say of discounts. */
const DISCOUNTS: Pick<Agreement, 'discounts'>[] = [{}, {}, { discounts: [{ name: 'deal', ppm: 200_000 }] }, { discounts: [{ name: 'deal', ppm: 333_333 }, { name: 'length', ppm: 1 }] }];

type Step = { wait: number; by: string[] | null; make: (world: World) => Submission };

const agreement = fc
  .record({ deal, payers: fc.uniqueArray(fc.constantFrom('purse', 'bob', 'payout'), { minLength: 1, maxLength: 3 }), cpu: fc.integer({ min: 0, max: 9 }), hours: fc.integer({ min: 1, max: 2_000 }), share: fc.integer({ min: 0, max: 1_000_000 }), meter: fc.constantFrom(...METERS), notice_ms: fc.constantFrom(0, HOUR, 50 * HOUR), minimum: fc.bigInt(0n, 1_000_000n), discounts: fc.constantFrom(...DISCOUNTS), extra: fc.constantFrom(0n, 0n, 0n, 0n, 1n, -1n) })
  .map(({ deal: name, payers: names, cpu, hours, share, minimum, extra, meter, notice_ms, discounts }) => (world: World): Submission => {
    const { rules, shares = [] } = readGrid(world);
    const later = rules >= 2 ? { meter, notice_ms, ...discounts } : {};
    const terms = { ...later, nonce: nonce(name), provision_by_ms: 6 * HOUR, resources: gib(cpu, cpu, 10), term_ms: hours * HOUR, grace_ms: 2 * HOUR, minimum_stroops: minimum.toString() };
    const { body } = agreementOf(world, terms);
    const total = BigInt((body as Agreement).total_stroops);
    const part = total / BigInt(names.length);
    const amounts = names.map((_, i) => (i === 0 ? total - part * BigInt(names.length - 1) + extra : part));
    const payers = names.map((account, i) => ({ account: key(account), amount_stroops: (amounts[i] ?? 0n).toString().replace('-', '') }));
    const left = 1_000_000 - shares.reduce((all, { share_ppm }) => all + share_ppm, 0);
    const architect = Math.min(share, left);
    const payees: Agreement['payees'] = [{ account: key('bob'), role: 'architect', share_ppm: architect }, { account: key('payout'), role: 'farmer', share_ppm: left - architect }, ...shares];
    return agreementOf(world, { ...terms, payers, payees }, ['alice', 'farm', ...names]);
  });

/** Governance takes of contracts from now on: nothing, or for itself, or for nobody. */
const policy = fc.constantFrom([], [BURN], [{ account: key('alice'), role: 'grid', share_ppm: 20_003 }, BURN]).map((shares) => (): Submission => ({ chain: 'grid', kind: 'policy@1', body: { rules: 2, ...(shares.length === 0 ? {} : { shares }) }, by: ['governor'] }));

const transfer = fc.record({ from: person, chain: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: person }), to: person, amount }).map(({ from, chain, to, amount: stroops }) => (): Submission => ({
  chain: `account/${key(chain ?? from)}`, kind: 'transfer@1', body: { payers: [{ account: key(from), amount_stroops: stroops.toString() }], to: key(to), memo: '' }, by: [chain ?? from],
}));

const faucet = fc.record({ name: person }).map(({ name }) => (world: World): Submission => ({ chain: `account/${key(name)}`, kind: 'faucet@1', body: { amount_stroops: readGrid(world).faucet_stroops }, by: [name] }));
const run = fc.record({ deal, state: fc.constantFrom('held', 'held', 'running', 'failed', 'released'), whole: fc.boolean() }).map(({ deal: name, state, whole }) => (world: World): Submission => runOf(world, state, state === 'held' || whole ? null : 'web', name));
const end = fc.record({ deal, by: fc.constantFrom('alice', 'alice', 'farm') }).map(({ deal: name, by }) => (world: World): Submission => endOf(world, [by], name));
const fault = deal.map((name) => (world: World): Submission => endOf(world, ['alice'], name, { fault: true }));
const held = deal.map((name) => (world: World): Submission => heldOf(world, name));
const status = fc.record({ by: fc.constantFrom('node', 'node', 'node', 'other'), old: fc.integer({ min: 0, max: 3 }) }).map(({ by, old }) => (world: World): Submission => statusOf(world, by, { ...seenBy(world), size: Math.max(0, world.index - old) }));
const claim = fc.record({ deal, by: fc.constantFrom('bob', 'payout') }).map(({ deal: name, by }) => (world: World): Submission => claimOf(world, by, name));
const notice = deal.map((name) => (world: World): Submission => noticeOf(world, ['farm'], name));
const fund = fc.record({ deal, by: fc.constantFrom('purse', 'bob', 'payout'), ms: fc.integer({ min: 1_000, max: 300 * HOUR }), extra: fc.constantFrom(0n, 0n, 0n, 1n) }).map(({ deal: name, by, ms, extra }) => (world: World): Submission => fundOf(world, ms, fundPrice(world, name, ms) + extra, by, name));
const amend = fc.record({ deal, cpu: fc.integer({ min: 0, max: 8 }), sru: fc.integer({ min: 10, max: 60 }), hours: fc.integer({ min: 1, max: 2_000 }), payment: amount }).map(({ deal: name, cpu, sru, hours, payment }) => (world: World): Submission => amendOf(world, { resources: gib(cpu, cpu, sru), term_ms: hours * HOUR }, payment, undefined, name));

/** What funding a contract costs now. */
function fundPrice(world: World, name: string, ms: number): bigint {
  const contract = read(world, 'contract', contractId(world, name));
  const period = contract === undefined ? null : periodOf(contract);
  if (contract === undefined || period === null) return 1n;
  const price = (term_ms: number): bigint => totalStroops(period.resources, period.prices, term_ms, period.discounts);
  return viewOf(world, contract, world.at).state === 'active' ? price(period.term_ms + ms) - price(period.term_ms) : price(ms);
}
const workload = fc.record({ deal }).map(({ deal: name }) => (world: World): Submission => ({ ...endOf(world, ['alice'], name), kind: 'workload@1', body: { workloads: [web('web')] } }));
const farm = fc.constantFrom(
  (world: World): Submission => farmSays(world, 'retire@1'),
  (world: World): Submission => farmSays(world, 'admit@1'),
  (world: World): Submission => announcementOf(world),
  (world: World): Submission => farmOf(world, {}, ['farm']),
  (): Submission => identityOf('bob'),
);

/** A market with three contracts in force: paid by two, with payees of odd shares, some of it burned, of every kind of meter. */
function busy(): World {
  const world = market({ rules: 2 });
  world.submit({ chain: 'grid', kind: 'policy@1', body: { rules: 2, shares: [BURN] }, by: ['governor'] });
  for (const [i, meter] of METERS.entries()) {
    const terms = { nonce: nonce(`d${i}`), meter, resources: gib(1, 1, 10), term_ms: 100 * HOUR, grace_ms: 20 * HOUR, notice_ms: 50 * HOUR, minimum_stroops: '1000' };
    const payers = [{ account: key('purse'), amount_stroops: '3333334' }, { account: key('bob'), amount_stroops: '1916666' }];
    const payees: Agreement['payees'] = [{ account: key('payout'), role: 'farmer', share_ppm: 656_666 }, { account: key('bob'), role: 'architect', share_ppm: 333_333 }, BURN];
    if (i === 0) world.submit({ chain: `account/${key('bob')}`, kind: 'faucet@1', body: { amount_stroops: readGrid(world).faucet_stroops }, by: ['bob'] });
    world.submit(agreementOf(world, { ...terms, payers, payees }, ['alice', 'farm', 'purse', 'bob']));
    world.submit(heldOf(world, `d${i}`));
  }
  return world;
}

const first: fc.Arbitrary<Step['make']>[] = [agreement, agreement, agreement, run, run, end, end, transfer, transfer, faucet, workload, farm];
const later: fc.Arbitrary<Step['make']>[] = [agreement, agreement, policy, held, run, end, transfer, faucet, status, status, status, claim, claim, fund, fund, amend, amend, notice, fault];
const stepOf = (makes: readonly fc.Arbitrary<Step['make']>[], longest: number): fc.Arbitrary<Step> => fc.record({
  wait: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.integer({ min: 0, max: HOUR }) }, { weight: 2, arbitrary: fc.integer({ min: HOUR, max: 1.5 * HOUR }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: longest }) }),
  by: hostile,
  make: fc.oneof(...makes),
});

function balances(world: World): Map<string, bigint> {
  return new Map([...world.objects].filter(([id]) => id.startsWith('account/')).map(([id, object]) => [id, BigInt(object['balance_stroops'] as string)]));
}

const sum = (world: World, prefix: string, field: string): bigint => [...world.objects].filter(([id]) => id.startsWith(prefix)).reduce((total, [, object]) => total + BigInt(object[field] as string), 0n);

const BURNING = new Set(['end@1', 'claim@1', 'amend@1', 'fund@1']);

/** Takes a step and checks what must hold after any. @returns whether it was taken */
function checkedStep(world: World, { wait, by, make }: Step): boolean {
  world.at += wait;
  const before = balances(world);
  const text = JSON.stringify([...world.objects]);
  const supply = BigInt(readGrid(world).supply_stroops);
  const submission = make(world);
  const signers = by ?? submission.by;
  let taken = true;
  try {
    world.submit({ ...submission, by: signers });
  } catch (thrown) {
    if (!isProblem(thrown, 'refused') && !isProblem(thrown, 'malformed')) throw thrown;
    assert.equal(JSON.stringify([...world.objects]), text, 'a refusal changes nothing');
    taken = false;
  }
  const { supply_stroops, max_supply_stroops } = readGrid(world);
  assert.equal(world.money, BigInt(supply_stroops), 'balances and escrows are what exists');
  assert.ok(BigInt(supply_stroops) <= BigInt(max_supply_stroops));
  const made = BigInt(supply_stroops) - supply;
  assert.ok(made === 0n || (made > 0n && submission.kind === 'faucet@1') || (made < 0n && BURNING.has(submission.kind)), 'only the faucet makes money, and only what pays payees burns it');
  assert.equal(sum(world, 'account/', 'escrowed_stroops'), sum(world, 'contract/', 'escrow_stroops'), 'accounts know what contracts hold');
  const { payers = [] } = submission.body as { payers?: { account: string; amount_stroops: string }[] };
  for (const [id, balance] of balances(world)) {
    assert.ok(balance >= 0n);
    const lost = (before.get(id) ?? 0n) - balance;
    if (lost <= 0n) continue;
    const payer = payers.find(({ account }) => `account/${account}` === id);
    assert.ok(payer !== undefined, 'a balance falls only where its account is listed to pay');
    // Who funds or amends may be a payee, or get back what was not needed, in the same record.
    const listed = BigInt(payer.amount_stroops);
    assert.ok(submission.kind === 'fund@1' || submission.kind === 'amend@1' ? lost <= listed : lost === listed, 'and by what is listed');
    assert.ok(signers.map(key).includes(payer.account), 'and its own key signed');
  }
  checkContracts(world);
  assert.ok(Object.values<number>({ ...freeCapacity(world.node(), world.at) }).every((left) => left >= 0), 'nothing is sold twice');
  return taken;
}

/** What each contract's view promises: its parts add up, and none is less than nothing. */
function checkContracts(world: World): void {
  for (const id of [...world.objects.keys()].filter((object) => object.startsWith('contract/'))) {
    const contract = world.contract(id.slice('contract/'.length));
    const seen = viewOf(world, contract, world.at);
    assert.equal(seen.due_stroops + seen.open_stroops + seen.refundable_stroops, seen.escrow_stroops);
    for (const part of [seen.billed_stroops, seen.due_stroops, seen.open_stroops, seen.refundable_stroops, seen.remaining_stroops]) assert.ok(part >= 0n, `${id}: ${JSON.stringify(seen, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v))}`);
    assert.ok(contract.agreement.meter === null || seen.billed_stroops >= BigInt(contract.agreement.minimum_stroops) || seen.period === null);
  }
}

/** Ends every contract at last: nobody's money stays in it. */
function endAll(world: World): void {
  world.at += 1_000_000 * HOUR;
  for (const name of DEALS) {
    const contract = read(world, 'contract', contractId(world, name));
    if (contract?.settled === null) checkedStep(world, { wait: 0, by: null, make: () => endOf(world, ['farm'], name) });
    assert.equal(read(world, 'contract', contractId(world, name))?.escrow_stroops ?? '0', '0');
  }
  for (const name of NAMES) assert.equal(world.account(name).escrowed_stroops, '0');
}

for (const [rules, begin, steps, longest, kinds] of [
  [1, market, first, 1_000 * HOUR, ['agreement@1', 'end@1', 'run@1', 'transfer@1', 'faucet@1']],
  [2, busy, later, 70 * HOUR, ['agreement@1', 'end@1', 'run@1', 'transfer@1', 'faucet@1', 'status@1', 'claim@1', 'fund@1', 'amend@1', 'notice@1', 'policy@1']],
] as const) {
  test(`whatever is submitted under rules ${rules}: money is conserved, nobody pays unasked, nothing is sold twice`, () => {
    const taken = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(stepOf(steps, longest), { minLength: 20, maxLength: 80, size: 'max' }), (history) => {
        const world = begin();
        for (const each of history) {
          const { kind } = each.make(world);
          if (checkedStep(world, each)) taken.set(kind, (taken.get(kind) ?? 0) + 1);
        }
        endAll(world);
      }),
      { numRuns: 120 },
    );
    for (const kind of kinds) assert.ok((taken.get(kind) ?? 0) > 5, `${kind} was taken often enough to say something: ${taken.get(kind) ?? 0}`);
  });
}
