// A machine that changes while it is a node.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REMEASURE_AGAIN_MS, REMEASURE_MS } from '../../../src/base/limits.js';
import { openGrid } from '../../../src/net/grid.js';
import { announce, nodeOf } from '../../../src/node/probe/join.js';
import type { Check } from '../../../src/node/driver.js';
import type { Offer, Probe } from '../../../src/node/probe/probe.js';
import { differences, Remeasurer, steady } from '../../../src/node/probe/remeasure.js';
import type { WatchEvent } from '../../../src/node/report/tell.js';
import type { Announcement, Resources } from '../../../src/schema/types.js';
import { gib } from '../../capacity/samples.js';
import { within } from '../drivers/support.js';
import { LocalGrid } from '../local.js';

const OFFER: Offer = {
  declared: false, capacity: gib('4/8/100/0'), host_share: gib('1/1/15/0'), devices: [{ class: 'cpu', model: 'AMD EPYC', size_mib: 0, source: 'measured' }], platform: 'linux/amd64', runtime: 'process',
  features: ['limits'], virtualised: false, kernel: 'linux 6.1', interfaces: [], release: '0.1.0',
};
const offers = (change: Partial<Offer>, capacity: Partial<Resources> = {}): Offer => ({ ...OFFER, ...change, capacity: { ...OFFER.capacity, ...capacity } });
const ANNOUNCED: Announcement = { ...OFFER, farm: 'a'.repeat(40), location: { country: null, region: null }, address: null, sealing_key: 'b'.repeat(64) };

for (const [what, offer, words] of [
  ['nothing', OFFER, []],
  ['two GiB of free disk', offers({}, { sru_mib: 98 * 1_024 }), []],
  ['a twentieth of the disk', offers({}, { sru_mib: 95 * 1_024 }), []],
  ['more than that', offers({}, { sru_mib: 95 * 1_024 - 1 }), ['SSD 100GiB → 94.9GiB']],
  ['a disk that cannot be offered any more', offers({}, { sru_mib: 0 }), ['SSD 100GiB → 0']],
  ['memory by one MiB', offers({}, { mru_mib: 8_191 }), ['memory 8GiB → 7.9GiB']],
  ['features', offers({ features: ['vm'] }), ['no limits any more', 'vm now']],
  ['kernel and release', offers({ kernel: 'linux 6.2', release: '0.2.0' }), ['kernel linux 6.1 → linux 6.2', 'release 0.1.0 → 0.2.0']],
  ['addresses alone', offers({ interfaces: [{ name: 'eth0', rate_mbit: 1_000, addresses: ['8.8.8.8'] }] }), []],
  ['a graphics card', offers({ devices: [...OFFER.devices, { class: 'gpu', model: 'Tesla', size_mib: 16_384, source: 'measured' }] }), ['other devices']],
] as const) {
  test(`of a machine that differs by ${what}, ${words.length === 0 ? 'nothing is announced' : words.join(' and ')}`, () => {
    assert.deepEqual(differences(ANNOUNCED, { ...ANNOUNCED, ...steady(ANNOUNCED, offer) }), words);
  });
}

test('what hardly changed is announced as before beside what did', () => {
  const { capacity, host_share } = steady(ANNOUNCED, offers({ host_share: gib('1/1/14/0') }, { sru_mib: 99 * 1_024, mru_mib: 4_096 }));
  assert.deepEqual([capacity.sru_mib, capacity.mru_mib, host_share.sru_mib], [102_400, 4_096, 15 * 1_024]);
});

test('a change is announced once two looks agree; less than was sold is said; a runtime that is away changes nothing', async () => {
  const signal = within(60);
  await using local = await LocalGrid.start(signal);
  const keyring = await local.keys.get('node', 'node');
  const { key } = keyring.signer('node');
  await using grid = await openGrid({ home: local.nodeHome, clock: local.clock, signal, openKeyring: (type, name) => local.keys.get(type, name), grid: local.config.grid });
  const terms = { farm: local.farm, location: { country: null, region: null }, address: null, relay: 'https://bot.example', exec: true, gateway: undefined };
  const speed = { method: '3bot/1', cpu_single: 1, cpu_all: 2, memory_mib_s: 3, disk_read_mib_s: 4, disk_write_mib_s: 5, disk_sync_s: 6, measured_at: 7 };
  await announce(grid, keyring, { ...terms, benchmark: speed }, OFFER);
  await local.deal([], { resources: { ...gib('2/1/0/0') } });
  const events: WatchEvent[] = [];
  let found: { offer: Offer; checks: Check[] } = { offer: OFFER, checks: [] };
  const look = (): Promise<Probe> => Promise.resolve({ ...found, accounts: [] });
  const remeasurer = new Remeasurer({ grid, keyring, clock: local.clock, look, tell: (event) => events.push(event) });
  const cores = (): number | undefined => nodeOf(grid, key)?.announcement.capacity.cru;

  assert.equal(await remeasurer.look(), REMEASURE_MS);
  found = { offer: offers({}, { cru: 1 }), checks: [{ name: 'podman', ok: false, evidence: 'away', remedy: null }] };
  assert.equal(await remeasurer.look(), REMEASURE_AGAIN_MS);
  assert.equal(await remeasurer.look(), REMEASURE_AGAIN_MS);
  found = { offer: offers({}, { cru: 3 }), checks: [] };
  assert.equal(await remeasurer.look(), REMEASURE_AGAIN_MS);
  found = { offer: offers({}, { cru: 1 }), checks: [] };
  assert.equal(await remeasurer.look(), REMEASURE_AGAIN_MS, 'something else than before');
  assert.deepEqual([cores(), events], [4, []]);

  assert.equal(await remeasurer.look(), REMEASURE_MS);
  assert.deepEqual(events, [{ event: 'machine', changes: ['cores 4 → 1'], short: '1 cores', problem: null }]);
  assert.equal(cores(), 1);
  const { benchmark, relay, features } = nodeOf(grid, key)?.announcement ?? {};
  assert.deepEqual([benchmark, relay, features], [speed, 'https://bot.example', ['limits', 'exec']], 'what is not measured stays as it was said');
  assert.equal(await remeasurer.look(), REMEASURE_MS);
});
