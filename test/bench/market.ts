// How long it takes to find what fits among 10,000 nodes, in a process that is up and as a command.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Store } from '../../src/bcdb/store.js';
import { updateConfig } from '../../src/home.js';
import { search, type DirectoryState, type Search } from '../../src/market/directory.js';
import { findNode } from '../../src/market/find.js';
import { AT, farmOf, id, key, nodeOf, prices } from '../market/listed.js';
import { TestHome } from '../net/homes.js';
import { figure, median, type Figure } from './measure.js';

const BIN = fileURLToPath(new URL('../../../bin/3bot.js', import.meta.url));
const NODES = 10_000;
const FARMS = 500;
const PLACES = [['BE', 'Ghent'], ['NL', 'Utrecht'], ['DE', 'Berlin'], ['FR', 'Lyon']] as const;
/** Far beyond every allocation but those that are over. */
const LATER = AT * 2;

/** Six filters: cores, memory, SSD, country, runtime, a feature. */
const WANTED: Search = { resources: { cru: 4, mru_mib: 4_096, sru_mib: 102_400, hru_mib: 0, ipv4: 0 }, location: 'BE', runtime: 'podman', features: ['wireguard'], at: AT };
const FLAGS = ['--cpu', '4', '--memory', '4', '--ssd', '100', '--location', 'BE', '--runtime', 'podman', '--feature', 'wireguard'];

/** A home whose state has so many nodes: of each ten one has a contract that is over, eight have some in force. */
async function homeWith(nodes: number): Promise<TestHome> {
  const home = await TestHome.create('bench-market');
  const grid = await home.create();
  // Its keys are in memory alone; who explores needs none.
  updateConfig(home.home, (config) => void (config.identity = null));
  using store = Store.open(home.home.gridDatabase(grid));
  const resources = { cru: 1, mru_mib: 1_024, sru_mib: 10_240, hru_mib: 0, ipv4: 0 };
  store.transact((state) => {
    for (let n = 1; n <= FARMS; n += 1) state.put(`farm/${id(n)}`, farmOf(n, { prices: prices(BigInt(90_000 + n)) }) as never);
    for (let n = 1; n <= nodes; n += 1) {
      const [country, region] = PLACES[n % PLACES.length] ?? PLACES[0];
      const allocations = Array.from({ length: n % 10 === 0 ? 0 : n % 6 }, (_, i) => ({ contract: id(i), resources, until: n % 10 === 1 ? 1 : LATER, disk_until: n % 10 === 1 ? 1 : LATER }));
      state.put(`node/${key(n)}`, nodeOf(n, 1 + (n % FARMS), { allocations }, { location: { country, region }, features: n % 3 === 0 ? ['exec', 'wireguard', 'gateway'] : ['exec'], runtime: n % 7 === 0 ? 'process' : 'podman' }) as never);
    }
  });
  return home;
}

function times(count: number, call: () => unknown): number {
  return median(Array.from({ length: count }, () => {
    const start = performance.now();
    call();
    return performance.now() - start;
  }));
}

/** Searches by the catalog and by reading every node; lookups; whole commands. */
export async function benchMarket(): Promise<Figure[]> {
  await using home = await homeWith(NODES);
  await using small = await homeWith(10);
  const grid = await home.grid();
  const reader = grid.reader as Store;
  const plain: DirectoryState = { get: (name) => reader.get(name), objects: (prefix, limit, after) => reader.objects(prefix, limit, after) };
  const reading = times(5, () => search(plain, WANTED));
  const command = (of: TestHome, args: readonly string[]): number => times(5, () => {
    const done = spawnSync(process.execPath, [BIN, ...args], { env: { ...process.env, THREEBOT_HOME: of.home.path }, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`${args.join(' ')}: ${done.stderr}`);
  });
  const count = NODES.toLocaleString('en');
  return [
    figure(`search ${count} nodes, 6 filters`, 'ms', times(21, () => search(reader, WANTED)), 'the same by reading every node', reading, 'below 20 ms'),
    figure(`search ${count} nodes, nothing fits: nearest terms`, 'ms', times(21, () => search(reader, { ...WANTED, resources: { ...WANTED.resources, sru_mib: 10_000_000 } })), 'a search by reading every node', reading, 'well below 1'),
    figure(`a node of ${count} by its key`, 'ms', times(101, () => findNode(reader, key(4_711))), 'a search by reading every node', reading, 'next to nothing'),
    figure(`3bot explore, ${count} nodes, 6 filters`, 'ms', command(home, ['explore', ...FLAGS]), 'the same with 10 nodes', command(small, ['explore', ...FLAGS]), 'about 1'),
    figure(`3bot farm list, ${FARMS} farms, ${count} nodes`, 'ms', command(home, ['farm', 'list']), '3bot explore with 10 nodes', command(small, ['explore', ...FLAGS]), 'about 1'),
  ];
}
