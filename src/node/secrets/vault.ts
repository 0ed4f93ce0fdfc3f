// Secrets of the contracts on this node, in bot.sqlite, each sealed to the node's own key: a restart of the agent or of
// the machine needs no consumer.
//
// Losing them loses no data: what runs goes on, and what has to be started waits until the consumer sends them again.
import { effect } from '../../base/effect.js';
import type { Keyring } from '../../keys/keyring.js';
import { seal } from '../../keys/box.js';
import type { Private } from '../../private.js';
import type { Scope } from '../driver.js';

const SQL = {
  all: 'SELECT contract, sha256 FROM node_secrets WHERE grid = ? AND node = ?',
  keep: 'INSERT INTO node_secrets (grid, node, contract, sha256, box) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  box: 'SELECT box FROM node_secrets WHERE grid = ? AND node = ? AND contract = ? AND sha256 = ?',
  drop: 'DELETE FROM node_secrets WHERE grid = ? AND node = ? AND contract = ? AND sha256 = ?',
} as const;

/** A secret of a contract; what it is called is for the workloads that name its hash. */
export interface SecretId {
  readonly contract: string;
  readonly sha256: string;
}

/** The sealed secrets of one node of one grid; durable on return of every call. One process writes them. */
export class Vault {
  readonly #data: Private;
  readonly #keyring: Pick<Keyring, 'public' | 'unseal'>;
  readonly #scope: readonly [grid: string, node: string];
  readonly #known = new Map<string, SecretId>();

  constructor(data: Private, { grid, node }: Scope, keyring: Pick<Keyring, 'public' | 'unseal'>) {
    this.#data = data;
    this.#keyring = keyring;
    this.#scope = [grid, node];
    for (const id of data.db.prepare(SQL.all).all(...this.#scope) as SecretId[]) this.#known.set(keyOf(id), id);
  }

  /** All that is kept. */
  all(): readonly SecretId[] {
    return [...this.#known.values()];
  }

  has(id: SecretId): boolean {
    return this.#known.has(keyOf(id));
  }

  keep(id: SecretId, bytes: Uint8Array): void {
    const box = seal(this.#keyring.public['sealing'] ?? '', bytes);
    effect('secret_kept', () => this.#data.db.prepare(SQL.keep).run(...this.#scope, id.contract, id.sha256, box));
    this.#known.set(keyOf(id), { contract: id.contract, sha256: id.sha256 });
  }

  /** The bytes; null where there are none. @throws Problem `integrity` where the file was changed */
  async open({ contract, sha256 }: SecretId): Promise<Buffer | null> {
    const row = this.#data.db.prepare(SQL.box).get(...this.#scope, contract, sha256) as { box: Buffer } | undefined;
    return row === undefined ? null : Buffer.from(await this.#keyring.unseal(row.box));
  }

  drop(id: SecretId): void {
    effect('secret_dropped', () => this.#data.db.prepare(SQL.drop).run(...this.#scope, id.contract, id.sha256));
    this.#known.delete(keyOf(id));
  }
}

function keyOf({ contract, sha256 }: SecretId): string {
  return `${contract}/${sha256}`;
}
