// Beginning a grid: its keys, its first two lines, its place in the config.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import { Problem } from '../base/errors.js';
import { checkpointKeys } from '../bcdb/checkpoint.js';
import { trustOf } from '../bcdb/pinned.js';
import { makeRecord, signRecord } from '../bcdb/record.js';
import { Sequencer } from '../bcdb/sequencer.js';
import { readConfig, updateConfig, type Home } from '../home.js';
import type { Keyring, KeyringType } from '../keys/keyring.js';
import { SignaturePool } from '../keys/pool.js';
import { gridRules } from '../rules/all.js';
import type { Genesis, Quorum } from '../schema/types.js';
import { formatVkey } from '../tlog/note.js';
import { identityBody } from './compose.js';
import { Cosigners } from './cosign.js';
import { chosenGrid, type GridEntry, type GridOptions } from './grid.js';
import { takeHomeAlone } from './lock.js';
import { headPath, openStore } from './writer.js';

const LIST_PRICES = { cu_stroops: '100000', su_stroops: '50000', nu_stroops: '15000', ipv4_stroops: '40000' };
const FAUCET_STROOPS = '10000000000';
/** As much as Stellar's TFT was once meant to have: 4,000,000,000 TFT. */
const MAX_SUPPLY_STROOPS = '40000000000000000';
const HOUR_MS = 3_600_000;

/** TFT that exists from the first line. */
export interface Allocation {
  /** Wallet key, hex. */
  readonly account: string;
  readonly amount_stroops: string;
}

/** What a new grid is made of. */
export interface NewGrid {
  readonly home: Home;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** `[a-z0-9-]{3,50}` */
  readonly name: string;
  /** Development grid: faucet, declared capacity and the process runtime are allowed. */
  readonly dev: boolean;
  /** Governs the grid. */
  readonly owner: Keyring;
  readonly createKeyring: (type: KeyringType, name: string) => Promise<Keyring>;
  readonly allocations?: readonly Allocation[];
  /** Lines of a witness policy, as genesis spells them; null or left out: no witnesses. */
  readonly witnesses?: readonly string[] | null;
  /** Who certifies nodes; left out: the owner on a development grid, nobody on any other. */
  readonly certifiers?: Quorum;
  /** How often a meter confirms time, ms; an hour if left out. */
  readonly heartbeat_ms?: number;
}

/** A grid that was begun. */
export interface Begun extends GridEntry {
  /** Key of its log as witnesses take it. */
  readonly vkey: string;
  /** Whether its first lines are committed; else its witnesses have yet to know the log's key. */
  readonly committed: boolean;
}

/**
 * Begins a grid whose home is this folder, with the owner's identity as line 1. The first grid becomes the one in use.
 * @throws Problem `usage` where the name is taken here, `busy` where a daemon of this home runs
 */
export async function createGrid(wanted: NewGrid): Promise<Begun> {
  const { home, clock, signal, name, owner, createKeyring } = wanted;
  using _lock = await takeHomeAlone(home, signal);
  checkFree(home, name);
  const nonce = randomBytes(16).toString('hex');
  const log = await createKeyring('log', nonce);
  const bot = owner.signer('bot');
  const genesis = makeRecord({ v: 1, grid: null, chain: 'grid', height: 0, prev: null, kind: 'genesis@1', time: clock(), body: { ...genesisBody(wanted, nonce, log) } });
  const identity = makeRecord({ v: 1, grid: genesis.id, chain: `bot/${bot.key}`, height: 0, prev: null, kind: 'identity@1', time: clock(), body: { ...identityBody(owner, owner.name) } });
  const records = await Promise.all([genesis, identity].map((record) => signRecord(record, [bot])));

  using store = openStore(home, genesis.id);
  await using pool = new SignaturePool();
  await using cosigning = new Cosigners();
  await using sequencer = await Sequencer.open({ store, rules: gridRules, pool, clock, cosigning, log: log.signer('log'), clockSigner: log.signer('clock'), headPath: headPath(home, genesis.id) });
  const outcomes = await sequencer.append(records);
  for (const outcome of outcomes) if (!outcome.ok && outcome.problem.reason !== 'unwitnessed') throw outcome.problem;
  const entry: GridEntry = { id: genesis.id, name, url: null };
  updateConfig(home, (config) => {
    config.grids.push(entry);
    config.grid ??= entry.id;
  });
  return { ...entry, vkey: formatVkey(checkpointKeys(trustOf(store)).log), committed: outcomes.every(({ ok }) => ok) };
}

/** The embedded grid of a home folder that has none: a development grid that its identity governs. */
export async function createLocal(options: GridOptions): Promise<GridEntry> {
  const { home, clock, signal, openKeyring, createKeyring } = options;
  const { identity } = readConfig(home);
  if (identity === null) throw new Problem('not_found', `no identity in ${home.path} yet`, { reason: 'identity', hint: '3bot identity create' });
  if (createKeyring === undefined) throw new Problem('not_found', `no grid in ${home.path} yet`, { reason: 'grid', hint: '3bot grid join URL' });
  using _lock = await takeHomeAlone(home, signal);
  // Another process may have begun it while this one waited.
  const there = chosenGrid(readConfig(home));
  if (there !== undefined) return there;
  return createGrid({ home, clock, signal, name: 'local', dev: true, owner: await openKeyring('identity', identity), createKeyring });
}

/** @throws Problem `usage` where a grid of this name is held here */
export function checkFree(home: Home, name: string): void {
  if (readConfig(home).grids.some((entry) => entry.name === name)) throw new Problem('usage', `a grid named ${name} is here already`, { reason: 'exists', hint: '3bot grid list' });
}

function genesisBody({ name, dev, owner, allocations = [], witnesses = null, certifiers, heartbeat_ms = HOUR_MS }: NewGrid, nonce: string, log: Keyring): Genesis {
  const { log: log_key = '', clock: clock_key = '' } = log.public;
  const rule = { threshold: 1, members: [{ of: `bot/${owner.public['bot'] ?? ''}`, weight: 1 }] };
  return {
    name, dev, origin: `3bot/${nonce}`, nonce, log_key, clock_key,
    rules: 2, units: 'units/1', prices: LIST_PRICES,
    governance: rule, certifiers: certifiers ?? (dev ? rule : null), witnesses: witnesses === null ? null : [...witnesses],
    allocations: [...allocations], faucet_stroops: dev ? FAUCET_STROOPS : null, max_supply_stroops: MAX_SUPPLY_STROOPS,
    heartbeat_ms, retention_ms: 72 * HOUR_MS,
    limits: { record_bytes: 1_048_576, signatures: 16_384 },
  };
}
