// A market for tests of what reads it: farms and nodes put into a book's file as they are, however they came about.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { JsonObject } from '../../src/base/canonical.js';
import { Store } from '../../src/bcdb/store.js';
import type { FarmObject, NodeObject } from '../../src/rules/objects.js';

export const AT = 1_800_000_000_000;
export const HOUR = 3_600_000;
export const prices = (cu: bigint) => ({ cu_stroops: cu.toString(), su_stroops: '50000', nu_stroops: '15000', ipv4_stroops: '40000' });
export const key = (n: number) => n.toString(16).padStart(64, '0');
export const id = (n: number) => n.toString(16).padStart(40, '0');
export const NONE = { cru: 0, mru_mib: 0, sru_mib: 0, hru_mib: 0, ipv4: 0 };
export const WANTED = { cru: 4, mru_mib: 4_096, sru_mib: 102_400, hru_mib: 0, ipv4: 0 };

export function farmOf(n: number, change: Partial<FarmObject> = {}): FarmObject {
  return {
    id: id(n), by: key(900 + n), nonce: '0'.repeat(32), owner: `bot/${key(900 + n)}`, farm_key: key(700 + n), sealing_key: key(800 + n),
    endpoint: `http://127.0.0.1:${9000 + n}`, payout: key(600 + n), name: `farm-${n}`, place: 'Ghent', prices: prices(100_000n), ...change,
  };
}

export function nodeOf(n: number, farm: number, change: Partial<NodeObject> = {}, announced: Partial<NodeObject['announcement']> = {}): NodeObject {
  return {
    key: key(n), farm: id(farm), admitted: id(farm), allocations: [],
    announcement: {
      farm: id(farm), declared: false, capacity: { cru: 8, mru_mib: 16_384, sru_mib: 512_000, hru_mib: 0, ipv4: 1 }, host_share: NONE, devices: [], platform: 'linux/amd64',
      runtime: 'podman', features: [], virtualised: true, location: { country: 'BE', region: 'Ghent' }, address: null, sealing_key: key(500 + n), ...announced,
    },
    ...change,
  };
}

/** A book's file with these farms and nodes; removed at the end. */
export function book(t: TestContext, farms: readonly FarmObject[], nodes: readonly NodeObject[]): Store {
  const folder = mkdtempSync(join(tmpdir(), '3bot-listed-'));
  const store = Store.open(join(folder, 'bcdb.sqlite'));
  t.after(() => {
    store[Symbol.dispose]();
    rmSync(folder, { recursive: true });
  });
  store.transact((state) => {
    state.put('grid', { prices: prices(70_000n) });
    for (const farm of farms) state.put(`farm/${farm.id}`, farm as unknown as JsonObject);
    for (const node of nodes) state.put(`node/${node.key}`, node as unknown as JsonObject);
  });
  return store;
}
