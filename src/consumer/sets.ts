// Names for orders of several parts that nobody named, in bot.sqlite: until somebody was told of it, the same arguments
// mean the order that they meant before.
import { randomInt } from 'node:crypto';
import { canonical } from '../base/canonical.js';
import { sha256Hex } from '../base/hash.js';
import type { Private } from '../private.js';
import type { Spread } from './choose.js';
import type { Ordered } from './same.js';

/** No letter of them is a digit of an id, and none is taken for another. */
const LETTERS = 'ghjkmnpqrstvwxyz';
/** 2^32 names: of one bot no two will meet. */
const LENGTH = 8;

const SQL = {
  open: 'SELECT name FROM order_names WHERE grid = ? AND bot = ? AND arguments = ?',
  add: 'INSERT INTO order_names (grid, bot, name, arguments) VALUES (?, ?, ?, ?)',
  close: 'DELETE FROM order_names WHERE name = ?',
} as const;

/** Whose order it is. */
export interface Owner {
  readonly data: Private;
  /** Id of the grid. */
  readonly grid: string;
  /** Key of the identity, hex. */
  readonly bot: string;
}

/** The name of the order with these arguments that was not told yet, else a new one. Durable on return. */
export function nameOfOrder({ data: { db }, grid, bot }: Owner, wanted: Ordered, count: number, spread: Spread | null): string {
  const hash = sha256Hex(canonical({ wanted, count, spread }));
  // Immediate, so that two commands at the same time see one order, not two.
  return db.transaction(() => {
    const open = db.prepare(SQL.open).pluck().get(grid, bot, hash) as string | undefined;
    if (open !== undefined) return open;
    const name = Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
    db.prepare(SQL.add).run(grid, bot, name, hash);
    return name;
  }).immediate();
}

/** Once the name was told, the same arguments mean another order. */
export function closeNamed({ db }: Private, name: string): void {
  db.prepare(SQL.close).run(name);
}
