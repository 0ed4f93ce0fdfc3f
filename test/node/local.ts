// A real grid for tests of the node: a home that serves on loopback, a farm, and a node with a copy of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../src/base/clock.js';
import { fund } from '../../src/consumer/fund.js';
import { listing, saltingOf, sendSecrets, withHashes, type GivenSecret } from '../../src/consumer/secrets.js';
import { Unsent } from '../../src/market/unsent.js';
import { openPrivate } from '../../src/private.js';
import { chainId } from '../../src/bcdb/record.js';
import { totalStroops } from '../../src/capacity/price.js';
import { openHome, type Home } from '../../src/home.js';
import { openSecret, type Keyring, type KeyringType } from '../../src/keys/keyring.js';
import { appendSigned, ensureIdentity } from '../../src/net/compose.js';
import { startDaemon, type Daemon } from '../../src/net/daemon.js';
import { createGrid } from '../../src/net/genesis.js';
import { openGrid, type Grid } from '../../src/net/grid.js';
import { joinGrid } from '../../src/net/join.js';
import { createLog } from '../../src/net/log.js';
import { speakerOf } from '../../src/net/talk.js';
import type { Driver } from '../../src/node/driver.js';
import { openTools } from '../../src/node/tools.js';
import { openNode } from '../../src/node/open.js';
import type { WatchEvent } from '../../src/node/report/tell.js';
import type { Volumes } from '../../src/node/volume.js';
import type { Watcher } from '../../src/node/watch.js';
import { read, readGrid, type ContractObject, type RunObject } from '../../src/rules/objects.js';
import type { Agreement, Announcement, NodeConfig, Workload } from '../../src/schema/types.js';

const HOUR = 3_600_000;
const TFT = 10_000_000n;

/** A node that watches; end it before another of the same folder begins. */
export interface Watching extends AsyncDisposable {
  readonly watcher: Watcher;
  readonly grid: Grid;
  readonly driver: Driver;
  readonly volumes: Volumes;
  readonly events: WatchEvent[];
  /** Whole rounds so far. */
  readonly rounds: number;
  /** The loop, once `forever` was asked for. */
  readonly loop: Promise<void>;
}

/** Keys in memory: what keystores do is tested elsewhere, and a scrypt each would cost seconds. */
class Keys {
  readonly #made = new Map<string, Promise<Keyring>>();

  get(type: KeyringType, name: string): Promise<Keyring> {
    const id = `${type}/${name}`;
    let made = this.#made.get(id);
    if (made === undefined) this.#made.set(id, (made = openSecret(type, name, randomBytes(32))));
    return made;
  }
}

