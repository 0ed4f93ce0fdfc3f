// Chaos: the node's agent, podman's service and containers are killed, at random, while workloads write. In the end
// what runs is what the book wants, nothing ran twice, nothing that was written is lost, and the money is right.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseTft } from '../../src/base/amount.js';
import { podmanSocket } from '../../src/node/drivers/podman-service.js';
import { read, readGrid, type AccountObject, type ContractObject } from '../../src/rules/objects.js';
import type { Workload } from '../../src/schema/types.js';
import type { CrashGrid } from '../crash/grid.js';
import { randomFrom, type Random } from '../random.js';
import { botJson, poll } from '../script.js';

const CONTRACTS = 3;
/** Between two kills, at the most: some meet a node that has just begun to put things right. */
const PAUSE_MS = 1_500;
const SETTLED_WITHIN_MS = 120_000;
/** What a container does under chaos. Each line is one more than the one before: two that ran at once would write one twice. */
export const WORK = 'n=$(tail -n 1 /data/lines 2>/dev/null); n=${n:-0}; while true; do n=$((n+1)); echo $n >> /data/lines; /bin/busybox usleep 20000; done';

const KINDS = ['agent', 'service', 'container'] as const;
type Kind = (typeof KINDS)[number];
/** What is killed, and how often. */
export type Killed = Record<Kind, number>;

/** How a run goes. */
export interface ChaosOptions {
  /** Chooses what is killed, and when. */
  readonly seed: number;
  readonly for_ms: number;
  readonly image: string;
  readonly say: (text: string) => void;
}

/** Runs chaos on a grid with podman; throws at the first promise that is not kept. */
export async function chaos(grid: CrashGrid, { seed, for_ms, image, say }: ChaosOptions): Promise<Killed> {
  const random = randomFrom(seed);
  const before = await money(grid);
  const contracts: string[] = [];
  for (let i = 0; i < CONTRACTS; i += 1) contracts.push(await reserve(grid, image, i));
  const killed = await kill(grid, contracts, random, for_ms, say);
  // Bought in the middle of it all, where the node may be away just now.
  await agree(grid, contracts);
  const lines = await written(grid, contracts);
  say(`killed ${Object.entries(killed).map(([what, times]) => `${what} ${times}`).join(', ')}; written ${[...lines.values()].join(', ')} lines`);
  for (const contract of contracts) await botJson(['contract', 'cancel', contract, '--yes'], grid.homes.consumer);
  await gone(grid, contracts);
  await paid(grid, contracts, before);
  return killed;
}

async function reserve(grid: CrashGrid, image: string, i: number): Promise<string> {
  const workload: Workload = {
    name: 'main', image, command: ['/bin/sh', '-c', WORK], env: [], ports: [], secrets: [], restart: { policy: 'always', attempts: 100, interval_ms: 1_000, delay_ms: 100 }, stop: { signal: 'SIGTERM', grace_ms: 0 },
  };
  const file = join(dirname(grid.homes.consumer.home), `chaos-${i}.json`);
  writeFileSync(file, JSON.stringify(workload));
  const args = ['reserve', '--cpu', '1', '--memory', '64MiB', '--sru', '1', '--for', `${100 + i}h`, '--retention', '0', '--workload', file, '--wait', 'ready', '--timeout', '60s'];
  return (await botJson<{ contract: string }>(args, grid.homes.consumer)).contract;
}

/** Kills until the time is over, and each kind once at the least; the agent is started again by whoever watches over it: here, us. */
async function kill(grid: CrashGrid, contracts: readonly string[], random: Random, for_ms: number, say: (text: string) => void): Promise<Killed> {
  const killed: Killed = { agent: 0, service: 0, container: 0 };
  const end = Date.now() + for_ms;
  const untouched = (): Kind[] => KINDS.filter((kind) => killed[kind] === 0);
  while (Date.now() < end || untouched().length > 0) {
    const what = random.pick<Kind>(Date.now() < end ? [...KINDS, 'container'] : untouched());
    const pause_ms = random.below(PAUSE_MS);
    if (what === 'agent') {
      await grid.kill('node');
      await delay(random.below(500));
      await grid.up('node');
    }
    const pid = what === 'service' ? pidOfService(grid.homes.node.home) : what === 'container' ? pidOfContainer(random.pick(contracts)) : null;
    if (pid !== null && pid > 0) process.kill(pid, 'SIGKILL');
    if (what === 'agent' || (pid !== null && pid > 0)) killed[what] += 1;
    say(`kill -9 ${what}${pid === null ? '' : ` ${pid}`}, then ${pause_ms} ms`);
    await delay(pause_ms);
  }
  return killed;
}

/** Of the node's service alone: others may have theirs; 0: it does not run. @param home folder of the node */
export function pidOfService(home: string): number {
  const socket = `unix://${podmanSocket(home)}`;
  const found = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(socket);
    } catch {
      return false; // it has ended meanwhile
    }
  });
  return Number(found ?? 0);
}

