import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_ALLOCATIONS } from '../../src/base/limits.js';
import { decide, judged, type Decision } from '../../src/farmer/decide.js';
import type { Policy } from '../../src/farmer/policy/policy.js';
import type { Shop } from '../../src/farmer/shop.js';
import type { FarmObject, NodeObject } from '../../src/rules/objects.js';
import type { Announcement, TalkRequest, Workload } from '../../src/schema/types.js';
import { gib, HOUR } from '../deal.js';

const AT = Date.UTC(2026, 0, 1);
const hex = (digits: string): string => digits.repeat(64 / digits.length);
const PRICES = { cu_stroops: '100000', su_stroops: '50000', nu_stroops: '15000', ipv4_stroops: '40000' };
const FARM: FarmObject = { id: 'f'.repeat(40), by: hex('1'), nonce: '0'.repeat(32), owner: `bot/${hex('1')}`, farm_key: hex('2'), sealing_key: hex('3'), endpoint: null, payout: hex('4'), name: 'sunny', place: '', prices: null };
const POLICY: Policy = { allow_registries: ['localhost'], allow_consumers: null, deny_consumers: [], max_term_ms: 1_000 * HOUR };
const IMAGE = `docker.io/library/web@sha256:${hex('a')}`;

function node(key: string, more: Partial<NodeObject> = {}, announced: Partial<Announcement> = {}): NodeObject {
  const announcement: Announcement = {
    farm: FARM.id, declared: false, capacity: gib(8, 16, 500), host_share: gib(0, 0, 0), devices: [], platform: 'linux/amd64', runtime: 'podman', features: [],
    virtualised: false, location: { country: null, region: null }, address: null, sealing_key: hex('5'), ...announced,
  };
  return { key: hex(key), farm: FARM.id, admitted: FARM.id, announcement, allocations: [], ...more };
}

function request(more: Partial<TalkRequest> = {}): TalkRequest {
  return {
    nonce: '0'.repeat(32), consumer: hex('c'), payers: [hex('d')], resources: gib(4, 4, 100), term_ms: 720 * HOUR, node: null, workloads: [], signers: [],
    order: null, retention_ms: null, commit_within_ms: 60_000, firm: true, ...more,
  };
}

const ARCHITECT = { account: hex('f'), share_ppm: 50_000 };
const workload = (image: string | null, name = 'web'): Workload => ({ name, image, command: image === null ? ['true'] : [], env: [], ports: [], secrets: [] });
const shop = (more: Partial<Shop> = {}): Shop => ({ grid: { prices: PRICES, rules: 2 }, farm: FARM, deal: undefined, nodes: [node('a')], policy: POLICY, fees: [], held: [], ...more });
const said = (decision: Decision): string => ('decline' in decision ? decision.decline.code : decision.node.key);
const taken = (contract: string, resources = gib(5, 5, 0), until = AT + HOUR) => ({ contract, resources, until, disk_until: until });

