// From a wish to a contract in the book. Every step is written down before the next, and any of them may be the last:
// the same command then goes on where this one stopped.
import { effect } from '../base/effect.js';
import { isProblem } from '../base/errors.js';
import { parseRecord, sortSignatures, type ParsedRecord } from '../bcdb/record.js';
import type { Home } from '../home.js';
import { agreementOf } from '../market/terms.js';
import { deliver } from '../net/deliver.js';
import { missing } from '../net/envelope.js';
import type { Message } from '../net/talk.js';
import type { Private } from '../private.js';
import { actsFor } from '../rules/identity.js';
import { read } from '../rules/objects.js';
import type { Agreement, Signature } from '../schema/types.js';
import { accept, Again, AGAIN_REFUSED, checkFunds, farmerSignature, MAX_ROUNDS, ownSignatures, STALE_OFFER } from './accept.js';
import { keepReceipt } from './keep.js';
import { Orders, taken, type Order, type OrderChange, type Stage } from './orders.js';
import { demandOffers, quote, requestOf, type Buyer, type Offer, type Quotes, type Wanted } from './quote.js';
import { differences } from './same.js';

/** A draft about to be bound: what the person (or the limit) says yes to. */
export interface Proposal {
  readonly agreement: Agreement;
  readonly total_stroops: bigint;
  /** Every answer, where farms were asked; null where an interrupted order goes on. */
  readonly quotes: Quotes | null;
}

/** What placing an order needs beside the buyer. */
export interface OrderParts extends Buyer {
  readonly home: Home;
  readonly private: Private;
  /** Returns to go ahead; throws what should end the command. Asked again only where it gets dearer. */
  readonly approve: (proposal: Proposal) => Promise<void>;
}

/** What came of an order. */
export interface Placed {
  readonly contract: string;
  readonly record: ParsedRecord;
  /** In the book, or a draft that others have to sign. */
  readonly state: 'committed' | 'draft';
  /** Of everybody so far. */
  readonly signatures: readonly Signature[];
  /** Path of the receipt file, once committed. */
  readonly receipt: string | null;
}

/**
 * Orders and commits, or goes on with the order that was interrupted.
 * @param name the same name means the same contract, as long as that is in force
 * @throws Problem `nothing_fits`, `refused`, `over_limit`, `unreachable`, `integrity`; whatever it is, nothing is paid
 *   unless the contract is in the book, and the same command goes on
 */
export async function placeOrder(parts: OrderParts, wanted: Wanted, name: string | null): Promise<Placed> {
  const { grid, keyring, clock } = parts;
  await grid.refresh();
  const orders = new Orders(parts.private, grid.id, actsFor(grid.reader, keyring.signer('bot').key));
  const order = effect('order_written', () => orders.begin(grid.reader, name, { ...wanted, payer: keyring.signer('wallet').key }, clock()));
  return new Placing(parts, orders, wanted, order).run();
}

class Placing {
  readonly #parts: OrderParts;
  readonly #orders: Orders;
  readonly #wanted: Wanted;
  #order: Order;
  #approved = -1n;

  constructor(parts: OrderParts, orders: Orders, wanted: Wanted, order: Order) {
    this.#parts = parts;
    this.#orders = orders;
    this.#wanted = wanted;
    this.#order = order;
  }

