// Which logs a witness cosigns: by their own key, or by the grid they are of.
import { existsSync } from 'node:fs';
import { Problem } from '../base/errors.js';
import { AUDIT_WAIT_MS } from '../base/limits.js';
import { checkpointKeys, policyLogs } from '../bcdb/checkpoint.js';
import { trustOf, type Pinned } from '../bcdb/pinned.js';
import { Store } from '../bcdb/store.js';
import { readConfig, type Home } from '../home.js';
import { readKeystore } from '../keys/keystore.js';
import { Client } from '../net/client.js';
import { chosenGrid } from '../net/grid.js';
import { servedGrid } from '../net/join.js';
import { checkTrust } from '../net/trustfile.js';
import { formatVkey, parseVkey } from '../tlog/note.js';
import { Ledger, type LedgerLog, type LogSource } from './ledger.js';

/** A log that is to be cosigned. */
export interface NewLog {
  readonly home: Home;
  readonly signal: AbortSignal;
  /** Name of the witness. */
  readonly witness: string;
  /** Verifier key of the log; grid of this home folder; or address of a bot that serves the grid. */
  readonly what: string;
  /** Id of the grid that must be served at an address. */
  readonly genesis: string | undefined;
}

/** What a witness trusts of a log. */
export interface AddedLog {
  readonly origin: string;
  readonly vkey: string;
  readonly source: LogSource | null;
}

/**
 * Makes a log known to a witness, or another key of it.
 * @throws Problem `usage` where an auditing witness would not know where the lines are; `malformed`, `not_found`,
 *   `unreachable`, `integrity`
 */
export async function addLog({ home, signal, witness, what, genesis }: NewLog): Promise<AddedLog> {
  // First: without its key there is no such witness, and nothing is lost.
  readKeystore(home, 'witness', witness);
  using ledger = Ledger.open(home.witnessLedger(witness));
  const found = /^https?:\/\//.test(what) ? await servedAt(what.replace(/\/$/, ''), genesis, signal) : what.includes('+') ? ofKey(what) : carriedHere(home, what);
  const { audits } = ledger.identity;
  const source = found.source ?? ledger.log(found.origin)?.source ?? null;
  if (audits && (source?.url ?? null) === null) throw new Problem('usage', `${witness} audits, and needs to know where the lines of this log are`, { hint: `3bot witness trust ${witness} https://HOME-OF-THE-GRID` });
  const added = { ...found, source };
  ledger.trust(added);
  return added;
}

function ofKey(vkey: string): AddedLog {
  const { name, type } = parseVkey(vkey);
  if (type !== 'ed25519') throw new Problem('malformed', 'this is the key of a witness, not of a log', { hint: "the log's key: 3bot grid show" });
  return { origin: name, vkey, source: null };
}

function carriedHere(home: Home, named: string): AddedLog {
  const entry = chosenGrid(readConfig(home), named);
  if (entry === undefined) throw new Problem('not_found', `no grid ${named} in this home folder`, { reason: 'grid', hint: 'give the key of its log, or an address: 3bot help witness trust' });
  using store = Store.read(home.gridDatabase(entry.id));
  return logOf(trustOf(store, entry.id), entry.url);
}

async function servedAt(url: string, genesis: string | undefined, signal: AbortSignal): Promise<AddedLog> {
  await using client = new Client({ url });
  const id = servedGrid(await client.grids(signal), genesis, url);
  return logOf(checkTrust(await client.trust(id, signal), id).pinned, url);
}

function logOf(pinned: Pinned, url: string | null): AddedLog {
  return { origin: pinned.origin, vkey: vkeyOf(pinned), source: { grid: pinned.grid, url } };
}

/** What a witness needs to find out about hand-overs. */
export interface MoveParts {
  readonly home: Home;
  readonly signal: AbortSignal;
}

/**
 * The log's key of now, and where its lines are, if governance has handed its grid over to another home: as told where
 * this home folder's copy of the grid is followed, or where the witness was told; or by that copy. Undefined where none
 * of them shows it.
 */
export async function movedLog(parts: MoveParts, log: LedgerLog): Promise<Pick<LedgerLog, 'vkey' | 'source'> | undefined> {
  const { source } = log;
  if (source === null) return undefined;
  const { grid } = source;
  for (const url of new Set([carriedUrl(parts.home, grid), source.url])) {
    const pinned = url === null ? undefined : await trustAt(parts, grid, url);
    if (pinned !== undefined && isSuccessor(pinned, log)) return { vkey: vkeyOf(pinned), source: { grid, url } };
  }
  if (!existsSync(parts.home.gridDatabase(grid))) return undefined;
  using store = Store.read(parts.home.gridDatabase(grid));
  const pinned = store.size === 0 ? undefined : trustOf(store, grid);
  return pinned !== undefined && isSuccessor(pinned, log) ? { vkey: vkeyOf(pinned), source } : undefined;
}

/** Whether a grid has another log key now, and the known one was its key before: never the other way round. */
function isSuccessor(pinned: Pinned, { vkey }: LedgerLog): boolean {
  return vkeyOf(pinned) !== vkey && policyLogs(pinned).some(({ key }) => formatVkey(key) === vkey);
}

async function trustAt({ signal }: MoveParts, grid: string, url: string): Promise<Pinned | undefined> {
  try {
    await using client = new Client({ url });
    return checkTrust(await client.trust(grid, AbortSignal.any([signal, AbortSignal.timeout(AUDIT_WAIT_MS)])), grid).pinned;
  } catch (thrown) {
    signal.throwIfAborted();
    // The old home may be gone; another place may know more.
    return undefined;
  }
}

/** Where the copy in this home folder is followed; a hand-over may have moved it to another home than a witness was told. */
function carriedUrl(home: Home, grid: string): string | null {
  return readConfig(home).grids.find(({ id, mirror }) => id === grid && mirror !== true)?.url ?? null;
}

/** The log's key of now as C2SP writes it. */
function vkeyOf(pinned: Pinned): string {
  return formatVkey(checkpointKeys(pinned).log);
}
