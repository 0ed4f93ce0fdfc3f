// Parts of blueprints and contracts of theirs as plain data, for tests of what is pure.
import type { PartWish } from '../../../src/architect/plan/plan.js';
import { contractName, type Standing } from '../../../src/architect/plan/standing.js';
import type { ContractObject, NodeObject } from '../../../src/rules/objects.js';
import type { Agreement, Announcement, Resources, Workload } from '../../../src/schema/types.js';
import { gib, HOUR, wanted } from '../../deal.js';

export const AT = 1_800_000_000_000;
export const FARMS = ['a', 'b', 'c'].map((digit) => digit.repeat(40));
const NONE: Resources = { cru: 0, mru_mib: 0, sru_mib: 0, hru_mib: 0, ipv4: 0 };

/** A service that runs a command. */
export function service(name: string, more: Partial<Workload> = {}): Workload {
  return { name, image: null, command: ['sleep', '1000'], env: [], ports: [], secrets: [], ...more };
}

/** A part with one service of its name. */
export function wish(name: string, more: Partial<Omit<PartWish, 'wanted'>> & { readonly wanted?: Parameters<typeof wanted>[0] } = {}): PartWish {
  return { group: name, spread: null, ...more, name, wanted: wanted({ resources: gib(1, 1, 10), workloads: [service(`${name}-service`)], ...more.wanted }) };
}

/** The contract that a wish makes, as it stands. */
export function stands(blueprint: string, { name, wanted: { resources, term_ms, workloads } }: PartWish, more: { generation?: number; state?: Standing['state']; farm?: number; announcement?: Partial<Announcement>; agreement?: Partial<Agreement>; capacity?: Resources } = {}): Standing {
  const { generation = 1, state = 'active', farm = 0, capacity = gib(8, 16, 500) } = more;
  const id = `${name}${generation}`.padEnd(40, '0');
  const announcement: Announcement = {
    farm: FARMS[farm] ?? '', declared: true, capacity, host_share: NONE, devices: [], platform: 'linux/amd64', runtime: 'process', features: [], virtualised: true,
    location: { country: null, region: null }, address: null, sealing_key: 'ab'.repeat(32), ...more.announcement,
  };
  const node: NodeObject = { key: `${farm}`.repeat(64), farm: announcement.farm, admitted: announcement.farm, announcement, allocations: [{ contract: id, resources, until: AT + term_ms, disk_until: AT + term_ms }] };
  const agreement = {
    by: 'bot', nonce: '', roles: [], farm: announcement.farm, node: node.key, order: contractName(blueprint, name, generation), resources, term_ms, total_stroops: '1000', retention_ms: 72 * HOUR, notice_ms: 0,
    payers: [{ account: 'p', amount_stroops: '1000' }], payees: [], exec: false, meter: null, workloads, quorums: { commit: { threshold: 1, members: [] } }, ...more.agreement,
  } as unknown as Agreement;
  const contract = { id, record: `r${id}`, agreement, workloads, committed_at: AT - HOUR, started_at: AT - HOUR, escrow_stroops: '1000', settled: null } as ContractObject;
  return { part: name, generation, contract, state, resources, term_ms, funded_until: AT + HOUR, per_hour_stroops: 10n, escrow_stroops: 1_000n, refundable_stroops: 900n, node, head: `h${id}` };
}
