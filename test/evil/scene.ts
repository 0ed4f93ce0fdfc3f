// An evil home beside the honest one: what both serve to a copy that has the first four of six lines.
import { makeRecord, signRecord } from '../../src/bcdb/record.js';
import { seedSigner, type Signer } from '../../src/keys/ed25519.js';
import { ensureIdentity } from '../../src/net/compose.js';
import { openGrid, type Grid } from '../../src/net/grid.js';
import { readGrid } from '../../src/rules/objects.js';
import type { Line, Payload } from '../../src/schema/types.js';
import { send, TestHome } from '../net/homes.js';
import { EvilHome } from './evilhome.js';

export const STRANGER = seedSigner(Buffer.alloc(32, 7));

/** An honest book of six lines, a home that serves it, and a copy that has the first four. */
export class Scene implements AsyncDisposable {
  readonly alice: TestHome;
  readonly bob: TestHome;
  readonly evil: EvilHome;
  readonly copy: Grid;
  readonly lines: readonly Line[];

  private constructor(alice: TestHome, bob: TestHome, evil: EvilHome, copy: Grid, lines: readonly Line[]) {
    this.alice = alice;
    this.bob = bob;
    this.evil = evil;
    this.copy = copy;
    this.lines = lines;
  }

  static async set(): Promise<Scene> {
    const alice = await TestHome.create('alice');
    const bob = await TestHome.create('bob');
    await alice.create();
    const grid = await alice.grid();
    await ensureIdentity(grid, bob.identity);
    for (const memo of ['one', 'two', 'three']) await send(grid, alice.identity, STRANGER.key, memo);
    const lines = [...grid.reader.lines(0, grid.reader.size)];
    const evil = await EvilHome.start(lines.slice(0, 4), await alice.options.openKeyring('log', readGrid(grid.reader).nonce));
    await bob.join(evil.url, grid.id);
    return new Scene(alice, bob, evil, await openGrid(bob.options), lines);
  }

  /** The line that continues a chain of the honest book, as anybody may make it. */
  async line(kind: string, chain: string, body: object, signers: readonly Signer[], change: Partial<Payload> = {}): Promise<Line> {
    const { alice, copy } = this;
    await using home = await openGrid(alice.options);
    const head = home.reader.head(chain);
    const payload = { v: 1, grid: copy.id, chain, height: head === undefined ? 0 : head.height + 1, prev: head?.id ?? null, kind, time: Date.now(), body: { ...body }, ...change } as Payload;
    return { ...(await signRecord(makeRecord(payload), signers)), at: (this.lines[5] as Line).at + 1 };
  }

  wallet(of: TestHome): Signer {
    return of.identity.signer('wallet');
  }

  transfer(of: TestHome, stroops: string, signers: readonly Signer[]): Promise<Line> {
    const account = this.wallet(of).key;
    return this.line('transfer@1', `account/${account}`, { payers: [{ account, amount_stroops: stroops }], to: STRANGER.key, memo: '' }, signers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.copy[Symbol.asyncDispose]();
    await this.evil[Symbol.asyncDispose]();
    await this.bob[Symbol.asyncDispose]();
    await this.alice[Symbol.asyncDispose]();
  }
}

/** Another signature than this one. */
export function other(sig: string): string {
  return sig.startsWith('A') ? `B${sig.slice(1)}` : `A${sig.slice(1)}`;
}
