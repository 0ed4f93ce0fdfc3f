// Which logs a witness cosigns: by their own key, or by the grid they are of.
import { Problem } from '../base/errors.js';
import { checkpointKeys } from '../bcdb/checkpoint.js';
import { pinnedBy, trustOf, type Pinned } from '../bcdb/pinned.js';
import { Store } from '../bcdb/store.js';
import { readConfig, type Home } from '../home.js';
import { Client } from '../net/client.js';
import { chosenGrid } from '../net/grid.js';
import { servedGrid } from '../net/join.js';
import { formatVkey, parseVkey } from '../tlog/note.js';
import { Ledger, type AuditSource } from './ledger.js';

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
  readonly source: AuditSource | null;
}

/**
 * Makes a log known to a witness, or another key of it.
 * @throws Problem `usage` where an auditing witness would not know where the lines are; `malformed`, `not_found`,
 *   `unreachable`, `integrity`
 */
export async function addLog({ home, signal, witness, what, genesis }: NewLog): Promise<AddedLog> {
  using ledger = Ledger.open(home.witnessLedger(witness));
  const found = /^https?:\/\//.test(what) ? await servedAt(what.replace(/\/$/, ''), genesis, signal) : what.includes('+') ? ofKey(what) : carriedHere(home, what);
  const source = ledger.identity.audits ? (found.source ?? ledger.log(found.origin)?.source ?? null) : null;
  if (ledger.identity.audits && source === null) throw new Problem('usage', `${witness} audits, and needs to know where the lines of this log are`, { hint: `3bot witness trust ${witness} https://HOME-OF-THE-GRID` });
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
  return logOf(pinnedBy(await client.genesis(id, signal), id), url);
}

function logOf(pinned: Pinned, url: string | null): AddedLog {
  return { origin: pinned.origin, vkey: formatVkey(checkpointKeys(pinned).log), source: url === null ? null : { grid: pinned.grid, url } };
}
