// Random histories, honest and hostile, through the rules as a whole: what must hold of money and capacity whatever happens.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isProblem } from '../../src/base/errors.js';
import { freeCapacity } from '../../src/rules/node.js';
import { readGrid } from '../../src/rules/objects.js';
import type { Agreement } from '../../src/schema/types.js';
import { agreementOf, announcementOf, endOf, farmOf, farmSays, gib, HOUR, identityOf, key, market, nonce, runOf, web, type Submission, type World } from './world.js';

const NAMES = ['purse', 'bob', 'payout', 'alice'];
const SIGNERS = [...NAMES, 'farm', 'farmer', 'node', 'other', 'log'];

const person = fc.constantFrom(...NAMES);
const amount = fc.oneof(fc.bigInt(0n, 30n), fc.bigInt(0n, 11_000_000_000n), fc.constant(2n ** 63n - 1n));
const deal = fc.constantFrom('d0', 'd1', 'd2');
/** Who signs: nobody extra, or a random crowd in place of the right ones. */
const hostile = fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.subarray(SIGNERS) });

type Step = { wait: number; by: string[] | null; make: (world: World) => Submission };

const agreement = fc
  .record({ deal, payers: fc.uniqueArray(fc.constantFrom('purse', 'bob', 'payout'), { minLength: 1, maxLength: 3 }), cpu: fc.integer({ min: 0, max: 9 }), hours: fc.integer({ min: 1, max: 2_000 }), share: fc.integer({ min: 0, max: 1_000_000 }), minimum: fc.bigInt(0n, 1_000_000n), extra: fc.constantFrom(0n, 0n, 0n, 0n, 1n, -1n) })
  .map(({ deal: name, payers: names, cpu, hours, share, minimum, extra }) => (world: World): Submission => {
    const terms = { nonce: nonce(name), provision_by_ms: 6 * HOUR, resources: gib(cpu, cpu, 10), term_ms: hours * HOUR, grace_ms: 2 * HOUR, minimum_stroops: minimum.toString() };
    const { body } = agreementOf(world, terms);
    const total = BigInt((body as Agreement).total_stroops);
    const part = total / BigInt(names.length);
    const amounts = names.map((_, i) => (i === 0 ? total - part * BigInt(names.length - 1) + extra : part));
    const payers = names.map((account, i) => ({ account: key(account), amount_stroops: (amounts[i] ?? 0n).toString().replace('-', '') }));
    const payees: Agreement['payees'] = [{ account: key('bob'), role: 'architect', share_ppm: share }, { account: key('payout'), role: 'farmer', share_ppm: 1_000_000 - share }];
    return agreementOf(world, { ...terms, payers, payees }, ['alice', 'farm', ...names]);
  });

const transfer = fc.record({ from: person, chain: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: person }), to: person, amount }).map(({ from, chain, to, amount: stroops }) => (): Submission => ({
  chain: `account/${key(chain ?? from)}`, kind: 'transfer@1', body: { payers: [{ account: key(from), amount_stroops: stroops.toString() }], to: key(to), memo: '' }, by: [chain ?? from],
}));

const faucet = fc.record({ name: person }).map(({ name }) => (world: World): Submission => ({ chain: `account/${key(name)}`, kind: 'faucet@1', body: { amount_stroops: readGrid(world).faucet_stroops }, by: [name] }));
const run = fc.record({ deal, state: fc.constantFrom('held', 'held', 'running', 'failed', 'released'), whole: fc.boolean() }).map(({ deal: name, state, whole }) => (world: World): Submission => runOf(world, state, state === 'held' || whole ? null : 'web', name));
const end = fc.record({ deal, by: fc.constantFrom('alice', 'alice', 'farm') }).map(({ deal: name, by }) => (world: World): Submission => endOf(world, [by], name));
const workload = fc.record({ deal }).map(({ deal: name }) => (world: World): Submission => ({ ...endOf(world, ['alice'], name), kind: 'workload@1', body: { workloads: [web('web')] } }));
const farm = fc.constantFrom(
  (world: World): Submission => farmSays(world, 'retire@1'),
  (world: World): Submission => farmSays(world, 'admit@1'),
  (world: World): Submission => announcementOf(world),
  (world: World): Submission => farmOf(world, {}, ['farm']),
  (): Submission => identityOf('bob'),
);

const step: fc.Arbitrary<Step> = fc.record({
  wait: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.integer({ min: 0, max: HOUR }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 1_000 * HOUR }) }),
  by: hostile,
  make: fc.oneof({ weight: 4, arbitrary: agreement }, { weight: 3, arbitrary: run }, { weight: 3, arbitrary: end }, { weight: 2, arbitrary: transfer }, faucet, workload, farm),
});

function balances(world: World): Map<string, bigint> {
  return new Map([...world.objects].filter(([id]) => id.startsWith('account/')).map(([id, object]) => [id, BigInt(object['balance_stroops'] as string)]));
}

const sum = (world: World, prefix: string, field: string): bigint => [...world.objects].filter(([id]) => id.startsWith(prefix)).reduce((total, [, object]) => total + BigInt(object[field] as string), 0n);

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
  assert.ok(BigInt(supply_stroops) === supply || submission.kind === 'faucet@1', 'only the faucet makes money');
  assert.equal(sum(world, 'account/', 'escrowed_stroops'), sum(world, 'contract/', 'escrow_stroops'), 'accounts know what contracts hold');
  const { payers = [] } = submission.body as { payers?: { account: string; amount_stroops: string }[] };
  for (const [id, balance] of balances(world)) {
    assert.ok(balance >= 0n);
    const lost = (before.get(id) ?? 0n) - balance;
    if (lost <= 0n) continue;
    const payer = payers.find(({ account }) => `account/${account}` === id);
    assert.ok(payer !== undefined && lost === BigInt(payer.amount_stroops), 'a balance falls by what its account is listed to pay');
    assert.ok(signers.map(key).includes(payer.account), 'and its own key signed');
  }
  assert.ok(Object.values<number>({ ...freeCapacity(world.node(), world.at) }).every((left) => left >= 0), 'nothing is sold twice');
  return taken;
}

test('whatever is submitted: money is conserved, nobody pays unasked, nothing is sold twice', () => {
  const taken = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }), (steps) => {
      const world = market();
      for (const each of steps) {
        const { kind } = each.make(world);
        if (checkedStep(world, each)) taken.set(kind, (taken.get(kind) ?? 0) + 1);
      }
    }),
    { numRuns: 150 },
  );
  for (const kind of ['agreement@1', 'end@1', 'run@1', 'transfer@1', 'faucet@1']) {
    assert.ok((taken.get(kind) ?? 0) > 20, `${kind} was taken often enough to say something: ${taken.get(kind) ?? 0}`);
  }
});
