// A market for tests: a grid with its home, a farm that answers over HTTP, a node's key, and buyers in homes of their own.
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { seedSigner, type Signer } from '../src/keys/ed25519.js';
import { openSecret, type Keyring } from '../src/keys/keyring.js';
import { randomBytes } from 'node:crypto';
import { updateConfig } from '../src/home.js';
import { openPrivate, type Private } from '../src/private.js';
import { farmerRole } from '../src/farmer/role.js';
import { chainId } from '../src/bcdb/record.js';
import { Client } from '../src/net/client.js';
import { appendSigned, ensureIdentity } from '../src/net/compose.js';
import type { Daemon } from '../src/net/daemon.js';
import type { Grid } from '../src/net/grid.js';
import type { Post } from '../src/net/talk.js';
import type { OrderParts } from '../src/consumer/order.js';
import type { Wanted } from '../src/consumer/quote.js';
import type { Announcement, Farm, Resources, Run } from '../src/schema/types.js';
import { TestHome } from './net/homes.js';

export const HOUR = 3_600_000;
export const gib = (cru: number, mru: number, sru: number, hru = 0): Resources => ({ cru, mru_mib: mru * 1024, sru_mib: sru * 1024, hru_mib: hru * 1024, ipv4: 0 });

/** What a buyer asks for, unless the test says otherwise. */
export function wanted(more: Partial<Wanted> = {}): Wanted {
  return { resources: gib(4, 4, 100), term_ms: 720 * HOUR, farm: null, node: null, location: null, runtime: null, workloads: [], signers: [], order: null, retention_ms: null, commit_within_ms: 60_000, ...more };
}

