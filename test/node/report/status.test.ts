import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Machine } from '../../../src/node/plan/draft.js';
import { standing, type ContractStanding, type NodeStanding } from '../../../src/node/report/status.js';
import { FRESH_MS } from '../../../src/base/limits.js';
import { bare, LocalGrid, type Watching } from '../local.js';

const within = (): AbortSignal => AbortSignal.timeout(60_000);

async function look(local: LocalGrid, { grid, driver, volumes }: Watching, also?: string, clock = Date.now): Promise<NodeStanding> {
  const machine: Machine = { running: await driver.list(within()), volumes: new Map((await volumes.list()).map((volume) => [volume.contract, volume])), growsInUse: volumes.growsInUse };
  return standing({ grid, config: local.config, clock, machine, taken: new Map(), lives: new Map(), problems: [], also });
}

function failed({ checks }: ContractStanding): string[] {
  return checks.filter(({ ok }) => !ok).map(({ name }) => name);
}

test('every check of a contract that runs holds, each with its evidence', async () => {
  await using local = await LocalGrid.start(within());
  const contract = await local.deal([bare([process.execPath, '-e', 'setInterval(() => {}, 1000)'])], { resources: { cru: 1, mru_mib: 64, sru_mib: 8, hru_mib: 0, ipv4: 0 } });
  await using node = await local.watch();
  await node.watcher.once();
  const found = await look(local, node);
  assert.deepEqual(found.contracts.map((one) => [one.contract, one.phase, one.said, failed(one)]), [[contract, 'run', 'held', []]]);
  assert.deepEqual(found.contracts[0]?.workloads.map(({ name, state, said }) => [name, state, said]), [['web', 'running', 'running']]);
  const names = found.contracts[0]?.checks.map(({ name }) => name);
  assert.deepEqual(names, ['book', 'recorded', 'signed', 'node', 'funded', 'capacity', 'consumer', 'workload web', 'volume', 'held', 'running web']);
  for (const { evidence } of found.contracts[0]?.checks ?? []) assert.notEqual(evidence, '');
});

test('what keeps a workload from running is the check that fails', async () => {
  await using local = await LocalGrid.start(within());
  const broken = await local.deal([bare([])]);
  await using node = await local.watch();
  await node.watcher.once();
  const waiting = await local.deal([bare(['true'])]);
  await node.grid.refresh();
  const { contracts } = await look(local, node);
  assert.deepEqual(contracts.map((one) => [one.contract, failed(one)]), [[broken, ['running web']], [waiting, ['held', 'running web']]]);
  assert.match(contracts[0]?.checks.at(-1)?.evidence ?? '', /no command to run/);
});

test('a copy that is too old says so, and a contract that is not in the book is unknown', async () => {
  await using local = await LocalGrid.start(within());
  await local.deal([]);
  await using node = await local.watch();
  await node.watcher.once();
  const old = await look(local, node, undefined, () => Date.now() + FRESH_MS);
  assert.equal(old.time.fresh, false);
  assert.deepEqual(old.contracts.map(failed), [['book']]);
  const unknown = await look(local, node, 'f'.repeat(40));
  assert.deepEqual(unknown.contracts.map(({ phase }) => phase), ['run', 'unknown']);
});
