// What a bot does all the time: holds its home folder, keeps its grids up to date, answers others.
//
// `serve` listens on TCP too; `node watch` does not. Both offer the 0600 socket, through which short commands of the
// same home folder work while this process holds the lock.
import { rmSync } from 'node:fs';
import type { FastifyBaseLogger } from 'fastify';
import type { Clock } from '../base/clock.js';
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { STATE_ROOT_EVERY_MS } from '../base/limits.js';
import { IndexKeeper } from '../bcdb/index/keeper.js';
import { leaveRuntimeFolder, readConfig, type Home } from '../home.js';
import type { Keyring, ServiceType } from '../keys/keyring.js';
import { listKeystores } from '../keys/keystore.js';
import { identityInUse } from '../keys/unlock.js';
import { readGrid } from '../rules/objects.js';
import { Grid, openGrid, type GridOptions } from './grid.js';
import { socketPath, takeHomeAlone } from './lock.js';
import { MailOffice } from './mail/office.js';
import { Prover } from './prover.js';
import { Relay } from './relay/relay.js';
import { release } from './release.js';
import { startServer, type Listen, type MoreRoutes, type Server, type TalkHandler } from './server.js';
import { servedMetrics, startMetrics } from './metrics.js';
import { Tally } from './tally.js';
import type { WitnessHandler } from './witnesses.js';
import { logKeyring } from './writer.js';

/** Opens a keyring that a daemon may hold. */
export type OpenService = (type: ServiceType, name: string) => Promise<Keyring>;

/** What a role may use. */
export interface RoleParts {
  readonly home: Home;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly openKeyring: OpenService;
  /** By id. */
  readonly grids: ReadonlyMap<string, Grid>;
  readonly log: FastifyBaseLogger;
  /** Where this bot listens; null where it opens no port. */
  readonly url: string | null;
  /** Address under which others reach it, where a person has named one. */
  readonly publicUrl: string | null;
}

/** Something this bot does beside keeping books: it answers messages to its parties, or cosigns as a witness. */
export interface Role extends Partial<AsyncDisposable> {
  /** By party (`farm/<id>`, `bot/<key>`). */
  readonly talk?: ReadonlyMap<string, TalkHandler>;
  /** Witnesses by name. */
  readonly witnesses?: ReadonlyMap<string, WitnessHandler>;
}

/** Makes a role once the grids are open; undefined where this home folder does not have it. */
export type OpenRole = (parts: RoleParts) => Promise<Role | undefined>;

/** What a daemon needs. */
export interface DaemonOptions extends Omit<GridOptions, 'grid' | 'openKeyring' | 'createKeyring'> {
  /** Called while the daemon starts, not later. */
  readonly openKeyring: OpenService;
  readonly log: FastifyBaseLogger;
  /** Also listen here; without it no TCP port is opened. */
  readonly listen?: { readonly host: string; readonly port: number } | undefined;
  /** Serve metrics here; nowhere if left out. */
  readonly metrics?: { readonly host: string; readonly port: number } | undefined;
  /** Address under which others reach this bot; where it listens if left out. */
  readonly publicUrl?: string | undefined;
  readonly roles?: readonly OpenRole[];
  /** Further routes where it listens on TCP. */
  readonly more?: MoreRoutes | undefined;
}

/** A daemon that is up. Disposing it stops everything in order. */
export interface Daemon extends AsyncDisposable {
  /** `http://host:port`; null without TCP. */
  readonly url: string | null;
  /** Address under which others reach it. */
  readonly publicUrl: string | null;
  /** All grids of this home folder, by id. */
  readonly grids: ReadonlyMap<string, Grid>;
  /** Where the metrics are; null: nowhere. */
  readonly metrics: string | null;
  /** Names of the witnesses that cosign here. */
  readonly witnesses: readonly string[];
}