  async run(): Promise<Placed> {
    const { clock } = this.#parts;
    for (let round = 1; ; round += 1) {
      if (this.#isInBook()) return this.#keep();
      if (this.#order.payload !== null && clock() > agreementOf(parseRecord(this.#order.payload)).commit_by) this.#startOver();
      try {
        if (this.#order.payload === null) await this.#take();
        else await this.#goOn(this.#order.payload);
        if (this.#isInBook()) continue;
        if (this.#wanted.signers.length > 0 || this.#needsMoreKeys()) return this.#drafted();
        await this.#commit();
      } catch (thrown) {
        if (!(thrown instanceof Again) || round === MAX_ROUNDS) throw thrown instanceof Again ? thrown.problem : thrown;
        this.#startOver();
        // What the farm goes by may have changed meanwhile.
        if (STALE_OFFER.has(thrown.problem.reason ?? '')) await this.#parts.grid.refresh();
      }
    }
  }

  /** Asks farms and takes the cheapest that keeps its word. */
  async #take(): Promise<void> {
    const quotes = await quote(this.#parts, this.#wanted, requestOf(this.#wanted, this.#parts, this.#order.nonce, true));
    if (quotes.offers.length === 0) {
      // "It is committed already" is a refusal too, where a break hid it from this copy.
      await this.#parts.grid.refresh();
      if (this.#isInBook()) return;
    }
    demandOffers(quotes);
    let refusal: unknown;
    for (const offer of quotes.offers) {
      await this.#approve(offer.agreement, quotes);
      try {
        return await this.#accept(offer);
      } catch (thrown) {
        // An offer that has run out says nothing about the next farm's: all are asked again.
        if (!(thrown instanceof Again) || STALE_OFFER.has(thrown.problem.reason ?? '')) throw thrown;
        refusal = thrown;
      }
    }
    throw refusal;
  }

  async #approve(agreement: Agreement, quotes: Quotes | null): Promise<void> {
    const total = BigInt(agreement.total_stroops);
    checkFunds(this.#parts, total);
    if (total <= this.#approved) return;
    await this.#parts.approve({ agreement, total_stroops: total, quotes });
    this.#approved = total;
  }

  async #accept({ record, conversation }: Offer): Promise<void> {
    this.#note({ stage: 'accepting', payload: record.text, signatures: [] });
    await this.#farmerSigned(record, await accept(this.#parts, record, conversation));
  }

  /** An order that was interrupted: the farm gives the same signature again, and ours are always the same. */
  async #goOn(payload: string): Promise<void> {
    const record = parseRecord(payload);
    await this.#approve(agreementOf(record), null);
    if (this.#order.stage === 'accepting') await this.#farmerSigned(record, await accept(this.#parts, record));
    else await this.#sign(record);
  }

  /** Whether the paying account has further keys that must sign. */
  #needsMoreKeys(): boolean {
    const { grid: { reader }, keyring, clock } = this.#parts;
    const { payload, signatures } = this.#order;
    if (payload === null || read(reader, 'account', keyring.signer('wallet').key)?.keys === undefined) return false;
    return missing(reader, { record: parseRecord(payload), signatures }, clock()) !== null;
  }

  async #farmerSigned(record: ParsedRecord, reply: Message): Promise<void> {
    this.#note({ stage: 'farmer_signed', signatures: [farmerSignature(this.#parts, record, reply)] });
    await this.#sign(record);
  }

  async #sign(record: ParsedRecord): Promise<void> {
    const own = await ownSignatures(this.#parts, record);
    const others = this.#order.signatures.filter(({ by }) => own.every((signature) => signature.by !== by));
    this.#note({ stage: 'signed', signatures: sortSignatures([...others, ...own]) });
  }

  async #commit(): Promise<void> {
    const { grid } = this.#parts;
    const { payload, signatures } = this.#order;
    if (payload === null || this.#isInBook()) return;
    try {
      await deliver(grid, { payload, signatures: [...signatures] }, 'run the same command again: it goes on with this order');
    } catch (thrown) {
      if (!isProblem(thrown, 'refused')) throw thrown;
      await grid.refresh();
      // Another draft of the same contract was committed meanwhile: it is this very order.
      if (this.#isInBook()) return;
      this.#startOver();
      // Anything else is final.
      throw AGAIN_REFUSED.has(thrown.reason ?? '') ? new Again(thrown) : thrown;
    }
  }

  #keep(): Placed {
    const { grid, home, keyring } = this.#parts;
    const { contract, name } = this.#order;
    const { agreement } = read(grid.reader, 'contract', contract) ?? {};
    // Another machine with this identity may have been faster, with other terms.
    const different = agreement === undefined ? [] : differences(agreement, { ...this.#wanted, payer: keyring.signer('wallet').key });
    if (different.length > 0) throw taken(name ?? 'this', contract, `differs in ${different.join(', ')}`);
    this.#note({ stage: 'committed' });
    const { receipt, record, signatures } = keepReceipt(grid, home, contract);
    return { contract, record, state: 'committed', signatures, receipt };
  }

  #drafted(): Placed {
    const { contract, payload, signatures } = this.#order;
    return { contract, record: parseRecord(payload ?? ''), state: 'draft', signatures, receipt: null };
  }

  #isInBook(): boolean {
    return this.#parts.grid.reader.get(`contract/${this.#order.contract}`) !== undefined;
  }

  #startOver(): void {
    this.#note({ stage: 'ordered', payload: null, signatures: [] });
  }

  #note(change: OrderChange & { readonly stage: Stage }): void {
    this.#order = effect(`order_${change.stage}`, () => this.#orders.change(this.#order, change, this.#parts.clock()));
  }
}
