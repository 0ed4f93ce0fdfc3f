// Blueprints carried out on five nodes of three farms that answer over HTTP, broken off beside every effect.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { carryOut, type ApplyParts } from '../../../src/architect/plan/apply.js';
import { designOf } from '../../../src/architect/file/blueprint.js';
import { isNothing, planFor } from '../../../src/architect/plan/plan.js';
import { priced, sumsOf } from '../../../src/architect/plan/price.js';
import { Revisions, type Revision } from '../../../src/architect/plan/revisions.js';
import { standingOf, type Standing } from '../../../src/architect/plan/standing.js';
import { tokenOf, type Agreed } from '../../../src/architect/plan/token.js';
import { wishesIn, wishesOf } from '../../../src/architect/plan/wish.js';
import { testHook } from '../../../src/base/effect.js';
import { isProblem } from '../../../src/base/errors.js';
import { endContract } from '../../../src/consumer/change.js';
import type { Signer } from '../../../src/keys/ed25519.js';
import { appendSigned } from '../../../src/net/compose.js';
import { read } from '../../../src/rules/objects.js';
import type { Run } from '../../../src/schema/types.js';
import { Market, type TestBuyer } from '../../deal.js';
import { TestFarm } from '../../farms.js';

let market: Market;
let farms: TestFarm[];
let nodes: Signer[];
before(async () => {
  market = await Market.open();
  farms = [await TestFarm.open(market, { name: 'rain', cu: 120_000, nodes: [{}, {}] }), await TestFarm.open(market, { name: 'wind', cu: 110_000, nodes: [{}, {}] })];
  nodes = [market.node, ...farms.flatMap((farm) => farm.nodes)];
});
after(async () => {
  for (const one of [...farms, market]) await one[Symbol.asyncDispose]();
});
afterEach(() => void (testHook.reach = undefined));

const image = (digit: string): string => `docker.io/library/x@sha256:${digit.repeat(64)}`;

/** Twenty services: four in each of five copies, each copy on a node of its own. */
function twenty({ api = '0', cpu = 1, old = true, location = '' } = {}): string {
  const services = ['web', 'api', 'job'].map((name) => `  ${name}: {image: '${image(name === 'api' ? api : '0')}', x-3bot: {part: app}}`);
  return [
    'x-3bot:', '  term: 12h', '  parts:', `    app: {cpu: ${cpu}, memory: 1GiB, ssd: 2, nodes: 5, spread: node${location}}`,
    'services:', ...services, ...(old ? [`  old: {image: '${image('0')}', x-3bot: {part: app}}`] : []),
  ].join('\n');
}

const now = (buyer: TestBuyer): number => Math.max(Date.now(), buyer.grid.reader.lastAt);
const standing = (buyer: TestBuyer, name = 'shop'): Standing[] => standingOf(buyer.grid.reader, buyer.bot, name, now(buyer));
const revisions = (buyer: TestBuyer): Revisions => new Revisions(buyer.private, buyer.grid.id, buyer.bot);

async function plan(buyer: TestBuyer, text: string): Promise<Agreed> {
  await buyer.grid.refresh();
  const { reader } = buyer.grid;
  const design = designOf(Buffer.from(text), { file: 'shop.yaml', name: 'shop', values: new Map(), beside: null });
  const stands = standing(buyer);
  const wishes = await wishesOf(design, { reader, standing: stands, given: [], salting: () => assert.fail('no secrets'), blueprint: null, signal: new AbortController().signal, onNote: () => undefined });
  const { plan: made, deals } = await priced(buyer.parts(), planFor({ grid: buyer.grid.id, name: 'shop', wishes, network: null, standing: stands, at: now(buyer) }), stands, now(buyer));
  return { plan: made, deals };
}

function begin(buyer: TestBuyer, agreed: Agreed): Revision {
  return revisions(buyer).begin('shop', { token: tokenOf(agreed), design: 'd', origin: { from: 'shop.yaml', inputs: {} }, agreed }, now(buyer));
}

function parts(buyer: TestBuyer): ApplyParts {
  return { ...buyer.parts(), revisions: revisions(buyer), given: [], salting: () => assert.fail('no secrets'), goal: 'committed', timeout_ms: 5_000, onStep: () => undefined };
}

/** What the nodes say of all that stands: they hold it. */
async function hold(buyer: TestBuyer): Promise<void> {
  for (const { contract } of standing(buyer)) {
    const node = nodes.find(({ key }) => key === contract.agreement.node);
    if (node === undefined || contract.started_at !== null) continue;
    const body: Run = { workload: null, state: 'held', reason: null, exit_code: null, observed_ms: Date.now(), ports: [] };
    await appendSigned(market.grid, { chain: `run/${contract.id}`, kind: 'run@1', body }, [node]);
  }
  await buyer.grid.refresh();
}

const OWN = /^(revision_applied|step_|set_written|order_(accepting|farmer_signed|signed|committed)|receipt_kept)/;

/** Carries out, breaking off beside every effect of the buyer's, of a step the first two times. @returns where that was */
async function brokenOff(buyer: TestBuyer, revision: Revision): Promise<string[]> {
  const seen = new Map<string, number>();
  const broken = new Set<string>();
  for (;;) {
    seen.clear();
    testHook.reach = (point) => {
      if (!OWN.test(point)) return;
      const nth = (seen.get(point) ?? 0) + 1;
      seen.set(point, nth);
      const key = `${point} ${nth}`;
      if (nth > (point.startsWith('step_') ? 2 : 1) || broken.has(key)) return;
      broken.add(key);
      throw new Error('the process ends here');
    };
    try {
      await carryOut(parts(buyer), revision);
      return [...broken];
    } catch (thrown) {
      if (!(thrown instanceof Error) || thrown.message !== 'the process ends here') throw thrown;
      assert.equal(revisions(buyer).of('shop')[0]?.state, broken.has('revision_applied:after 1') ? 'applied' : 'applying');
    } finally {
      testHook.reach = undefined;
    }
  }
}