const CASES: [title: string, request: Partial<TalkRequest>, shop: Partial<Shop>, expected: string][] = [
  ['what fits is offered', {}, {}, hex('a')],
  ['of nodes that fit, the fuller one', {}, { nodes: [node('a'), node('b', { allocations: [taken('x', gib(2, 2, 0))] })] }, hex('b')],
  ['the node that was asked for, though another is fuller', { node: hex('a') }, { nodes: [node('a'), node('b', { allocations: [taken('x', gib(2, 2, 0))] })] }, hex('a')],
  ['a node of another key', { node: hex('9') }, {}, 'no_node'],
  ['no node at all', {}, { nodes: [] }, 'no_node'],
  ['a node that is drained', {}, { nodes: [node('a', { drain: { until: null, reason: 'new disks', at: 0 } })] }, 'no_node'],
  ['a node that was retired', {}, { nodes: [node('a', { admitted: null })] }, 'no_node'],
  ['capacity in the book', {}, { nodes: [node('a', { allocations: [taken('x')] })] }, 'capacity'],
  ['capacity in the book that is over', {}, { nodes: [node('a', { allocations: [taken('x', gib(5, 5, 0), AT)] })] }, hex('a')],
  ['capacity on hold', {}, { held: [{ node: hex('a'), resources: gib(5, 5, 0) }] }, 'capacity'],
  ['capacity on hold on another node', {}, { held: [{ node: hex('b'), resources: gib(5, 5, 0) }] }, hex('a')],
  ['a node with as many contracts as there can be', {}, { nodes: [node('a', { allocations: Array.from({ length: MAX_ALLOCATIONS }, (_, i) => taken(`${i}`, gib(0, 0, 0))) })] }, 'capacity'],
  ['a public image', { workloads: [workload(IMAGE)] }, {}, hex('a')],
  ['an allowed local image', { workloads: [workload(`localhost/web@sha256:${hex('a')}`)] }, {}, hex('a')],
  ['a registry in the farm\'s own network', { workloads: [workload(`192.168.0.1:5000/web@sha256:${hex('a')}`)] }, {}, 'image'],
  ['a local image that is not allowed', { workloads: [workload(`localhost/web@sha256:${hex('a')}`)] }, { policy: { ...POLICY, allow_registries: [] } }, 'image'],
  ['a bare command on podman', { workloads: [workload(null)] }, {}, 'runtime'],
  ['a bare command on the process runtime', { workloads: [workload(null)] }, { nodes: [node('a', {}, { runtime: 'process' })] }, hex('a')],
  ['an image on the process runtime', { workloads: [workload(IMAGE)] }, { nodes: [node('a', {}, { runtime: 'process' })] }, 'runtime'],
  ['both kinds together', { workloads: [workload(IMAGE), workload(null, 'job')] }, { nodes: [node('a'), node('b', {}, { runtime: 'process' })] }, 'runtime'],
  ['a bare command goes to the node that runs it', { workloads: [workload(null)] }, { nodes: [node('a'), node('b', {}, { runtime: 'process' })] }, hex('b')],
  ['a workload twice', { workloads: [workload(IMAGE), workload(IMAGE)] }, {}, 'malformed'],
  ['somebody on the deny list', {}, { policy: { ...POLICY, deny_consumers: [hex('c')] } }, 'consumer'],
  ['somebody not on the allow list', {}, { policy: { ...POLICY, allow_consumers: [hex('e')] } }, 'consumer'],
  ['somebody on the allow list', {}, { policy: { ...POLICY, allow_consumers: [hex('c')] } }, hex('a')],
  ['a term that is too long', { term_ms: 1_001 * HOUR }, {}, 'term'],
  ['a term that is none', { term_ms: 0 }, {}, 'term'],
  ['two who want more than a minute to sign', { commit_within_ms: 60_001 }, {}, 'term'],
  ['a week with a third signer', { commit_within_ms: 7 * 24 * HOUR, signers: [`bot/${hex('e')}`] }, {}, hex('a')],
  ['a second that is kept for ten years', { term_ms: 1_000, retention_ms: 10 * 365 * 24 * HOUR }, {}, 'policy'],
  ['data kept for seven days', { retention_ms: 7 * 24 * HOUR }, {}, hex('a')],
  ['data kept longer than the farmer says', { retention_ms: 2 * HOUR }, { policy: { ...POLICY, max_retention_ms: HOUR } }, 'policy'],
  ['signatures over eight days', { signers: [`bot/${hex('e')}`], commit_within_ms: 8 * 24 * HOUR }, {}, 'term'],
  ['nothing', { resources: gib(0, 0, 0) }, {}, 'malformed'],
  ['a node as a whole', { dedicated: true }, {}, hex('a')],
  ['a node as a whole, whatever it has', { dedicated: true, resources: gib(0, 0, 0) }, {}, hex('a')],
  ['as a whole the smallest that is large enough', { dedicated: true, resources: gib(9, 9, 0) }, { nodes: [node('a'), node('b', {}, { capacity: gib(32, 64, 500) }), node('c', {}, { capacity: gib(16, 32, 500) })] }, hex('c')],
  ['as a whole a node that somebody has a part of', { dedicated: true }, { nodes: [node('a', { allocations: [taken('x', gib(1, 0, 0))] })] }, 'capacity'],
  ['as a whole a node that keeps somebody\'s data', { dedicated: true }, { nodes: [node('a', { allocations: [{ ...taken('x'), until: AT }] })] }, 'capacity'],
  ['as a whole a node with a part on hold', { dedicated: true }, { held: [{ node: hex('a'), resources: gib(1, 0, 0) }] }, 'capacity'],
  ['a node as a whole under rules 1', { dedicated: true }, { grid: { prices: PRICES, rules: 1 } }, 'policy'],
  ['an architect, of whom the farm has said nothing', { architect: ARCHITECT }, { fees: [ARCHITECT] }, 'policy'],
  ['an architect with as much as the farm leaves', { architect: ARCHITECT }, { fees: [ARCHITECT], farm: { ...FARM, architect_ppm: 50_000 } }, hex('a')],
  ['an architect with more than the farm leaves', { architect: ARCHITECT }, { fees: [ARCHITECT], farm: { ...FARM, architect_ppm: 49_999 } }, 'policy'],
  ['an architect who with the grid takes all', {}, { fees: [{ ...ARCHITECT, share_ppm: 900_000 }], farm: { ...FARM, architect_ppm: 1_000_000 }, grid: { prices: PRICES, rules: 2, shares: [{ account: null, role: 'burn', share_ppm: 100_000 }] } }, 'policy'],
  ['two architects who together get more than the farm leaves', {}, { fees: [ARCHITECT, { ...ARCHITECT, account: hex('e'), share_ppm: 1 }], farm: { ...FARM, architect_ppm: 50_000 } }, 'policy'],
  ['a term that is too short', { term_ms: HOUR }, { policy: { ...POLICY, min_term_ms: 2 * HOUR } }, 'term'],
  ['the shortest term', { term_ms: 2 * HOUR }, { policy: { ...POLICY, min_term_ms: 2 * HOUR } }, hex('a')],
  ['an image that is denied', { workloads: [workload(IMAGE)] }, { policy: { ...POLICY, deny_images: ['docker.io/*/web'] } }, 'image'],
  ['an image that is on no list', { workloads: [workload(IMAGE)] }, { policy: { ...POLICY, allow_images: ['ghcr.io/*'] } }, 'image'],
  ['an image that is pinned', { workloads: [workload(IMAGE)] }, { policy: { ...POLICY, allow_images: [IMAGE] } }, hex('a')],
  ['an image that is pinned to other bytes', { workloads: [workload(IMAGE)] }, { policy: { ...POLICY, allow_images: [`docker.io/library/web@sha256:${hex('b')}`] } }, 'image'],
  ['an image both allowed and denied', { workloads: [workload(IMAGE)] }, { policy: { ...POLICY, allow_images: ['*'], deny_images: ['*'] } }, 'image'],
  // 2 CU at 0.01 and half an SU at 0.005: 0.0225 TFT an hour, 16.2 in all.
  ['a deal as small as the farmer takes', {}, { policy: { ...POLICY, min_total_stroops: '162000000' } }, hex('a')],
  ['a deal that is too small', {}, { policy: { ...POLICY, min_total_stroops: '162000001' } }, 'price'],
  ['as much of a node as one buyer may have', {}, { policy: { ...POLICY, max_share_ppm: 500_000 } }, hex('a')],
  ['more of a node than one buyer may have', {}, { policy: { ...POLICY, max_share_ppm: 499_999 } }, 'policy'],
  ['more of a node with what the buyer has already', {}, { policy: { ...POLICY, max_share_ppm: 600_000 }, theirs: [{ node: hex('a'), resources: gib(1, 0, 0) }] }, 'policy'],
  ['another node where the buyer has nothing', {}, { policy: { ...POLICY, max_share_ppm: 600_000 }, nodes: [node('a'), node('b')], theirs: [{ node: hex('a'), resources: gib(1, 0, 0) }] }, hex('b')],
  ['a whole node, which is no share', { dedicated: true }, { policy: { ...POLICY, max_share_ppm: 1 } }, hex('a')],
  ['a price that the buyer names, at the floor', {}, { policy: { ...POLICY, floor_ppm: 800_000 }, counter_stroops: 180_000n }, hex('a')],
  ['a price below the floor', {}, { policy: { ...POLICY, floor_ppm: 800_000 }, counter_stroops: 179_999n }, 'price'],
  ['a price that is asked anyway', {}, { counter_stroops: 225_000n }, hex('a')],
  ['a lower price, of a farm that goes down for nobody', {}, { counter_stroops: 224_999n }, 'price'],
  ['a payer twice', { payers: [hex('d'), hex('d')] }, {}, 'malformed'],
  ['the consumer as extra signer', { signers: [`bot/${hex('c')}`] }, {}, 'malformed'],
];

