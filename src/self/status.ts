// What this bot is and how it stands, from its home folder alone: no key is opened, nobody is asked, nothing is written.
import { existsSync } from 'node:fs';
import { formatTft } from '../base/amount.js';
import { iso, type Clock } from '../base/clock.js';
import { isProblem } from '../base/errors.js';
import type { Reader } from '../bcdb/reader.js';
import { Store } from '../bcdb/store.js';
import type { Environment } from '../cli/io.js';
import { contractsOf } from '../consumer/contracts.js';
import { showContract, type ContractShown } from '../market/contract.js';
import { dueNow } from '../farmer/mint.js';
import { readConfig, type Home } from '../home.js';
import { findAccount } from '../keys/accounts.js';
import { agentState } from '../keys/agent.js';
import { findBotKeys, findIdentity, type BotKeys } from '../keys/identity.js';
import { balanceOf } from '../market/account.js';
import { salesOf } from '../market/sales.js';
import { daemonAnswers } from '../net/lock.js';
import { evidenceFiles, evidenceFolder } from '../net/evidence.js';
import { gridState, type GridState } from '../net/state.js';
import { actsFor } from '../rules/identity.js';
import { read, readGrid } from '../rules/objects.js';
import type { Config } from '../schema/types.js';

/** Something that only the owner can do, and the command for it. */
export interface Need {
  readonly why: string;
  readonly command: string;
}

/** A grid of this home, and what the identity has on it. */
export interface GridStanding extends GridState {
  /** Files of evidence against its home. */
  readonly evidence: number;
  readonly dev: boolean;
  readonly in_use: boolean;
  /** TFT; null without an identity or a readable book. */
  readonly balance: string | null;
  readonly escrowed: string | null;
}

/** A bot as it stands. */
export interface Status {
  readonly home: string;
  readonly identity: BotKeys | null;
  readonly grids: readonly GridStanding[];
  readonly farm: { readonly id: string; readonly name: string; readonly grid: string; readonly endpoint: string | null; readonly contracts: number; readonly earned: string; readonly mintable: string } | null;
  readonly node: { readonly key: string; readonly grid: string; readonly farm: string; readonly runtime: string; readonly admitted: boolean; readonly declared: boolean; readonly contracts: number } | null;
  /** Bought by the identity, and not settled. */
  readonly contracts: readonly ContractShown[];
  /** Whether `serve` or `node watch` runs in this home folder. */
  readonly running: boolean;
  /** Until when the unlock agent holds the keys, ISO 8601; null while they are locked. */
  readonly unlocked_until: string | null;
  /** Most urgent first; empty when nothing waits. */
  readonly needs: readonly Need[];
}

/** @throws Problem where the config, the keystore of the identity, or the sockets' folder cannot be trusted */
export async function statusOf(home: Home, clock: Clock, env: Environment): Promise<Status> {
  const config = readConfig(home);
  const identity = config.identity === null ? null : findBotKeys(home, config.identity);
  const payer = identity === null || identity.account === null ? null : findAccount(home, findIdentity(home, identity.name)).key;
  const [running, agent] = await Promise.all([daemonAnswers(home), agentState(home, env)]);
  const grids: GridStanding[] = [];
  const contracts: ContractShown[] = [];
  let farm: Status['farm'] = null;
  let node: Status['node'] = null;
  for (const entry of config.grids) {
    const state = gridState(home, entry, clock);
    const found = withBook(home, entry.id, (reader) => {
      const at = Math.max(clock(), reader.lastAt);
      if (identity !== null) contracts.push(...[...contractsOf(reader, actsFor(reader, identity.id))].filter(({ settled }) => settled === null).map((contract) => showContract(reader, contract, at)));
      if (config.farm?.grid === entry.id) farm = farmOf(reader, config.farm, at);
      if (config.node?.grid === entry.id) node = nodeOf(reader, config.node, at);
      return { dev: readGrid(reader).dev, balance: payer === null ? null : balanceOf(reader, payer) };
    });
    const tft = (amount: bigint | undefined): string | null => (amount === undefined ? null : formatTft(amount));
    grids.push({ ...state, evidence: evidenceFiles(evidenceFolder(home, entry.id)).length, dev: found?.dev ?? false, in_use: config.grid === entry.id, balance: tft(found?.balance?.balance_stroops), escrowed: tft(found?.balance?.escrowed_stroops) });
  }
  const status = { home: home.path, identity, grids, farm, node, contracts, running, unlocked_until: agent === null ? null : iso(agent.until) };
  return { ...status, needs: needsOf(status) };
}