/** A TCP proxy that can swallow what comes back: the request arrives, its answer is lost. */
export class Proxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Answers still to be lost. */
  lose = 0;
  url = '';

  private constructor(target: number) {
    this.#server = createServer((near) => {
      const far = connect(target, '127.0.0.1');
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => {
          this.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.on('data', (chunk) => {
        if (this.lose === 0) return void near.write(chunk);
        this.lose -= 1;
        near.destroy();
      });
    });
  }

  static async to(url: string): Promise<Proxy> {
    const proxy = new Proxy(Number(new URL(url).port));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    proxy.url = `http://127.0.0.1:${(proxy.#server.address() as AddressInfo).port}`;
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A farm with one node, served by the grid's home. */
export class Market implements AsyncDisposable {
  readonly seller: TestHome;
  readonly node: Signer;
  farm = '';
  grid!: Grid;
  /** Between every buyer and the seller. */
  proxy!: Proxy;
  #daemon!: Daemon & { readonly url: string };
  readonly #keyring: Keyring;
  readonly #buyers: AsyncDisposable[] = [];

  private constructor(seller: TestHome, keyring: Keyring) {
    this.seller = seller;
    this.#keyring = keyring;
    this.node = seedSigner(randomBytes(32));
  }

  static async open(capacity: Resources = gib(8, 16, 500), node: Partial<Announcement> = {}): Promise<Market> {
    const seller = await TestHome.create('seller');
    await seller.create();
    const market = new Market(seller, await seller.options.createKeyring('farm', 'sunny'));
    const grid = await seller.grid();
    await market.#found(grid, capacity, node);
    await grid[Symbol.asyncDispose]();
    await market.start();
    return market;
  }

  async #found(grid: Grid, capacity: Resources, more: Partial<Announcement>): Promise<void> {
    const { identity } = this.seller;
    const bot = identity.signer('bot');
    const nonce = randomBytes(16).toString('hex');
    this.farm = chainId(grid.id, bot.key, nonce);
    const farm = this.#keyring.signer('farm');
    const body: Farm = { by: bot.key, nonce, owner: `bot/${bot.key}`, farm_key: farm.key, sealing_key: this.#keyring.public['sealing'] ?? '', endpoint: 'http://127.0.0.1:1', payout: (await openSecret('identity', 'till', randomBytes(32))).public['wallet'] ?? '', name: 'sunny', place: '' };
    await appendSigned(grid, { chain: `farm/${this.farm}`, kind: 'farm@1', body }, [farm, bot]);
    await this.announce(grid, capacity, more);
    await appendSigned(grid, { chain: `farm/${this.farm}`, kind: 'admit@1', body: { node: this.node.key } }, [farm]);
    updateConfig(this.seller.home, (config) => void (config.farm = { id: this.farm, grid: grid.id, name: 'sunny', allow_registries: [], allow_consumers: null, deny_consumers: [], max_term_ms: 366 * 24 * HOUR }));
  }

  async announce(grid: Grid, capacity: Resources, more: Partial<Announcement> = {}): Promise<void> {
    const body: Announcement = {
      farm: this.farm, declared: true, capacity, host_share: gib(0, 0, 0), devices: [], platform: 'linux/amd64', runtime: 'podman', features: [], virtualised: true,
      location: { country: null, region: null }, address: '127.0.0.1', sealing_key: 'ab'.repeat(32), ...more,
    };
    await appendSigned(grid, { chain: `node/${this.node.key}`, kind: 'announcement@1', body }, [this.node]);
  }

  /** Starts the seller's daemon, with its proxy in front. */
  async start(): Promise<void> {
    this.#daemon = await this.seller.daemon({ roles: [farmerRole] });
    this.grid = [...this.#daemon.grids.values()][0] as Grid;
    this.proxy = await Proxy.to(this.#daemon.url);
    const { id: _id, prices: _prices, ...farm } = this.grid.reader.get(`farm/${this.farm}`) as unknown as Farm & { id: string; prices: unknown };
    await appendSigned(this.grid, { chain: `farm/${this.farm}`, kind: 'farm@1', body: { ...farm, endpoint: this.proxy.url } }, [this.#keyring.signer('farm')]);
  }

  async stop(): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    await this.#daemon[Symbol.asyncDispose]();
  }

  get url(): string {
    return this.#daemon.url;
  }

  /** Those who sign for the farm. */
  get signers(): readonly Signer[] {
    return [this.#keyring.signer('farm')];
  }

  /** A home that has joined, with an identity on the grid and TFT from the faucet. */
  async buyer(name: string): Promise<TestBuyer> {
    const buyer = await TestBuyer.join(name, this.proxy.url);
    this.#buyers.push(buyer);
    return buyer;
  }

  /** The node's word on a contract. */
  async run(contract: string, body: Partial<Run>): Promise<void> {
    const whole: Run = { workload: null, state: 'held', reason: null, exit_code: null, observed_ms: Date.now(), ports: [], ...body };
    await appendSigned(this.grid, { chain: `run/${contract}`, kind: 'run@1', body: whole }, [this.node]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const buyer of this.#buyers) await buyer[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
    await this.seller[Symbol.asyncDispose]();
  }
}

/** A buyer's home. */
export class TestBuyer implements AsyncDisposable {
  readonly test: TestHome;
  readonly grid: Grid;
  readonly private: Private;
  readonly #clients = new Map<string, Client>();

  private constructor(test: TestHome, grid: Grid) {
    this.test = test;
    this.grid = grid;
    this.private = openPrivate(test.home);
  }

  static async join(name: string, url: string): Promise<TestBuyer> {
    const test = await TestHome.create(name);
    await test.join(url);
    const grid = await test.grid();
    await ensureIdentity(grid, test.identity);
    const wallet = test.identity.signer('wallet');
    await appendSigned(grid, { chain: `account/${wallet.key}`, kind: 'faucet@1', body: { amount_stroops: '10000000000' } }, [wallet]);
    return new TestBuyer(test, grid);
  }

  /** Parts of an order that says yes to everything, unless the test says otherwise. */
  parts(more: Partial<OrderParts> = {}): OrderParts {
    const { test, grid } = this;
    return {
      grid, keyring: test.identity, post: (endpoint) => this.post(endpoint), clock: () => Date.now(), signal: test.stop.signal,
      home: test.home, private: this.private, approve: async () => undefined, ...more,
    };
  }

  post(endpoint: string): Post {
    const client = this.#clients.get(endpoint) ?? new Client({ url: endpoint });
    this.#clients.set(endpoint, client);
    return (sealed, signal) => client.talk(sealed, signal);
  }

  get wallet(): string {
    return this.test.identity.public['wallet'] ?? '';
  }

  get bot(): string {
    return this.test.identity.public['bot'] ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients.values()) await client[Symbol.asyncDispose]();
    this.private[Symbol.dispose]();
    await this.test[Symbol.asyncDispose]();
  }
}