for (const [title, asks, facts, expected] of CASES) {
  test(`decide: ${title} → ${expected.length === 64 ? 'offer' : expected}`, () => {
    assert.equal(said(decide(request(asks), shop(facts), AT)), expected);
  });
}

test('a refusal for capacity says what would do and when to ask again', () => {
  const decision = decide(request({ resources: gib(9, 9, 0) }), shop({ held: [{ node: hex('a'), resources: gib(2, 2, 100) }] }), AT);
  assert.ok('decline' in decision);
  assert.deepEqual(decision.decline.nearest, gib(6, 14, 400));
  assert.equal(decision.decline.final, false);
  assert.ok((decision.decline.retry_after_ms ?? 0) > 0);
});

test('the farm\'s own prices go before the grid\'s', () => {
  const own = { ...PRICES, cu_stroops: '90000' };
  const decision = decide(request(), shop({ farm: { ...FARM, prices: own } }), AT);
  assert.ok('prices' in decision);
  assert.deepEqual(decision.prices, own);
});

test('prices rise with what is sold, holds included; who has a deal pays what the deal says', () => {
  const policy: Policy = { ...POLICY, utilisation: { of: 'farm', steps: [{ from_ppm: 500_000, change_ppm: 200_000 }] } };
  const asked = (more: Partial<Shop>): string => {
    const decision = decide(request({ resources: gib(1, 1, 0) }), shop({ policy, ...more }), AT);
    assert.ok('prices' in decision, JSON.stringify(decision));
    return decision.prices.cu_stroops;
  };
  const half = [{ node: hex('a'), resources: gib(4, 8, 0) }];
  assert.deepEqual([asked({}), asked({ held: half }), asked({ held: half, nodes: [node('a'), node('b')] })], ['100000', '120000', '100000']);
  assert.equal(asked({ held: half, nodes: [node('a'), node('b')], policy: { ...policy, utilisation: { of: 'node', steps: policy.utilisation?.steps ?? [] } } }), '120000');
  assert.equal(asked({ held: half, deal: { prices: null, discount_ppm: 10_000, until: null } as never }), '100000');
});

