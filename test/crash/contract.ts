// A contract in a small grid of one home, for the crash table: its keys follow from names, so that another process has them.
import type { Grid } from '../../src/net/grid.js';
import { chainId } from '../../src/bcdb/record.js';
import { totalStroops } from '../../src/capacity/price.js';
import { admitNode } from '../../src/farmer/admit.js';
import { foundFarm } from '../../src/farmer/farm.js';
import { appendSigned, ensureIdentity } from '../../src/net/compose.js';
import { readGrid } from '../../src/rules/objects.js';
import { someOf } from '../../src/rules/quorum.js';
import type { Agreement, Announcement, Run } from '../../src/schema/types.js';
import { keyringOf } from '../named.js';

const HOUR = 3_600_000;
const NONCE = 'c0'.repeat(16);
const RESOURCES = { cru: 4, mru_mib: 4_096, sru_mib: 102_400, hru_mib: 0, ipv4: 0 };

/** Id of the contract of a grid's owner. */
export async function contractIn(grid: string): Promise<string> {
  return chainId(grid, (await keyringOf('identity', 'owner')).signer('bot').key, NONCE);
}

/** Has the owner buy from a farm of its own, paid to `till`, and the node hold it. */
export async function buy(grid: Grid): Promise<void> {
  const [owner, till, farm, node] = await Promise.all([keyringOf('identity', 'owner'), keyringOf('identity', 'till'), keyringOf('farm', 'sunny'), keyringOf('node', 'shelf')]);
  const [bot, wallet, machine] = [owner.signer('bot'), owner.signer('wallet'), node.signer('node')];
  const payout = till.signer('wallet').key;
  await ensureIdentity(grid, owner);
  const { id } = await foundFarm(grid, owner, farm, { place: '', payout, endpoint: null }, null);
  const announced: Announcement = {
    farm: id, declared: true, capacity: RESOURCES, host_share: { ...RESOURCES, cru: 0, mru_mib: 0, sru_mib: 0 }, devices: [], platform: 'linux/x64', runtime: 'podman', features: [], virtualised: true,
    location: { country: null, region: null }, address: null, sealing_key: node.public['sealing'] ?? '',
  };
  await appendSigned(grid, { chain: `node/${machine.key}`, kind: 'announcement@1', body: announced }, [machine]);
  await admitNode(grid, farm, machine.key);
  const { prices, heartbeat_ms } = readGrid(grid.reader);
  const both = [`bot/${bot.key}`, `farm/${id}`] as const;
  const total = totalStroops(RESOURCES, prices, 720 * HOUR).toString();
  const terms: Agreement = {
    by: bot.key, nonce: NONCE, roles: [{ role: 'consumer', party: both[0] }, { role: 'farmer', party: both[1] }], farm: id, node: machine.key, order: null, resources: RESOURCES, units: 'units/1', prices,
    total_stroops: total, term_ms: 720 * HOUR, payers: [{ account: wallet.key, amount_stroops: total }], payees: [{ account: payout, role: 'farmer', share_ppm: 1_000_000 }],
    quorums: { commit: someOf(2, both), workload: someOf(1, [both[0]]), amend: someOf(2, both), end: someOf(1, [both[0]]) },
    commit_by: grid.clock() + 60_000, provision_by_ms: HOUR, notice_ms: HOUR, grace_ms: HOUR, minimum_stroops: '225000', retention_ms: 0, meter: { by: `node/${machine.key}`, heartbeat_ms }, exec: false, workloads: [], documents: [],
  };
  const contract = await contractIn(grid.id);
  await appendSigned(grid, { chain: `contract/${contract}`, kind: 'agreement@1', body: terms }, [bot, farm.signer('farm'), wallet]);
  const { reader } = grid;
  const held: Run = { workload: null, state: 'held', reason: null, exit_code: null, observed_ms: grid.clock(), ports: [], seen: { size: reader.size, root: reader.tree.root(reader.size).toString('hex') } };
  await appendSigned(grid, { chain: `run/${contract}`, kind: 'run@1', body: held }, [machine]);
}