/** Reads a book; undefined where it is missing or damaged, which the grid's own line shows. */
function withBook<T>(home: Home, grid: string, look: (reader: Reader) => T): T | undefined {
  if (!existsSync(home.gridDatabase(grid))) return undefined;
  try {
    using store = Store.read(home.gridDatabase(grid));
    return look(store);
  } catch (thrown) {
    if (!isProblem(thrown)) throw thrown;
    return undefined;
  }
}

function farmOf(reader: Reader, { id, name, grid }: NonNullable<Config['farm']>, at: number): Status['farm'] {
  const farm = read(reader, 'farm', id);
  if (farm === undefined) return { id, name, grid, endpoint: null, contracts: 0, earned: formatTft(0n), mintable: formatTft(0n) };
  const { sales, paid_stroops, due_stroops } = salesOf(reader, farm, at);
  return { id, name, grid, endpoint: farm.endpoint, contracts: sales.filter(({ view }) => view.state !== 'ended').length, earned: formatTft(paid_stroops + due_stroops), mintable: formatTft(dueNow(reader, id, at)) };
}

function nodeOf(reader: Reader, { key, grid, farm, runtime }: NonNullable<Config['node']>, at: number): Status['node'] {
  const node = read(reader, 'node', key);
  return {
    key, grid, farm, runtime, admitted: node?.admitted === farm, declared: node?.announcement.declared ?? false,
    contracts: node?.allocations.filter(({ until }) => at < until).length ?? 0,
  };
}

/** What waits for the owner. Pure. */
export function needsOf({ identity, grids, farm, node, contracts, running }: Omit<Status, 'needs'>): Need[] {
  const needs: Need[] = [];
  const need = (why: string, command: string): void => void needs.push({ why, command });
  for (const { id, state, workloads, escrow, expires_at, notice, draining } of contracts) {
    const failed = workloads.find((one) => one.state === 'failed');
    if (state === 'ended') need(`contract ${id.slice(0, 12)} is over, and ${escrow} TFT of it are not settled`, `3bot contract cancel ${id.slice(0, 12)}`);
    else if (state === 'paused') need(`contract ${id.slice(0, 12)} is out of funds and ends for good ${expires_at}`, `3bot contract fund ${id.slice(0, 12)} --for 24h`);
    else if (notice !== null) need(`its farm ends contract ${id.slice(0, 12)} ${notice.ends_at}${notice.reason === '' ? '' : `: ${notice.reason}`}`, '3bot reserve   (elsewhere)');
    else if (draining !== null) need(`the node of contract ${id.slice(0, 12)} is drained${draining.until === null ? '' : ` until ${draining.until}`}${draining.reason === '' ? '' : `: ${draining.reason}`}`, '3bot reserve   (elsewhere, should it not come back)');
    else if (failed !== undefined) need(`workload ${failed.name} of contract ${id.slice(0, 12)} failed: ${failed.reason ?? 'no reason was given'}`, `3bot contract show ${id.slice(0, 12)}`);
  }
  for (const { name, evidence } of grids) if (evidence > 0) need(`the home of grid ${name} has signed what cannot be; evidence is kept`, '3bot bcdb evidence list');
  for (const { name, size } of grids) if (size === 0) need(`the book of grid ${name} cannot be read`, '3bot bcdb verify');
  if (node !== null && !node.admitted) need('its farm has not admitted this node', '3bot node join INVITATION');
  if (farm !== null && !running) need(`nobody can buy from farm ${farm.name} while it is not served`, '3bot serve');
  if (farm !== null && farm.mintable !== formatTft(0n)) need(`farm ${farm.name} can mint ${farm.mintable} TFT for the period that is over`, '3bot farm mint');
  if (node !== null && !running) need('this node runs nothing new while nobody watches', '3bot node watch');
  if (identity === null && farm === null && node === null) need('there is no identity yet', '3bot identity create');
  else if (grids.length === 0) need('there is no grid yet', '3bot grid join URL   (or 3bot dev up, to try things on this machine)');
  const current = grids.find(({ in_use }) => in_use);
  if (current === undefined && grids.length > 0) need('no grid is in use', '3bot grid use NAME');
  if (current?.dev === true && current.balance === formatTft(0n) && contracts.length === 0) need('the wallet is empty', '3bot wallet faucet');
  return needs;
}