/** The grid, its people and its machine. */
export class LocalGrid implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), '3bot-node-'));
  readonly home: Home = openHome(join(this.folder, 'home'));
  readonly nodeHome: Home = openHome(join(this.folder, 'node'));
  readonly keys = new Keys();
  readonly signal: AbortSignal;
  config!: NodeConfig;
  farm = '';
  /** By how much the clocks of home and node are ahead, ms; what changes it takes the home away first. */
  ahead_ms = 0;
  #daemon: Daemon | undefined;
  #port = 0;

  private constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  /** @param signal ends a test that hangs */
  static async start(signal: AbortSignal, runtime: NodeConfig['runtime'] = 'process', allow_registries: string[] = [], heartbeat_ms = HOUR): Promise<LocalGrid> {
    const local = new LocalGrid(signal);
    const { home, nodeHome, keys } = local;
    const alice = await keys.get('identity', 'alice');
    const purse = { account: alice.public['wallet'] ?? '', amount_stroops: (1_000n * TFT).toString() };
    const { id: grid } = await createGrid({ home, clock: Date.now, signal, name: 'test-grid', dev: true, owner: alice, createKeyring: (type, name) => keys.get(type, name), allocations: [purse], heartbeat_ms });
    await local.comeBack();
    await joinGrid({ home: nodeHome, clock: Date.now, signal, url: local.url, genesis: grid });
    await local.#settle(grid, runtime, allow_registries);
    return local;
  }

  readonly clock: Clock = () => Date.now() + this.ahead_ms;

  get url(): string {
    return this.#daemon?.url ?? '';
  }

  /** The book at its home. */
  get book(): Grid {
    const [grid] = this.#daemon?.grids.values() ?? [];
    if (grid === undefined) throw new Error('the home is away');
    return grid;
  }

  async goAway(): Promise<void> {
    await this.#daemon?.[Symbol.asyncDispose]();
    this.#daemon = undefined;
  }

  async comeBack(): Promise<void> {
    const { home, keys, signal, clock } = this;
    this.#daemon = await startDaemon({ home, clock, signal, openKeyring: (type, name) => keys.get(type, name), log: createLog(process.stderr), listen: { host: '127.0.0.1', port: this.#port } });
    this.#port = Number(new URL(this.url).port);
  }

  /** A contract for a month on the node, committed. */
  async deal(workloads: Workload[], change: Partial<Agreement> = {}): Promise<string> {
    const alice = await this.keys.get('identity', 'alice');
    const farm = await this.keys.get('farm', 'farm');
    const { id: grid, reader } = this.book;
    const by = alice.signer('bot').key;
    const nonce = randomBytes(16).toString('hex');
    const parties = [`bot/${by}`, `farm/${this.farm}`];
    const all = (...of: string[]) => ({ threshold: of.length, members: of.map((party) => ({ of: party, weight: 1 })) });
    const terms = { resources: { cru: 1, mru_mib: 128, sru_mib: 0, hru_mib: 0, ipv4: 0 }, prices: readGrid(reader).prices, term_ms: 720 * HOUR, ...change };
    const total_stroops = totalStroops(terms.resources, terms.prices, terms.term_ms).toString();
    const body: Agreement = {
      by, nonce, roles: [{ role: 'consumer', party: parties[0] ?? '' }, { role: 'farmer', party: parties[1] ?? '' }], farm: this.farm, node: this.config.key, order: null, units: 'units/1', ...terms, total_stroops,
      payers: [{ account: alice.public['wallet'] ?? '', amount_stroops: total_stroops }], payees: [{ account: farm.public['sealing'] ?? '', role: 'farmer', share_ppm: 1_000_000 }],
      quorums: { commit: all(...parties), workload: all(parties[0] ?? ''), amend: all(...parties), end: all(parties[0] ?? '') },
      commit_by: this.clock() + 60_000, provision_by_ms: HOUR, notice_ms: 0, grace_ms: HOUR, minimum_stroops: '0', retention_ms: 0, meter: null, exec: false, workloads, documents: [], ...change,
    };
    const id = chainId(grid, by, nonce);
    await appendSigned(this.book, { chain: `contract/${id}`, kind: 'agreement@1', body }, [alice.signer('bot'), alice.signer('wallet'), farm.signer('farm')]);
    return id;
  }

  /** The consumer says something on a contract. */
  async say(contract: string, kind: 'end@1' | 'workload@1', body: object): Promise<void> {
    const alice = await this.keys.get('identity', 'alice');
    await appendSigned(this.book, { chain: `contract/${contract}`, kind, body }, [alice.signer('bot')]);
  }

  /** A private network of the consumer's; its id. */
  async network(subnet: string): Promise<string> {
    const bot = (await this.keys.get('identity', 'alice')).signer('bot');
    const nonce = randomBytes(16).toString('hex');
    const id = chainId(this.book.id, bot.key, nonce);
    await appendSigned(this.book, { chain: `network/${id}`, kind: 'network@1', body: { by: bot.key, nonce, name: 'home', subnet, devices: [] } }, [bot]);
    return id;
  }

  /** The consumer pays for more time. */
  async fund(contract: string, term_ms: number): Promise<void> {
    using data = openPrivate(this.home);
    await fund(this.book, (await this.keys.get('identity', 'alice')).signer('wallet'), new Unsent(data, this.book.id), { contract, term_ms }, 1_000n * TFT);
  }

  /** The consumer's side of secrets: what a record says of them, and the letter to the node. */
  async secrets(given: readonly GivenSecret[]): Promise<{ listed: (workload: Workload) => Workload; send: (contract: string) => Promise<void> }> {
    const alice = await this.keys.get('identity', 'alice');
    using data = openPrivate(this.home);
    const salting = await saltingOf(data, alice);
    const parts = { home: this.home, grid: this.book, me: speakerOf(alice, this.book.reader), signal: this.signal };
    return { listed: (workload) => withHashes([listing(workload, given)], given, salting)[0] as Workload, send: (contract) => sendSecrets(parts, contract, given, salting) };
  }

  contract(id: string): ContractObject {
    const found = read(this.book.reader, 'contract', id);
    if (found === undefined) throw new Error(`no contract ${id}`);
    return found;
  }

  run(id: string): RunObject | undefined {
    return read(this.book.reader, 'run', id);
  }

  /** State of a workload as the book has it; null before the node has spoken of it. */
  said(id: string, workload = 'web'): string | null {
    return this.run(id)?.workloads.find(({ name }) => name === workload)?.state ?? null;
  }

  /** A watcher of the node; with `interval_ms` it loops until it is disposed of. @param around puts another driver around the real one */
  async watch({ clock = this.clock, interval_ms, around = (driver) => driver }: { clock?: Clock; interval_ms?: number; around?: (driver: Driver) => Driver } = {}): Promise<Watching> {
    const { config, keys, nodeHome } = this;
    const stop = new AbortController();
    const signal = AbortSignal.any([this.signal, stop.signal]);
    const keyring = await keys.get('node', 'node');
    const grid = await openGrid({ home: nodeHome, clock, signal: this.signal, openKeyring: (type, name) => keys.get(type, name), grid: config.grid });
    const events: WatchEvent[] = [];
    let rounds = 0;
    const node = openNode({ home: nodeHome, grid, config, keyring, overcommit: true, once: interval_ms === undefined, clock, signal, tell: (event) => events.push(event), rounded: () => (rounds += 1), around });
    const { watcher, driver, volumes } = node;
    const loop = interval_ms === undefined ? Promise.resolve() : watcher.forever(interval_ms);
    // As the command does it.
    const deaf = interval_ms === undefined ? () => undefined : grid.onNews(() => watcher.wake());
    return {
      watcher, grid, driver, volumes, events, loop,
      get rounds() {
        return rounds;
      },
      async [Symbol.asyncDispose]() {
        deaf();
        stop.abort();
        await loop;
        await node[Symbol.asyncDispose]();
        await grid[Symbol.asyncDispose]();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { driver, volumes, networks } = openTools(this.nodeHome, this.config, true);
    const signal = AbortSignal.timeout(60_000);
    for (const ref of await driver.list(signal)) await driver.remove(ref, signal);
    for (const { contract } of await volumes.list()) await volumes.wipe(contract, signal);
    await networks.end(signal);
    await driver[Symbol.asyncDispose]();
    await this.goAway();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Farm and node in the book, as `farm create` and `node join` would put them there. */
  async #settle(grid: string, runtime: NodeConfig['runtime'], allow_registries: string[]): Promise<void> {
    const { keys, nodeHome } = this;
    const alice = await keys.get('identity', 'alice');
    const farm = await keys.get('farm', 'farm');
    const node = await keys.get('node', 'node');
    const bot = alice.signer('bot');
    await ensureIdentity(this.book, alice);
    const nonce = randomBytes(16).toString('hex');
    this.farm = chainId(grid, bot.key, nonce);
    const chain = `farm/${this.farm}`;
    const payout = farm.public['sealing'] ?? '';
    const body = { by: bot.key, nonce, owner: `bot/${bot.key}`, farm_key: farm.public['farm'], sealing_key: farm.public['sealing'], endpoint: null, payout, name: 'farm', place: '' };
    await appendSigned(this.book, { chain, kind: 'farm@1', body }, [farm.signer('farm'), bot]);
    const key = node.signer('node').key;
    await appendSigned(this.book, { chain, kind: 'admit@1', body: { node: key } }, [farm.signer('farm')]);
    const announcement: Announcement = {
      farm: this.farm, declared: true, capacity: { cru: 8, mru_mib: 16_384, sru_mib: 512_000, hru_mib: 0, ipv4: 0 }, host_share: { cru: 0, mru_mib: 0, sru_mib: 0, hru_mib: 0, ipv4: 0 }, devices: [],
      platform: 'linux/amd64', runtime, features: runtime === 'podman' ? ['wireguard'] : [], virtualised: true, location: { country: null, region: null }, address: null, sealing_key: node.public['sealing'] ?? '',
    };
    await appendSigned(this.book, { chain: `node/${key}`, kind: 'announcement@1', body: announcement }, [node.signer('node')]);
    this.config = { key, grid, farm: this.farm, runtime, allow_registries, allow_consumers: [bot.key], address: null, data: join(nodeHome.path, 'data') };
  }
}

/** Waits for something to become true, at most a minute. */
export async function until(what: string, ask: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const ok = await Promise.resolve(ask());
    if (ok) return;
    if (Date.now() > deadline) throw new Error(`not within a minute: ${what}`);
    await delay(20);
  }
}

/** A command of the process runtime, named web unless said otherwise. */
export function bare(command: string[], name = 'web'): Workload {
  return { name, image: null, command, env: [], ports: [], secrets: [] };
}

