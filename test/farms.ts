// Further farms of a market for tests: each a home folder of its own that follows the grid and answers over HTTP.
import { randomBytes } from 'node:crypto';
import { chainId } from '../src/bcdb/record.js';
import { farmerRole } from '../src/farmer/role.js';
import { updateConfig } from '../src/home.js';
import { seedSigner, type Signer } from '../src/keys/ed25519.js';
import { appendSigned, ensureIdentity } from '../src/net/compose.js';
import type { Daemon } from '../src/net/daemon.js';
import type { Announcement, Farm, Resources } from '../src/schema/types.js';
import { gib, HOUR, type Market } from './deal.js';
import { TestHome } from './net/homes.js';

/** What a farm is. */
export interface FarmWords {
  readonly name: string;
  /** Price of a cloud unit an hour, stroops. */
  readonly cu: number;
  /** Of each of its nodes. */
  readonly nodes?: readonly { readonly capacity?: Resources; readonly location?: Announcement['location'] }[];
}

/** A farm beside the market's own. */
export class TestFarm implements AsyncDisposable {
  readonly id: string;
  readonly nodes: readonly Signer[];
  readonly test: TestHome;
  readonly #daemon: Daemon;

  private constructor(id: string, nodes: readonly Signer[], test: TestHome, daemon: Daemon) {
    this.id = id;
    this.nodes = nodes;
    this.test = test;
    this.#daemon = daemon;
  }

  static async open(market: Market, { name, cu, nodes: words = [{}] }: FarmWords): Promise<TestFarm> {
    const test = await TestHome.create(name);
    await test.join(market.url);
    const keyring = await test.options.createKeyring('farm', name);
    const grid = await test.grid();
    await ensureIdentity(grid, test.identity);
    const bot = test.identity.signer('bot');
    const farm = keyring.signer('farm');
    const nonce = randomBytes(16).toString('hex');
    const id = chainId(grid.id, bot.key, nonce);
    const body: Farm = { by: bot.key, nonce, owner: `bot/${bot.key}`, farm_key: farm.key, sealing_key: keyring.public['sealing'] ?? '', endpoint: null, payout: test.identity.public['wallet'] ?? '', name, place: '' };
    await appendSigned(grid, { chain: `farm/${id}`, kind: 'farm@1', body }, [farm, bot]);
    await appendSigned(grid, { chain: `farm/${id}`, kind: 'prices@1', body: { prices: { cu_stroops: String(cu), su_stroops: '50000', nu_stroops: '15000', ipv4_stroops: '40000' } } }, [farm]);
    const nodes: Signer[] = [];
    for (const { capacity = gib(8, 16, 500), location = { country: null, region: null } } of words) {
      const node = seedSigner(randomBytes(32));
      const announcement: Announcement = { farm: id, declared: true, capacity, host_share: gib(0, 0, 0), devices: [], platform: 'linux/amd64', runtime: 'podman', features: [], virtualised: true, location, address: '127.0.0.1', sealing_key: 'ab'.repeat(32) };
      await appendSigned(grid, { chain: `node/${node.key}`, kind: 'announcement@1', body: announcement }, [node]);
      await appendSigned(grid, { chain: `farm/${id}`, kind: 'admit@1', body: { node: node.key } }, [farm]);
      nodes.push(node);
    }
    await grid[Symbol.asyncDispose]();
    updateConfig(test.home, (config) => void (config.farm = { id, grid: grid.id, name, allow_registries: [], allow_consumers: null, deny_consumers: [], max_term_ms: 366 * 24 * HOUR }));
    return new TestFarm(id, nodes, test, await test.daemon({ roles: [farmerRole] }));
  }

  /** From now on it answers nobody. */
  async stop(): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.test[Symbol.asyncDispose]();
  }
}
