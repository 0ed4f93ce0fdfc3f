// Home folders for tests of the wire: real files, real sockets, keys in memory so that no scrypt is paid.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { formatTft } from '../../src/base/amount.js';
import { openHome, updateConfig, type Home } from '../../src/home.js';
import { openSecret, type Keyring, type KeyringType } from '../../src/keys/keyring.js';
import { makeRecord, signRecord } from '../../src/bcdb/record.js';
import { appendSigned, ensureIdentity, nextPayload } from '../../src/net/compose.js';
import { startDaemon, type Daemon, type DaemonOptions } from '../../src/net/daemon.js';
import { createGrid } from '../../src/net/genesis.js';
import { Grid, openGrid, type GridOptions } from '../../src/net/grid.js';
import type { MailParts } from '../../src/net/mail/mail.js';
import { joinGrid, type Joined } from '../../src/net/join.js';
import { read } from '../../src/rules/objects.js';
import type { SignedRecord } from '../../src/schema/types.js';
import { ownMail } from '../named.js';

/** A home folder with one identity, removed at the end. */
export class TestHome implements AsyncDisposable {
  readonly home: Home;
  readonly identity: Keyring;
  readonly stop = new AbortController();
  clock = (): number => Date.now();
  readonly #keyrings = new Map<string, Keyring>();
  readonly #open: AsyncDisposable[] = [];

  private constructor(home: Home, identity: Keyring) {
    this.home = home;
    this.identity = identity;
    this.#keyrings.set(`identity ${identity.name}`, identity);
  }

  static async create(name: string): Promise<TestHome> {
    const home = openHome(mkdtempSync(join(tmpdir(), `3bot-${name}-`)));
    updateConfig(home, (config) => void (config.identity = name));
    return new TestHome(home, await openSecret('identity', name, createHash('sha256').update(`${name} ${home.path}`).digest()));
  }

  get options(): GridOptions & { createKeyring: (type: KeyringType, name: string) => Promise<Keyring> } {
    return {
      home: this.home,
      clock: () => this.clock(),
      signal: this.stop.signal,
      openKeyring: async (type, name) => {
        const keyring = this.#keyrings.get(`${type} ${name}`);
        if (keyring === undefined) throw new Error(`no ${type} ${name}`);
        return keyring;
      },
      createKeyring: async (type, name) => {
        const keyring = await openSecret(type, name, randomBytes(32));
        this.#keyrings.set(`${type} ${name}`, keyring);
        return keyring;
      },
    };
  }

  /** Begins a development grid here; the identity's wallet has 1,000 TFT. */
  async create(name = 'test-grid'): Promise<string> {
    const account = this.identity.public['wallet'] as string;
    return (await createGrid({ ...this.options, name, dev: true, owner: this.identity, allocations: [{ account, amount_stroops: '10000000000' }] })).id;
  }

  async join(url: string, genesis?: string): Promise<Joined> {
    return joinGrid({ ...this.options, url, genesis });
  }

  /** The grid in use; closed at the end. */
  async grid(): Promise<Grid> {
    const grid = await openGrid(this.options);
    this.#open.push(grid);
    return grid;
  }

  /** A daemon of this home; closed at the end. */
  async daemon(more: Partial<DaemonOptions> = {}): Promise<Daemon & { readonly url: string }> {
    const daemon = await startDaemon({ ...this.options, log: pino({ level: 'silent' }), listen: { host: '127.0.0.1', port: 0 }, ...more });
    this.#open.push(daemon);
    return daemon as Daemon & { readonly url: string };
  }

  /** Closes what is open; the folder stays. */
  async close(): Promise<void> {
    for (let one = this.#open.pop(); one !== undefined; one = this.#open.pop()) await one[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    this.stop.abort();
    rmSync(this.home.path, { recursive: true, force: true });
  }
}

/** Whose mail it is. */
export function mailOf({ home, identity, stop }: TestHome, grid: Grid): MailParts {
  return ownMail(home, grid, identity, stop.signal);
}

/** Sends TFT from the identity's wallet; also gives the grid an identity where there is none. */
export async function send(grid: Grid, from: Keyring, to: string, memo = ''): Promise<{ id: string; index: number }> {
  await ensureIdentity(grid, from);
  const wallet = from.signer('wallet');
  const body = { payers: [{ account: wallet.key, amount_stroops: '10000000' }], to, memo };
  return appendSigned(grid, { chain: `account/${wallet.key}`, kind: 'transfer@1', body }, [wallet]);
}

/** Sends 1 stroop so many times, all in one submission. */
export async function sendMany(grid: Grid, from: Keyring, to: string, count: number): Promise<void> {
  await send(grid, from, to);
  const wallet = from.signer('wallet');
  const chain = `account/${wallet.key}`;
  const body = { payers: [{ account: wallet.key, amount_stroops: '1' }], to, memo: '' };
  let payload = nextPayload(grid, chain, 'transfer@1', body, grid.clock());
  const records: SignedRecord[] = [];
  for (let i = 0; i < count; i++) {
    const record = makeRecord(payload);
    records.push(await signRecord(record, [wallet]));
    payload = { ...payload, height: payload.height + 1, prev: record.id };
  }
  const outcomes = await grid.submit(records);
  for (const outcome of outcomes) if (!outcome.ok) throw outcome.problem;
}

/** A balance in TFT. */
export function balance(grid: Grid, account: string): string {
  return formatTft(BigInt(read(grid.reader, 'account', account)?.balance_stroops ?? '0'));
}

/** Waits until it holds. @throws Error after 10 s */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('did not come about within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
