// One order of several contracts: all of them or none. Each part is written down like an order of its own, under the name
// ORDER/PART; farms are chosen for all together, and what they signed is recorded in one transaction.
//
//   choose the cheapest set ─▶ firm offers ─▶ approve the sum ─▶ accept ─▶ sign ─▶ recorded together
//      ▲                           │                               │                  │
//      └──── next candidate ───────┴──── declined, dearer ─────────┘     refused ─────┘  what is held is released
import { effect } from '../base/effect.js';
import { Problem } from '../base/errors.js';
import { MAX_PARTS } from '../base/limits.js';
import type { ParsedRecord } from '../bcdb/record.js';
import { actsFor } from '../rules/identity.js';
import { read } from '../rules/objects.js';
import type { Agreement } from '../schema/types.js';
import { askGroups, needOf, rankingOf, whyNoSet, type GroupQuotes, type Offered } from './candidates.js';
import { choose, type Spread } from './choose.js';
import type { OrderParts } from './order.js';
import { Orders, taken, type Order } from './orders.js';
import { PlacingSet, type Seat } from './placing.js';
import type { Buyer, Wanted } from './quote.js';

/** One contract of an order. */
export interface Part {
  /** Within the order: `1`, `db`. */
  readonly name: string;
  /** Its `order` is set here. */
  readonly wanted: Wanted;
}

/** Parts that want the same but for names and addresses within their workloads, and how they stand apart. */
export interface Group {
  /** On what no two of them may be; null: wherever it is cheapest. */
  readonly spread: Spread | null;
  readonly parts: readonly Part[];
}

/** A set about to be bound: what the person (or the limit) says yes to. */
export interface SetProposal {
  /** What is not in the book yet, in order. */
  readonly parts: readonly { readonly name: string; readonly contract: string; readonly agreement: Agreement }[];
  /** Of those. */
  readonly total_stroops: bigint;
  /** Every answer, group by group, where farms were asked; null where an interrupted order goes on. */
  readonly quotes: readonly GroupQuotes[] | null;
  /** Why it is not the cheapest set, where experience speaks against that; null: it is, as far as was asked. */
  readonly ranking: string | null;
}

/** What placing a set needs. */
export interface SetParts extends Omit<OrderParts, 'approve'> {
  /** Returns to go ahead; throws what should end the command. Asked again only where it gets dearer. */
  readonly approve: (proposal: SetProposal) => Promise<void>;
}

/** A part that is in the book. */
export interface PlacedPart {
  /** `ORDER/PART`. */
  readonly name: string;
  readonly contract: string;
  readonly record: ParsedRecord;
  /** Path of the receipt file. */
  readonly receipt: string;
  /** It was not in the book before. */
  readonly isNew: boolean;
}

/**
 * Orders and commits what is not in force yet of a set, all or none; or goes on with what was interrupted.
 *
 * Parts of these names that are in force stay as they are and count for the spread of their group. It is the cheapest
 * set by what farms offered; where one declines at last, the next candidate is tried. What farms hold for a set that
 * fails is released.
 * @param order its name, without `/`
 * @returns every part, in order of groups and parts
 * @throws Problem as `placeOrder`; `refused`, reason `name`, where a part of that name is something else, and `several`
 *   where others have to sign; whatever it is, nothing is paid unless all is in the book, and the same call goes on
 */
export async function placeSet(parts: SetParts, order: string, groups: readonly Group[]): Promise<PlacedPart[]> {
  const { grid, keyring, clock } = parts;
  await grid.refresh();
  const named = groups.map((group) => ({ ...group, parts: group.parts.map(({ name, wanted }) => ({ name: `${order}/${name}`, wanted: { ...wanted, order: `${order}/${name}` } })) }));
  checkAlone(parts, named);
  const orders = new Orders(parts.private, grid.id, actsFor(grid.reader, keyring.signer('bot').key));
  const other = orders.inForce(grid.reader, order, clock());
  if (other !== undefined) throw taken(order, other, 'is one contract and no order of several');
  const payer = keyring.signer('wallet').key;
  const written = effect('set_written', () => orders.beginAll(grid.reader, named.flatMap((group) => group.parts.map(({ name, wanted }) => ({ name, wanted: { ...wanted, payer } }))), clock()));
  const seats: Seat[] = named.flatMap((group, at) => group.parts.map(({ name, wanted }) => ({ name, wanted, group: at, order: written.shift() as Order, draft: null })));
  return new PlacingSet(parts, orders, named.map(({ spread }) => spread), seats).run();
}

/** The cheapest set as farms offer it now; nothing is held or kept. @throws Problem `nothing_fits`, `refused`, `unreachable` */
export async function quoteSet(buyer: Buyer, groups: readonly Group[]): Promise<{ readonly chosen: readonly (readonly Offered[])[]; readonly quotes: readonly GroupQuotes[]; readonly ranking: string | null }> {
  const quotes = await askGroups(buyer, groups.map(({ parts }) => parts[0]?.wanted), groups.map(({ spread }) => spread));
  const needs = groups.map(({ spread, parts: [first, ...more] }, i) => needOf(first?.wanted, spread, first === undefined ? 0 : more.length + 1, quotes[i]?.candidates ?? [], []));
  const choice = choose(needs);
  if (choice === undefined) throw whyNoSet(needs, quotes);
  return { chosen: choice.chosen, quotes, ranking: rankingOf(needs, choice) };
}

/** @throws Problem `usage`, `refused` where it is too much, or others have to sign: nobody waits for them with capacity of several farms held */
function checkAlone({ grid, keyring }: Buyer, groups: readonly Group[]): void {
  const parts = groups.flatMap((group) => group.parts);
  if (parts.length === 0 || parts.length > MAX_PARTS) throw new Problem('usage', `an order has between 1 and ${MAX_PARTS} parts, this one ${parts.length}`);
  const isShared = read(grid.reader, 'account', keyring.signer('wallet').key)?.keys !== undefined;
  if (isShared || parts.some(({ wanted }) => wanted.signers.length > 0)) {
    throw new Problem('refused', 'an order of several parts is signed at once, so neither by further signers nor from an account with several keys', { reason: 'several', hint: 'reserve them one by one, each with a --name of its own' });
  }
}