/**
 * Starts a daemon; resolves once it can be asked. It never opens an identity, so it makes no grid either.
 * @throws Problem `not_found` where this home folder holds neither grid nor witness; `busy` where another one runs or the port is taken; what opening grids and keys throws
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { home, clock, signal, openKeyring, log, listen, roles = [] } = options;
  const stopping = new AbortController();
  const owned: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    stopping.abort(new Problem('interrupted', 'the daemon stops'));
    for (let end = owned.pop(); end !== undefined; end = owned.pop()) await end();
  };
  try {
    checkGrids(home);
    const lock = await takeHomeAlone(home, signal);
    owned.push(() => lock[Symbol.dispose]());
    const grids = new Map<string, Grid>();
    for (const { id } of readConfig(home).grids.filter(({ light }) => light !== true)) {
      const grid = await openGrid({ ...options, openKeyring: serviceOnly(openKeyring), grid: id, signal: AbortSignal.any([signal, stopping.signal]) });
      owned.push(() => grid[Symbol.asyncDispose]());
      await grid.hold();
      const keeper = keepIndexed(grid, home.gridDatabase(id), log);
      owned.push(() => keeper[Symbol.asyncDispose]());
      grids.set(grid.id, grid);
    }
    const provers = new Map<string, Prover>();
    if (listen !== undefined) for (const grid of grids.values()) provers.set(grid.id, await openProver(grid, options));
    owned.push(async () => Promise.all([...provers.values()].map((prover) => prover[Symbol.asyncDispose]())));
    const talk = new Map<string, TalkHandler>();
    const witnesses = new Map<string, WitnessHandler>();
    const mail = new MailOffice({ grids, path: home.mail, clock });
    owned.push(() => mail[Symbol.asyncDispose]());
    const relay = new Relay({ grids, clock });
    owned.push(() => relay[Symbol.dispose]());
    const tally = new Tally();
    const serve = async (where: Listen): Promise<Server> => {
      const server = await startServer({ listen: where, books: grids, provers, talk, witnesses, relay, mail, tally, clock, version: release(), log, more: 'socket' in where ? undefined : options.more });
      owned.push(() => server[Symbol.asyncDispose]());
      return server;
    };
    const socket = socketPath(home);
    owned.push(() => leaveRuntimeFolder(home));
    // Left behind by one that was killed: we hold the lock, so nobody listens there.
    rmSync(socket, { force: true });
    await serve({ socket });
    const url = listen === undefined ? null : (await serve(listen)).address;
    const metrics = options.metrics === undefined ? null : await startMetrics(options.metrics, () => servedMetrics({ grids, tally, mail, relay, clock, version: release() }));
    owned.push(() => metrics?.[Symbol.asyncDispose]());
    const { publicUrl = null } = options;
    for (const openRole of roles) {
      const role = await openRole({ home, clock, signal: stopping.signal, openKeyring, grids, log, url, publicUrl });
      if (role === undefined) continue;
      owned.push(() => role[Symbol.asyncDispose]?.());
      for (const [party, handler] of role.talk ?? []) talk.set(party, handler);
      for (const [name, handler] of role.witnesses ?? []) witnesses.set(name, handler);
    }
    for (const grid of grids.values()) {
      const kept = keepUp(grid, stopping.signal, log);
      owned.push(() => kept);
      const prover = grid.isHome ? provers.get(grid.id) : undefined;
      if (prover === undefined) continue;
      const making = prover.keepUp(STATE_ROOT_EVERY_MS, stopping.signal, (problem) => log.warn({ grid: grid.name, error: problem }, 'no state root was recorded'));
      owned.push(() => making);
    }
    return { url, publicUrl: publicUrl ?? url, grids, metrics: metrics?.url ?? null, witnesses: [...witnesses.keys()], [Symbol.asyncDispose]: close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** @throws Problem `not_found` that says how to get a grid; beginning one takes the identity's key, which no daemon opens */
function checkGrids(home: Home): void {
  // A witness needs no grid of its own.
  if (readConfig(home).grids.some(({ light }) => light !== true) || listKeystores(home, 'witness').length > 0) return;
  identityInUse(home);
  throw new Problem('not_found', `no grid in ${home.path} yet`, { reason: 'grid', hint: '3bot grid join URL, or 3bot grid create NAME --dev' });
}

function serviceOnly(open: OpenService): GridOptions['openKeyring'] {
  return async (type, name) => {
    if (type === 'identity' || type === 'release') throw new Error(`a daemon opens no ${type}`);
    return open(type, name);
  };
}

/** Follows or renews until the daemon stops. What does not hold ends that for good: the copy is served as it is, and grows stale. */
async function keepUp(grid: Grid, signal: AbortSignal, log: FastifyBaseLogger): Promise<void> {
  try {
    await grid.keepUp(signal);
  } catch (thrown) {
    log.error({ grid: grid.name, code: isProblem(thrown) ? thrown.code : 'failed', error: messageOf(thrown) }, 'this grid is no longer followed');
  }
}

/** What proves this grid's state to light clients; at the home with the log's key. */
async function openProver(grid: Grid, { home, openKeyring }: DaemonOptions): Promise<Prover> {
  const { nonce, handovers = 0 } = readGrid(grid.reader);
  const log = grid.isHome ? (await openKeyring('log', logKeyring(nonce, handovers))).signer('log') : undefined;
  return new Prover({ grid, book: home.gridDatabase(grid.id), state: home.gridState(grid.id), log });
}

/** Keeps the index up behind whatever is taken in, in a thread of its own. */
function keepIndexed(grid: Grid, book: string, log: FastifyBaseLogger): AsyncDisposable {
  const { index } = grid.reader;
  const keeper = new IndexKeeper(book, (problem) => {
    index.isKept = false;
    log.warn({ grid: grid.name, error: problem }, 'the index is not kept up; queries do it themselves');
  });
  index.isKept = true;
  keeper.grow(grid.reader.size);
  grid.onNews(() => keeper.grow(grid.reader.size));
  return keeper;
}
