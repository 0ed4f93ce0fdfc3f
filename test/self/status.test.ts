import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsOf, type Waiting } from '../../src/self/needs.js';
import type { Status } from '../../src/self/status.js';

const identity = { id: 'a'.repeat(64), name: 'alice', address: 'G', did: 'did:key:z', account: 'b'.repeat(64), sealing_key: 'c'.repeat(64) };
const grid = { id: 'd'.repeat(64), name: 'valley', url: 'http://home', read_only: false, light: false, evidence: 0, size: 3, root: '', time: null, age_ms: 0, committed: 3, witnesses: null, fresh: true, dev: true, in_use: true, balance: '5.0000000', escrowed: '0.0000000' };
const farm = { id: 'e'.repeat(40), name: 'sunny', grid: grid.id, endpoint: 'http://farm', contracts: 0, earned: '0.0000000', mintable: '0.0000000' };
const node = { key: 'f'.repeat(64), grid: grid.id, farm: farm.id, runtime: 'podman', admitted: true, declared: false, contracts: 0 };
const contract = {
  id: '1'.repeat(40), state: 'active', reason: null, progress: 'ready', name: null, farm: farm.id, farm_name: 'sunny', node: node.key, resources: { cru: 1, mru_mib: 1, sru_mib: 1, hru_mib: 0, ipv4: 0 },
  price_per_hour: '0', total: '2.0000000', escrow: '2.0000000', billed: '0', refunded: '0', refundable: '0', open: '0', meter: null, unconfirmed_ms: 0, notice: null, draining: null,
  committed_at: '', started_at: null, funded_until: null, expires_at: '', data_until: '', workloads: [],
} as const;
const AT = Date.UTC(2026, 0, 10);
const QUIET: Waiting = { at: AT, drafts: 0, letters: 0, script: null };
const WELL: Omit<Status, 'needs' | 'lately'> = { home: '/h', identity, grids: [grid], farm: null, node: null, contracts: [], running: false, unlocked_until: null };

const failed = { name: 'main', state: 'failed', reason: 'no such image', exit_code: null, restarts: null, health: null, url: null, web: [], ports: [] } as const;

for (const [title, change, commands] of [
  ['nothing, when all is well', {}, []],
  ['nothing, while a farm and a node are served', { farm, node, running: true }, []],
  ['an identity, on an empty machine', { identity: null, grids: [] }, ['3bot identity create']],
  ['no identity, for a machine that is a node only', { identity: null, node, running: true }, []],
  ['a grid', { grids: [] }, ['3bot grid join URL']],
  ['a grid in use', { grids: [{ ...grid, in_use: false }] }, ['3bot grid use NAME']],
  ['a book that can be read', { grids: [{ ...grid, size: 0 }] }, ['3bot bcdb verify']],
  ['to look at evidence', { grids: [{ ...grid, evidence: 1 }] }, ['3bot bcdb evidence list']],
  ['TFT, where a faucet gives some', { grids: [{ ...grid, balance: '0.0000000' }] }, ['3bot wallet faucet']],
  ['no TFT, where no faucet gives any', { grids: [{ ...grid, dev: false, balance: '0.0000000' }] }, []],
  ['no TFT, while all of it is in contracts', { grids: [{ ...grid, balance: '0.0000000' }], contracts: [contract] }, []],
  ['its farm to be served', { farm }, ['3bot serve']],
  ['what its nodes have earned to be minted', { farm: { ...farm, mintable: '282.5000000' }, running: true }, ['3bot farm mint']],
  ['its node to be watched for', { node }, ['3bot node watch']],
  ['its node to be admitted', { node: { ...node, admitted: false }, running: true }, ['3bot node join INVITATION']],
  ['what is over to be settled', { contracts: [{ ...contract, state: 'ended', reason: 'expired' }] }, ['3bot contract cancel 111111111111']],
  ['what is paused to be funded', { contracts: [{ ...contract, state: 'paused', reason: 'term_over' }] }, ['3bot contract fund 111111111111 --for 24h']],
  ['a new place, where the farm has given notice', { contracts: [{ ...contract, notice: { at: '', ends_at: 'tomorrow', reason: 'moving' } }] }, ['3bot reserve']],
  ['a new place, should a drained node not come back', { contracts: [{ ...contract, draining: { since: '', until: null, reason: 'new disks' } }] }, ['3bot reserve']],
  ['what failed to be looked at', { contracts: [{ ...contract, workloads: [failed] }] }, ['3bot contract show 111111111111']],
  ['what is unhealthy to be looked at', { contracts: [{ ...contract, workloads: [{ ...failed, state: 'running', health: 'unhealthy' }] }] }, ['3bot logs 111111111111']],
  ['nothing of what runs for two days more', { contracts: [{ ...contract, started_at: '2026-01-01T00:00:00.000Z', funded_until: '2026-01-12T00:00:00.000Z' }] }, []],
  ['what runs out within a day to be funded', { contracts: [{ ...contract, price_per_hour: '0.2000000', started_at: '2026-01-01T00:00:00.000Z', funded_until: '2026-01-10T23:00:00.000Z' }] }, ['3bot contract fund 111111111111 --for 24h']],
  ['TFT, where the wallet has too little for a day more', { contracts: [{ ...contract, price_per_hour: '0.3000000', started_at: '2026-01-01T00:00:00.000Z', funded_until: '2026-01-10T23:00:00.000Z' }] }, ['3bot wallet show']],
  ['nothing of two hours that have just begun', { contracts: [{ ...contract, price_per_hour: '0.1000000', started_at: '2026-01-10T00:00:00.000Z', funded_until: '2026-01-10T02:00:00.000Z' }] }, []],
  ['money first', { farm, contracts: [contract, { ...contract, state: 'ended' }] }, ['3bot contract cancel 111111111111', '3bot serve']],
] as const satisfies readonly (readonly [string, Partial<Status>, readonly string[]])[]) {
  test(`status asks for ${title}`, () => {
    const needs = needsOf({ ...WELL, ...change }, QUIET);
    assert.deepEqual(needs.map(({ command }) => command.replace(/ {2}.*/, '')), commands);
    for (const { why } of needs) assert.match(why, /^[a-z].*[^.]$/);
  });
}

test('status asks for what the book does not show: drafts, letters, a script that fails', () => {
  const why = (waiting: Partial<Waiting>): string[] => needsOf(WELL, { ...QUIET, ...waiting }).map((need) => need.why);
  assert.deepEqual(why({ drafts: 1, letters: 2, script: 'the script took longer than 10 s' }), ['a draft waits for your signature', '2 letters wait in your mailbox', "your farm's policy script failed lately: the script took longer than 10 s"]);
  assert.deepEqual(why({}), []);
});