/** Of the first process in a contract's container; 0: none runs. */
export function pidOfContainer(contract: string): number {
  const pids = execFileSync('podman', ['ps', '--filter', `label=io.3bot.contract=${contract}`, '--format', '{{.Pid}}'], { encoding: 'utf8' });
  return Number(pids.split('\n')[0] ?? 0);
}

/** Waits until book and machine say that all runs, one container each. */
async function agree(grid: CrashGrid, contracts: readonly string[]): Promise<void> {
  const tools = grid.tools();
  await using driver = tools.driver;
  await poll('desired and running to agree', async () => {
    await grid.book.refresh();
    const said = contracts.every((contract) => read(grid.book.reader, 'run', contract)?.workloads.every(({ state }) => state === 'running') === true);
    const there = await driver.list(AbortSignal.timeout(SETTLED_WITHIN_MS));
    return said && there.length === contracts.length && there.every(({ state }) => state === 'running');
  }, SETTLED_WITHIN_MS);
  for (const contract of contracts) {
    const containers = execFileSync('podman', ['ps', '--all', '--quiet', '--filter', `label=io.3bot.contract=${contract}`], { encoding: 'utf8' });
    assert.equal(containers.trim().split('\n').length, 1, 'one container of each workload');
  }
}

/** Lines of each contract: all there, in order, none twice, and more of them by and by. */
async function written(grid: CrashGrid, contracts: readonly string[]): Promise<Map<string, number>> {
  const { volumes, driver } = grid.tools();
  await driver[Symbol.asyncDispose]();
  const there = await volumes.list();
  const linesOf = (contract: string): number => {
    const path = there.find((volume) => volume.contract === contract)?.path ?? '';
    const lines = readFileSync(join(path, 'files', 'lines'), 'utf8').split('\n').slice(0, -1);
    assert.deepEqual(lines, lines.map((_, i) => `${i + 1}`), 'every line once, in order');
    return lines.length;
  };
  const counts = new Map(contracts.map((contract) => [contract, linesOf(contract)]));
  for (const [contract, count] of counts) await poll('it to go on writing', () => linesOf(contract) > count);
  return counts;
}

async function gone(grid: CrashGrid, contracts: readonly string[]): Promise<void> {
  const { driver: own, volumes } = grid.tools();
  await using driver = own;
  await poll('everything to be gone', async () => {
    await grid.book.refresh();
    const said = contracts.every((contract) => read(grid.book.reader, 'run', contract)?.state === 'released');
    return said && (await driver.list(AbortSignal.timeout(SETTLED_WITHIN_MS))).length === 0 && (await volumes.list()).length === 0;
  }, SETTLED_WITHIN_MS);
}

/** Sum of all accounts; with all escrows it must be the supply. */
async function money(grid: CrashGrid): Promise<bigint> {
  await grid.book.refresh();
  const objects = grid.book.reader.objects('', 1_000);
  const sum = (of: string, amount: (value: never) => string): bigint => objects.filter(({ id }) => id.startsWith(of)).reduce((total, { value }) => total + BigInt(amount(value as never)), 0n);
  const accounts = sum('account/', ({ balance_stroops }: AccountObject) => balance_stroops);
  assert.equal(accounts + sum('contract/', ({ escrow_stroops }: ContractObject) => escrow_stroops), BigInt(readGrid(grid.book.reader).supply_stroops), 'money is conserved');
  return accounts;
}

/** Each bill is what its covered time costs, and the wallet has paid the bills and nothing else. */
async function paid(grid: CrashGrid, contracts: readonly string[], before: bigint): Promise<void> {
  interface Bill { readonly billed: string; readonly intervals: readonly { readonly covered_ms: number; readonly amount: string }[] }
  assert.equal(await money(grid), before, 'what is not in accounts is in no escrow either');
  let billed = 0n;
  for (const contract of contracts) {
    const bill = await botJson<Bill>(['contract', 'bill', contract], grid.homes.consumer);
    const { agreement } = read(grid.book.reader, 'contract', contract) as ContractObject;
    const covered_ms = bill.intervals.reduce((sum, interval) => sum + interval.covered_ms, 0);
    const price = (BigInt(agreement.total_stroops) * BigInt(covered_ms)) / BigInt(agreement.term_ms);
    const minimum = BigInt(agreement.minimum_stroops);
    assert.ok(covered_ms > 0, 'time was covered');
    assert.equal(parseTft(bill.billed), price > minimum ? price : minimum, 'a bill is covered time, or the minimum that was agreed');
    billed += parseTft(bill.billed);
  }
  const { balance } = await botJson<{ balance: string }>(['wallet', 'show'], grid.homes.consumer);
  assert.equal(1_000n * 10_000_000n - parseTft(balance), billed, 'the wallet has paid the bills');
}
