// What this bot is and how it stands, from its home folder alone: no key is opened, nobody is asked, nothing is written.
import { existsSync } from 'node:fs';
import { formatTft } from '../base/amount.js';
import { iso, type Clock } from '../base/clock.js';
import { LOW_TIME_MS } from '../base/limits.js';
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
import { draftsWaiting, lettersWaiting, livesOf, toldBy } from './desk.js';
import { newestFirst, recorded, refused, restarted, type Happening } from './lately.js';
import { needsOf, type Need } from './needs.js';

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
  /** What it did, newest first, at most 20. */
  readonly lately: readonly Happening[];
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
  const lately: Happening[] = [];
  let [drafts, letters] = [0, 0];
  for (const entry of config.grids) {
    const state = gridState(home, entry, clock);
    const found = withBook(home, entry.id, (reader) => {
      const at = Math.max(clock(), reader.lastAt);
      if (identity !== null) contracts.push(...[...contractsOf(reader, actsFor(reader, identity.id))].filter(({ settled }) => settled === null).map((contract) => showContract(reader, contract, at)));
      if (config.farm?.grid === entry.id) farm = farmOf(reader, config.farm, at);
      if (config.node?.grid === entry.id) node = nodeOf(reader, config.node, at);
      const bot = identity === null ? null : actsFor(reader, identity.id);
      lately.push(...recorded(reader, { bot, account: payer, farm: config.farm?.grid === entry.id ? config.farm.id : null }));
      if (bot !== null) drafts += draftsWaiting(home, reader, entry.id, bot, at);
      if (bot !== null) letters += lettersWaiting(home, entry.id, bot, at);
      return { dev: readGrid(reader).dev, balance: payer === null ? null : balanceOf(reader, payer) };
    });
    const tft = (amount: bigint | undefined): string | null => (amount === undefined ? null : formatTft(amount));
    grids.push({ ...state, evidence: evidenceFiles(evidenceFolder(home, entry.id)).length, dev: found?.dev ?? false, in_use: config.grid === entry.id, balance: tft(found?.balance?.balance_stroops), escrowed: tft(found?.balance?.escrowed_stroops) });
  }
  const status = { home: home.path, identity, grids, farm, node, contracts, running, unlocked_until: agent === null ? null : iso(agent.until) };
  const told = config.farm === null ? [] : toldBy(home, config.farm.grid, config.farm.id);
  const lives = config.node === null ? [] : livesOf(home, config.node.grid, config.node.key);
  const script = told.find(({ what, at }) => what === 'script' && clock() - at < LOW_TIME_MS && config.farm?.script != null)?.reason ?? null;
  return { ...status, lately: newestFirst([...lately, ...refused(told), ...restarted(lives)]), needs: needsOf(status, { at: clock(), drafts, letters, script }) };
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