const money = (buyer: TestBuyer): bigint => standing(buyer).reduce((sum, { escrow_stroops }) => sum + escrow_stroops, 0n);
const facts = (buyer: TestBuyer): unknown => standing(buyer).map(({ part, generation, resources, contract: { workloads } }) => ({ part, generation, resources, services: workloads.map((one) => `${one.name} ${one.image}`) }));

test('twenty services on five nodes: broken off beside every effect, it is what one undisturbed apply makes', async () => {
  const [ann, bob] = [await market.buyer('ann'), await market.buyer('bob')];
  const agreed = await plan(ann, twenty());
  await carryOut(parts(ann), begin(ann, agreed));
  assert.equal(standing(ann).length, 5);
  assert.equal(standing(ann).flatMap(({ contract }) => contract.workloads).length, 20);
  assert.equal(new Set(standing(ann).map(({ contract }) => contract.agreement.node)).size, 5);
  assert.equal(money(ann), sumsOf(agreed, []).pays, 'what was shown is in escrow, to the unit');

  const points = await brokenOff(bob, begin(bob, await plan(bob, twenty())));
  for (const name of ['set_written', 'order_accepting', 'order_farmer_signed', 'order_signed', 'order_committed', 'receipt_kept', 'revision_applied']) {
    for (const when of ['before', 'after']) assert.ok(points.includes(`${name}:${when} 1`), `${name}:${when} was reached`);
  }
  assert.deepEqual(facts(bob), facts(ann));
  assert.equal(money(bob), money(ann));
  for (const buyer of [ann, bob]) assert.ok(isNothing((await plan(buyer, twenty())).plan));

  // One service is another, one goes, all parts get another processor.
  for (const buyer of [ann, bob]) await hold(buyer);
  const after = twenty({ api: '1', cpu: 2, old: false });
  await carryOut(parts(ann), begin(ann, await plan(ann, after)));
  const changes = await brokenOff(bob, begin(bob, await plan(bob, after)));
  for (const name of ['step_amend', 'step_workloads']) for (const when of ['before', 'after']) assert.equal(changes.filter((one) => one.startsWith(`${name}:${when} `)).length, 2, `${name}:${when} of two parts`);
  assert.deepEqual(facts(bob), facts(ann));
  assert.ok(isNothing((await plan(bob, after)).plan));
  assert.equal(bob.grid.reader.objects('contract/', 100).filter(({ value }) => (value as { agreement: { by: string } }).agreement.by === bob.bot).length, 5, 'no contract too many');

  // The revision before, as it was kept, is wanted again.
  const first = revisions(bob).of('shop').find(({ revision }) => revision === 1);
  const back = planFor({ grid: bob.grid.id, name: 'shop', wishes: wishesIn(first?.agreed.plan ?? assert.fail('kept')), network: null, standing: standing(bob), at: now(bob) });
  assert.deepEqual(back.parts.map(({ action, services }) => [action, services.map((one) => `${one.change} ${one.name}`).join()]), Array(5).fill(['change', 'keep web,change api,keep job,add old']));
  for (const buyer of [ann, bob]) for (const { contract } of standing(buyer)) await endContract(buyer.grid, buyer.test.identity, contract.id, '');
});

test('what cannot be changed where it is: the new contract first, the old one ends last, also broken off', async () => {
  const buyer = await market.buyer('cid');
  const one = (farm: string): string => `x-3bot: {term: 1h, parts: {main: {cpu: 1, memory: 1GiB, ssd: 1, farm: ${farm}}}}\nservices:\n  web: {image: '${image('0')}'}`;
  await carryOut(parts(buyer), begin(buyer, await plan(buyer, one('rain'))));
  const before = standing(buyer)[0]?.contract.id ?? '';
  await brokenOff(buyer, begin(buyer, await plan(buyer, one('wind'))));
  assert.deepEqual(standing(buyer).map(({ part, generation, contract }) => [part, generation, contract.agreement.order, contract.agreement.farm]), [['main', 2, 'shop/main.2', farms[1]?.id]]);
  assert.equal(read(buyer.grid.reader, 'contract', before)?.settled?.reason, 'cancelled');
  assert.ok(isNothing((await plan(buyer, one('wind'))).plan));
});

test('a price that is another one by then is refused before anything is done', async () => {
  const buyer = await market.buyer('dan');
  const agreed = await plan(buyer, twenty());
  const cheaper = { ...agreed, deals: agreed.deals.map((deal, i) => (i === 4 ? { ...deal, total_stroops: (BigInt(deal.total_stroops) - 1n).toString() } : deal)) };
  await assert.rejects(carryOut(parts(buyer), begin(buyer, cheaper)), (thrown) => isProblem(thrown, 'refused', 'plan') && /nothing is changed/.test(thrown.message));
  await buyer.grid.refresh();
  assert.deepEqual(standing(buyer), []);
  const [last] = revisions(buyer).of('shop');
  assert.equal(last?.state, 'failed');
  assert.match(last?.reason ?? '', /app-5 costs more than was agreed/);
});
