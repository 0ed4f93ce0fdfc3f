import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNothing, planFor, type NetworkWish, type PartWish, type Plan } from '../../../src/architect/plan/plan.js';
import type { Standing } from '../../../src/architect/plan/standing.js';
import { stepsOf } from '../../../src/architect/plan/steps.js';
import { changesSince, tokenOf, type Deal } from '../../../src/architect/plan/token.js';
import { gib, HOUR } from '../../deal.js';
import { AT, FARMS, service, stands, wish } from './scene.js';

const NETWORK: NetworkWish = { id: 'n'.repeat(40), name: 'shop', subnet: '10.7.0.0/16', make: true, taken: ['10.7.0.2'] };

function plan(wishes: readonly PartWish[], standing: readonly Standing[] = [], network: NetworkWish | null = null): Plan {
  return planFor({ grid: 'g', name: 'shop', wishes, standing, network, at: AT });
}

const actions = ({ parts }: Plan): string[] => parts.map(({ part, action, order }) => `${action} ${order ?? part}`);
const steps = (made: Plan): string[] => stepsOf(made).map((step) => [step.do, ...('parts' in step ? step.parts : 'part' in step ? [step.part] : [])].join(' '));

test('nothing stands: all parts are ordered together, after their network', () => {
  const made = plan([wish('db'), wish('web')], [], NETWORK);
  assert.deepEqual(actions(made), ['add shop/db', 'add shop/web']);
  assert.deepEqual(steps(made), ['network', 'order db web', 'wait db', 'wait web']);
  assert.deepEqual(made.parts.map(({ wanted }) => wanted?.workloads[0]?.network), [{ id: NETWORK.id, address: '10.7.0.3' }, { id: NETWORK.id, address: '10.7.0.4' }]);
});

test('what stands as it is wanted is left alone', () => {
  const made = plan([wish('db'), wish('web')], [stands('shop', wish('db')), stands('shop', wish('web'))]);
  assert.deepEqual(actions(made), ['keep shop/db', 'keep shop/web']);
  assert.ok(isNothing(made));
  assert.deepEqual(steps(made), []);
});

test('a part that is missing is ordered, another one is left alone, a third one is ended', () => {
  const made = plan([wish('db'), wish('web')], [stands('shop', wish('db')), stands('shop', wish('old'))]);
  assert.deepEqual(actions(made), ['keep shop/db', 'add shop/web', 'end old']);
  assert.deepEqual(steps(made), ['order web', 'wait web', 'end old']);
});

test('services are replaced where they are, one part after the other, each waited for', () => {
  const before = [wish('db'), wish('web')];
  const after = [wish('db', { wanted: { workloads: [service('db-service', { command: ['sleep', '2'] })] } }), wish('web', { wanted: { workloads: [service('web-service'), service('second')] } })];
  const made = plan(after, before.map((one) => stands('shop', one)));
  assert.deepEqual(actions(made), ['change shop/db', 'change shop/web']);
  assert.deepEqual(made.parts[0]?.services, [{ name: 'db-service', change: 'change', runs: 'sleep 2', fields: [{ field: 'command', from: 'sleep 1000', to: 'sleep 2' }] }]);
  assert.deepEqual(made.parts[1]?.services.map(({ name, change }) => `${change} ${name}`), ['keep web-service', 'add second']);
  assert.deepEqual(steps(made), ['workloads db', 'wait db', 'workloads web', 'wait web']);
});

test('resources and a longer term are amended before any service is touched', () => {
  const made = plan([wish('db', { wanted: { resources: gib(2, 1, 20), workloads: [service('db-service', { env: [{ name: 'A', value: '1' }] })] } })], [stands('shop', wish('db'))]);
  assert.deepEqual(made.parts[0]?.fields.map(({ field, from, to }) => `${field} ${from} ${to}`), ['cpu 1 2', 'ssd 10 GiB 20 GiB', 'term 30 days 30 days from now on']);
  assert.deepEqual(steps(made), ['amend db', 'workloads db', 'wait db']);
});

test('a shorter term takes nothing back, a longer one is bought, and what is paused goes on', () => {
  const standing = stands('shop', wish('db'));
  assert.ok(isNothing(plan([wish('db', { wanted: { term_ms: HOUR } })], [standing])));
  assert.deepEqual(steps(plan([wish('db', { wanted: { term_ms: 2_000 * HOUR } })], [standing])), ['amend db', 'wait db']);
  assert.deepEqual(steps(plan([wish('db')], [stands('shop', wish('db'), { state: 'paused' })])), ['amend db', 'wait db']);
});