test('a refusal for price or term names what would do', () => {
  const price = decide(request(), shop({ policy: { ...POLICY, floor_ppm: 900_000 }, counter_stroops: 1n }), AT);
  const term = decide(request({ term_ms: HOUR }), shop({ policy: { ...POLICY, min_term_ms: 24 * HOUR } }), AT);
  assert.ok('decline' in price && 'decline' in term);
  assert.deepEqual([price.decline.would_do, term.decline.would_do], [{ per_hour_stroops: '202500' }, { term_ms: 24 * HOUR }]);
});

test('every check is shown, also after one that failed, and the first that failed is the answer', () => {
  const all = [...judged(request({ term_ms: HOUR, resources: gib(99, 1, 0) }), shop({ policy: { ...POLICY, min_term_ms: 2 * HOUR } }), AT)];
  const failed = all.filter(({ passed }) => passed === false).map(({ check }) => check);
  assert.deepEqual(failed, ['term', 'capacity']);
  assert.deepEqual(all.filter(({ passed }) => passed === null).map(({ check }) => check), ['share', 'price', 'worth']);
  assert.ok(all.every(({ saw }) => saw !== ''));
  assert.equal(said(decide(request({ term_ms: HOUR, resources: gib(99, 1, 0) }), shop({ policy: { ...POLICY, min_term_ms: 2 * HOUR } }), AT)), 'term');
});
