// Orders under way, in bot.sqlite: written down before anything is sent, so that a break never makes a second contract.
//
//   ordered ─▶ accepting ─▶ farmer_signed ─▶ signed ─▶ committed ─▶ kept (the receipt is a file, the contract told)
//      ▲            │             │             │
//      └────────────┴─────────────┴─────────────┘  the draft has expired or was refused: asked for again, same contract
import { randomBytes } from 'node:crypto';
import { canonical } from '../base/canonical.js';
import { Problem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import { chainId } from '../bcdb/record.js';
import type { ReadState } from '../bcdb/rulebook.js';
import type { Private } from '../private.js';
import { read } from '../rules/objects.js';
import { viewOf } from '../rules/view.js';
import type { Signature } from '../schema/types.js';
import { differences, type Ordered } from './same.js';

/** How far an order is. */
export type Stage = 'ordered' | 'accepting' | 'farmer_signed' | 'signed' | 'committed' | 'kept';

/** An order as kept. */
export interface Order {
  readonly grid: string;
  readonly contract: string;
  readonly nonce: string;
  readonly name: string | null;
  readonly stage: Stage;
  /** The draft, once an offer was taken. */
  readonly payload: string | null;
  readonly signatures: readonly Signature[];
}

/** What can change. */
export type OrderChange = Partial<Pick<Order, 'stage' | 'payload' | 'signatures'>>;

const COLUMNS = 'grid, contract, nonce, name, stage, payload, signatures';
const SQL = {
  get: `SELECT ${COLUMNS}, arguments FROM orders WHERE grid = ? AND contract = ?`,
  open: `SELECT ${COLUMNS}, arguments FROM orders WHERE grid = ? AND bot = ? AND arguments = ? AND stage <> 'kept' AND name IS NULL ORDER BY changed_ms DESC`,
  add: `INSERT INTO orders (grid, contract, nonce, bot, name, arguments, stage, changed_ms) VALUES (?, ?, ?, ?, ?, ?, 'ordered', ?)`,
  close: "UPDATE orders SET stage = 'kept' WHERE contract = ? AND stage = 'committed'",
  mean: 'UPDATE orders SET arguments = ? WHERE grid = ? AND contract = ?',
  change: 'UPDATE orders SET stage = ?, payload = ?, signatures = ?, changed_ms = ? WHERE grid = ? AND contract = ?',
} as const;

/** Contracts of one name, one after the other, that are looked through. */
const MAX_OF_ONE_NAME = 100_000;

type Row = Omit<Order, 'signatures'> & { signatures: string; arguments: string };

/** The orders of one identity on one grid. */
export class Orders {
  readonly #data: Private;
  readonly #grid: string;
  readonly #bot: string;

  /** @param bot key of the identity, hex */
  constructor(data: Private, grid: string, bot: string) {
    this.#data = data;
    this.#grid = grid;
    this.#bot = bot;
  }

  /**
   * The order for these arguments: with a name the one of that name, else one with the same arguments that was
   * interrupted, else a new one. Durable on return.
   * @param wanted everything that makes the order what it is
   * @throws Problem `refused`, reason `name`, where the name stands for an order with other arguments
   */
  begin(state: ReadState, name: string | null, wanted: Ordered, at: number): Order {
    const hash = sha256Hex(canonical(wanted));
    // Immediate, so that two commands at the same time see one order, not two.
    return this.#data.db.transaction(() => (name === null ? this.#unnamed(state, hash, at) : this.#named(state, name, wanted, hash, at))).immediate();
  }

  /** `begin` for several names at once: all of them are written down, or none. */
  beginAll(state: ReadState, wanted: readonly { readonly name: string; readonly wanted: Ordered }[], at: number): Order[] {
    return this.#data.db.transaction(() => wanted.map((one) => this.#named(state, one.name, one.wanted, sha256Hex(canonical(one.wanted)), at))).immediate();
  }

  /** The contract in force that a name means; undefined where it means none. */
  inForce(state: ReadState, name: string, at: number): string | undefined {
    for (let n = 0; n < MAX_OF_ONE_NAME; n += 1) {
      const contract = chainId(this.#grid, this.#bot, nonceOf(name, n));
      if (read(state, 'contract', contract) === undefined) return undefined;
      if (!isOver(state, contract, at)) return contract;
    }
    return undefined;
  }

  #unnamed(state: ReadState, hash: string, at: number): Order {
    const open = this.#data.db.prepare(SQL.open).all(this.#grid, this.#bot, hash) as Row[];
    const found = open.find(({ contract }) => !isOver(state, contract, at));
    if (found !== undefined) return orderOf(found);
    return this.#add(randomBytes(16).toString('hex'), null, hash, at);
  }

  /** `n` counts the ended contracts of the name: as long as one is in force, the name means that one. */
  #named(state: ReadState, name: string, wanted: Ordered, hash: string, at: number): Order {
    for (let n = 0; n < MAX_OF_ONE_NAME; n += 1) {
      const nonce = nonceOf(name, n);
      const contract = chainId(this.#grid, this.#bot, nonce);
      if (isOver(state, contract, at)) continue;
      const row = this.#data.db.prepare(SQL.get).get(this.#grid, contract) as Row | undefined;
      const agreement = read(state, 'contract', contract)?.agreement;
      // Once it is in the book the book says what the name means, whichever machine ordered it.
      const different = agreement === undefined ? [] : differences(agreement, wanted);
      if (different.length > 0) throw taken(name, contract, `differs in ${different.join(', ')}`);
      if (row === undefined) return this.#add(nonce, name, hash, at);
      const isOpen = row.stage === 'ordered' || agreement !== undefined;
      // Nothing was taken under this name yet, so it may still mean something else.
      if (row.arguments !== hash && isOpen) this.#data.db.prepare(SQL.mean).run(hash, this.#grid, contract);
      else if (row.arguments !== hash) throw taken(name, contract, 'was ordered with other arguments');
      return orderOf(row);
    }
    throw new Problem('refused', `${MAX_OF_ONE_NAME} contracts had the name ${name}`, { reason: 'name', hint: 'another --name' });
  }

  #add(nonce: string, name: string | null, hash: string, at: number): Order {
    const contract = chainId(this.#grid, this.#bot, nonce);
    this.#data.db.prepare(SQL.add).run(this.#grid, contract, nonce, this.#bot, name, hash, at);
    return { grid: this.#grid, contract, nonce, name, stage: 'ordered', payload: null, signatures: [] };
  }

  /** Notes how far an order is. Durable on return. */
  change(order: Order, change: OrderChange, at: number): Order {
    const next = { ...order, ...change };
    this.#data.db.prepare(SQL.change).run(next.stage, next.payload, JSON.stringify(next.signatures), at, next.grid, next.contract);
    return next;
  }
}

/**
 * Ends an order that was committed, once the person or script has been told of its contract: from here on the same
 * arguments mean another one. Until then, whatever breaks, the same command finds the contract again.
 */
export function closeOrder(data: Private, contract: string): void {
  data.db.prepare(SQL.close).run(contract);
}

/** Of the contract that has a name after `n` that are over. */
function nonceOf(name: string, n: number): string {
  return sha256Hex(canonical({ name, n })).slice(0, 32);
}

/** The refusal of a name that means something else. */
export function taken(name: string, contract: string, how: string): Problem {
  return new Problem('refused', `${name} is the name of contract ${contract}, which ${how}`, { reason: 'name', hint: `another --name, or 3bot contract show ${contract.slice(0, 12)}` });
}

function isOver(state: ReadState, id: string, at: number): boolean {
  const contract = read(state, 'contract', id);
  return contract !== undefined && viewOf(state, contract, at).state === 'ended';
}

function orderOf({ arguments: _arguments, signatures, ...order }: Row): Order {
  return { ...order, signatures: JSON.parse(signatures) as Signature[] };
}