const MOVES: readonly (readonly [what: string, wish: PartWish, standing: Standing, why: RegExp])[] = [
  ['another farm', wish('db', { wanted: { farm: FARMS[1] ?? '' } }), stands('shop', wish('db')), /farm cannot be changed/],
  ['another node', wish('db', { wanted: { node: 'f'.repeat(64) } }), stands('shop', wish('db')), /node cannot be changed/],
  ['another place', wish('db', { wanted: { location: 'be' } }), stands('shop', wish('db')), /not in be/],
  ['commands within', wish('db', { wanted: { exec: true } }), stands('shop', wish('db')), /commands within workloads cannot be changed/],
  ['another retention', wish('db', { wanted: { retention_ms: 0 } }), stands('shop', wish('db')), /retention cannot be changed/],
  ['a smaller disk', wish('db', { wanted: { resources: gib(1, 1, 5) } }), stands('shop', wish('db')), /never shrinks/],
  ['more than its node has left', wish('db', { wanted: { resources: gib(9, 1, 10) } }), stands('shop', wish('db')), /no room/],
  ['another runtime', wish('db', { wanted: { workloads: [service('db-service', { image: `docker.io/x@sha256:${'0'.repeat(64)}` })] } }), stands('shop', wish('db')), /runs process, not podman/],
  ['an image for another platform', wish('db', { wanted: { platforms: ['linux/arm64'] } }), stands('shop', wish('db')), /linux\/amd64/],
  ['a web name without a gateway', wish('db', { wanted: { workloads: [service('db-service', { web: [{ host: 'shop', port: 80 }], ports: [{ container: 80, protocol: 'tcp' }] })] } }), stands('shop', wish('db')), /no gateway/],
  ['a longer notice', wish('db', { wanted: { notice_ms: HOUR } }), stands('shop', wish('db'), { agreement: { notice_ms: 1 } }), /notice/],
];
for (const [what, one, standing, why] of MOVES) {
  test(`${what} takes a new contract, and the old one ends when the new one works`, () => {
    const made = plan([one], [standing]);
    assert.deepEqual(actions(made), ['replace shop/db.2']);
    assert.match(made.parts[0]?.why.join('; ') ?? '', why);
    assert.deepEqual(steps(made), ['order db', 'wait db', 'end db']);
  });
}

test('after a break between the new contract and the end of the old one only that end is left', () => {
  const moved = wish('db', { wanted: { farm: FARMS[1] ?? '' } });
  const made = plan([moved], [stands('shop', moved, { generation: 2, farm: 1 }), stands('shop', wish('db'))]);
  assert.deepEqual(actions(made), ['keep shop/db.2', 'end db']);
  assert.equal(made.parts[1]?.contract, stands('shop', wish('db')).contract.id);
});

test('copies that are to be apart and are not are moved, the first one stays', () => {
  const copies = ['web', 'web-2', 'web-3'].map((name) => wish(name, { group: 'web', spread: 'farm' }));
  const made = plan(copies, copies.map((one, i) => stands('shop', one, { farm: i === 1 ? 0 : i })));
  assert.deepEqual(actions(made), ['keep shop/web', 'replace shop/web-2.2', 'keep shop/web-3']);
});

test('a service keeps its address in the network, and a new one gets the lowest that is free', () => {
  const there = { ...NETWORK, make: false };
  const standing = stands('shop', wish('db', { wanted: { workloads: [service('db-service', { network: { id: there.id, address: '10.7.0.9' } })] } }));
  const made = plan([wish('db', { wanted: { workloads: [service('new'), service('db-service')] } })], [{ ...standing, node: { ...(standing.node as NonNullable<Standing['node']>), announcement: { ...(standing.node as NonNullable<Standing['node']>).announcement, features: ['wireguard'] } } }], there);
  assert.deepEqual(made.parts[0]?.wanted?.workloads.map(({ network }) => network?.address), ['10.7.0.3', '10.7.0.9']);
});

test('the same book and file give the same token; anything that counts gives another, and is named', () => {
  const deal: Deal = { part: 'db', farm: 'f', farm_name: 'sunny', node: 'n'.repeat(64), per_hour_stroops: '5', total_stroops: '100', pays_stroops: '100' };
  const shown = { plan: plan([wish('db')], [stands('shop', wish('db', { wanted: { resources: gib(2, 1, 10) } }))]), deals: [deal] };
  const again = { plan: plan([wish('db')], [stands('shop', wish('db', { wanted: { resources: gib(2, 1, 10) } }))]), deals: [{ ...deal, pays_stroops: '99' }] };
  assert.equal(tokenOf(shown), tokenOf(again));
  assert.deepEqual(changesSince(shown, again), []);
  const others: readonly (readonly [typeof shown, RegExp])[] = [
    [{ ...shown, deals: [{ ...deal, total_stroops: '101' }] }, /db: it costs 0\.0000101 TFT, not 0\.0000100 TFT/],
    [{ ...shown, deals: [{ ...deal, node: 'm'.repeat(64) }] }, /db: it would be at sunny, node mmmmmmmm/],
    [{ ...shown, plan: plan([wish('db')], [{ ...stands('shop', wish('db', { wanted: { resources: gib(2, 1, 10) } })), head: 'later' }]) }, /db: something was recorded/],
    [{ ...shown, plan: plan([wish('db', { wanted: { resources: gib(3, 1, 10) } })], [stands('shop', wish('db', { wanted: { resources: gib(2, 1, 10) } }))]) }, /db: what is wanted/],
    [{ ...shown, plan: plan([wish('db'), wish('web')], [stands('shop', wish('db', { wanted: { resources: gib(2, 1, 10) } }))]) }, /web is concerned/],
    [{ ...shown, plan: plan([wish('db')]) }, /db: change was shown, add it would be now/],
  ];
  for (const [other, what] of others) {
    assert.notEqual(tokenOf(other), tokenOf(shown));
    assert.match(changesSince(shown, other).join('; '), what);
  }
});
