// The work of `placeSet`: every step is written down before the next, and what is given up is released.
import { effect } from '../base/effect.js';
import { isProblem, Problem } from '../base/errors.js';
import { MAX_SET_TRIES } from '../base/limits.js';
import { parseRecord, sortSignatures } from '../bcdb/record.js';
import { agreementOf } from '../market/terms.js';
import { deliverTogether } from '../net/deliver.js';
import { read } from '../rules/objects.js';
import type { Agreement } from '../schema/types.js';
import { accept, Again, AGAIN_REFUSED, checkFunds, farmerSignature, MAX_ROUNDS, ownSignatures, STALE_OFFER } from './accept.js';
import { askGroups, Bids, needOf, rankingOf, whyNoSet, type GroupQuotes, type Offered } from './candidates.js';
import { apart, choose, type Place, type Spread } from './choose.js';
import { keepReceipt } from './keep.js';
import { Lanes } from './lanes.js';
import { taken, type Order, type OrderChange, type Orders, type Stage } from './orders.js';
import { askFarm, requestOf, type Declined, type Offer, type Wanted } from './quote.js';
import { release } from './release.js';
import { differences } from './same.js';
import type { PlacedPart, SetParts } from './set.js';

/** A part on its way. */
export interface Seat {
  /** `ORDER/PART`. */
  readonly name: string;
  readonly wanted: Wanted;
  /** Number of its group. */
  readonly group: number;
  order: Order;
  /** What it is to become; bound once the farm has signed, which `order` says. */
  draft: { readonly candidate: Offered; readonly offer: Offer } | null;
}

/** One attempt at a set, from its parts as they are written down to their receipts. */
export class PlacingSet {
  readonly #parts: SetParts;
  readonly #orders: Orders;
  readonly #spreads: readonly (Spread | null)[];
  readonly #seats: readonly Seat[];
  readonly #new = new Set<string>();
  readonly #lanes = new Lanes();
  #approved = -1n;

  constructor(parts: SetParts, orders: Orders, spreads: readonly (Spread | null)[], seats: readonly Seat[]) {
    this.#parts = parts;
    this.#orders = orders;
    this.#spreads = spreads;
    this.#seats = seats;
  }

  async run(): Promise<PlacedPart[]> {
    for (let round = 1; ; round += 1) {
      const open = this.#seats.filter(({ order }) => !this.#isInBook(order.contract));
      if (open.length === 0) return this.#seats.map((seat) => this.#keep(seat));
      for (const { name } of open) this.#new.add(name);
      try {
        if (this.#canGoOn(open)) await this.#goOn(open);
        else await this.#take(open);
        await this.#commit(open);
      } catch (thrown) {
        const isAgain = thrown instanceof Again;
        // What may still be committed stays held: the same command goes on with it.
        if (isAgain || isFinal(thrown)) await this.#letGo(open);
        if (!isAgain || round === MAX_ROUNDS) throw isAgain ? thrown.problem : thrown;
        await this.#parts.grid.refresh();
      }
    }
  }

  /** Whether all that is missing was drafted before a break, in time, and stands apart. */
  #canGoOn(open: readonly Seat[]): boolean {
    const drafts = open.map(({ order, group }) => ({ group, agreement: order.payload === null ? undefined : agreementOf(parseRecord(order.payload)) }));
    if (drafts.some(({ agreement }) => agreement === undefined || this.#parts.clock() > agreement.commit_by)) return false;
    const places = [
      ...drafts.flatMap(({ group, agreement }) => (agreement === undefined ? [] : [{ group, place: this.#placeOf(agreement) }])),
      ...this.#spreads.flatMap((_, group) => this.#beside(group).map((place) => ({ group, place }))),
    ];
    return places.every(({ group, place }, i) => places.slice(i + 1).every((other) => other.group !== group || apart(this.#spreads[group] ?? null, place, other.place)));
  }

  async #goOn(open: readonly Seat[]): Promise<void> {
    await this.#approve(open, null, null);
    await settled(open.filter(({ order }) => order.stage === 'accepting').map((seat) => this.#bind(seat)));
    await this.#sign(open);
  }

  /** Chooses, and chooses anew as long as somebody declines; at the end every farm has signed. */
  async #take(open: readonly Seat[]): Promise<void> {
    await this.#letGo(open);
    const groups = [...new Set(open.map(({ group }) => group))];
    const wanted = groups.map((group) => open.find((seat) => seat.group === group)?.wanted);
    const spreads = groups.map((group) => this.#spreads[group] ?? null);
    const quotes = await askGroups(this.#parts, wanted, spreads);
    const bids = new Bids(quotes);
    for (let tries = 1; tries <= MAX_SET_TRIES; tries += 1) {
      const needs = groups.map((group, i) => needOf(wanted[i], spreads[i] ?? null, open.filter((seat) => seat.group === group).length, bids.of(i), this.#beside(group)));
      const choice = choose(needs);
      if (choice === undefined) throw whyNoSet(needs, bids.quotes);
      for (const [i, group] of groups.entries()) await this.#place(open.filter((seat) => seat.group === group), choice.chosen[i] ?? []);
      const missing = open.filter(({ draft, order }) => draft !== null && order.stage === 'ordered');
      if (await this.#offers(missing, bids, groups)) continue;
      await this.#approve(open, bids.quotes, rankingOf(needs, choice));
      if (await this.#accepts(missing, bids, groups)) continue;
      return await this.#sign(open);
    }
    throw new Problem('refused', `farms declined ${MAX_SET_TRIES} times`, { reason: 'declined', hint: 'run the command again' });
  }

  /** Gives each part of a group its candidate; what is drafted with one of them already stays there. */
  async #place(seats: readonly Seat[], chosen: readonly Offered[]): Promise<void> {
    const rest = [...chosen];
    const loose: Seat[] = [];
    for (const seat of seats) {
      const at = rest.findIndex(({ node }) => node === seat.draft?.candidate.node);
      if (at < 0) loose.push(seat);
      else rest.splice(at, 1);
    }
    await this.#letGo(loose);
    for (const [i, seat] of loose.entries()) {
      const candidate = rest[i];
      if (candidate !== undefined) seat.draft = { candidate, offer: candidate.offer };
    }
  }

  /** Asks for the exact agreements. @returns whether somebody declined or became dearer: then it is chosen anew */
  async #offers(seats: readonly Seat[], bids: Bids, groups: readonly number[]): Promise<boolean> {
    const answers = await Promise.all(seats.map(async (seat) => {
      const { candidate } = seat.draft as NonNullable<Seat['draft']>;
      return { seat, candidate, answer: await this.#lanes.run(candidate.farm, () => askFarm(this.#parts, candidate.match, { ...requestOf(seat.wanted, this.#parts, seat.order.nonce, true), node: candidate.node }, seat.wanted.max_per_hour_stroops)) };
    }));
    this.#parts.signal.throwIfAborted();
    let isOther = false;
    for (const { seat, candidate, answer } of answers) {
      const group = groups.indexOf(seat.group);
      if ('code' in answer) bids.declined(group, candidate, answer);
      else if (answer.total_stroops > candidate.total_stroops) bids.dearer(group, candidate, answer);
      else {
        seat.draft = { candidate, offer: answer };
        continue;
      }
      seat.draft = null;
      isOther = true;
    }
    return isOther;
  }

  /** Lets every farm sign. @returns whether one of them declined: then it is chosen anew, around those that did not */
  async #accepts(seats: readonly Seat[], bids: Bids, groups: readonly number[]): Promise<boolean> {
    const results = await Promise.all(seats.map(async (seat) => {
      const { candidate, offer } = seat.draft as NonNullable<Seat['draft']>;
      this.#note(seat, { stage: 'accepting', payload: offer.record.text, signatures: [] });
      return { seat, candidate, thrown: await this.#bind(seat, offer).then(() => undefined, (thrown: unknown) => thrown ?? new Error('unknown')) };
    }));
    this.#parts.signal.throwIfAborted();
    let isOther = false;
    for (const { seat, candidate, thrown } of results) {
      if (thrown === undefined) continue;
      const problem = thrown instanceof Again ? thrown.problem : thrown;
      if (!(problem instanceof Problem) || problem.code === 'locked') throw thrown;
      // An offer that has run out says nothing about the farm.
      if (STALE_OFFER.has(problem.reason ?? '')) throw new Again(problem);
      bids.declined(groups.indexOf(seat.group), candidate, { farm: candidate.farm, farm_name: candidate.match.farm_name, code: codeOf(problem), reason: problem.message, nearest: null });
      await this.#letGo([seat]);
      isOther = true;
    }
    return isOther;
  }

  /** The farm's signature on a draft. */
  async #bind(seat: Seat, offer?: Offer): Promise<void> {
    const record = parseRecord(seat.order.payload ?? '');
    const signature = farmerSignature(this.#parts, record, await accept(this.#parts, record, offer?.conversation));
    this.#note(seat, { stage: 'farmer_signed', signatures: [signature] });
  }

  async #sign(open: readonly Seat[]): Promise<void> {
    for (const seat of open) {
      const own = await ownSignatures(this.#parts, parseRecord(seat.order.payload ?? ''));
      const others = seat.order.signatures.filter(({ by }) => own.every((signature) => signature.by !== by));
      this.#note(seat, { stage: 'signed', signatures: sortSignatures([...others, ...own]) });
    }
  }

  async #commit(open: readonly Seat[]): Promise<void> {
    const { grid } = this.#parts;
    const records = open.map(({ order }) => ({ payload: order.payload ?? '', signatures: [...order.signatures] }));
    try {
      await deliverTogether(grid, records, 'run the same command again: it goes on with this order');
    } catch (thrown) {
      if (!isProblem(thrown, 'refused')) throw thrown;
      await grid.refresh();
      // An earlier submission of this very set, whose answer was lost.
      if (open.every(({ order }) => this.#isInBook(order.contract))) return;
      throw AGAIN_REFUSED.has(thrown.reason ?? '') ? new Again(thrown) : thrown;
    }
  }

  async #approve(open: readonly Seat[], quotes: readonly GroupQuotes[] | null, ranking: string | null): Promise<void> {
    const parts = open.map(({ name, order, draft }) => ({ name, contract: order.contract, agreement: agreementOf(draft?.offer.record ?? parseRecord(order.payload ?? '')) }));
    const total = parts.reduce((sum, { agreement }) => sum + BigInt(agreement.total_stroops), 0n);
    checkFunds(this.#parts, total);
    if (total <= this.#approved) return;
    await this.#parts.approve({ parts, total_stroops: total, quotes, ranking });
    this.#approved = total;
  }

  /** Farms are told that these drafts will not be committed, and all of them may be drawn up anew. */
  async #letGo(seats: readonly Seat[]): Promise<void> {
    await Promise.all(seats.map(async (seat) => {
      const { payload } = seat.order;
      if (payload !== null) await release(this.#parts, parseRecord(payload));
      if (seat.order.stage !== 'ordered') this.#note(seat, { stage: 'ordered', payload: null, signatures: [] });
      seat.draft = null;
    }));
  }

  #keep(seat: Seat): PlacedPart {
    const { grid, home, keyring } = this.#parts;
    const { name, order: { contract } } = seat;
    const { agreement } = read(grid.reader, 'contract', contract) ?? {};
    // Another machine with this identity may have been faster, with other terms.
    const different = agreement === undefined ? [] : differences(agreement, { ...seat.wanted, payer: keyring.signer('wallet').key });
    if (different.length > 0) throw taken(name, contract, `differs in ${different.join(', ')}`);
    if (seat.order.stage !== 'kept') this.#note(seat, { stage: 'committed' });
    const { receipt, record } = keepReceipt(grid, home, contract);
    return { name, contract, record, receipt, isNew: this.#new.has(name) };
  }

  #isInBook(contract: string): boolean {
    return this.#parts.grid.reader.get(`contract/${contract}`) !== undefined;
  }

  /** Where parts of a group are that are in the book. */
  #beside(group: number): Place[] {
    return this.#seats.flatMap((seat) => {
      const contract = seat.group === group ? read(this.#parts.grid.reader, 'contract', seat.order.contract) : undefined;
      return contract === undefined ? [] : [this.#placeOf(contract.agreement)];
    });
  }

  #placeOf({ farm, node }: Agreement): Place {
    return { farm, node, location: read(this.#parts.grid.reader, 'node', node)?.announcement.location ?? { country: null, region: null } };
  }

  #note(seat: Seat, change: OrderChange & { readonly stage: Stage }): void {
    seat.order = effect(`order_${change.stage}`, () => this.#orders.change(seat.order, change, this.#parts.clock()));
  }
}

/** All of them come to an end before the first that failed is thrown. */
async function settled(work: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason;
}

/** A verdict or a no: nothing of what was signed will be handed in. */
function isFinal(thrown: unknown): boolean {
  return isProblem(thrown) && ['refused', 'nothing_fits', 'over_limit', 'usage', 'malformed'].includes(thrown.code);
}

/** As a farm's own code, where it was one. */
function codeOf({ code, reason }: Problem): Declined['code'] {
  return code === 'unreachable' ? 'unreachable' : code === 'refused' && reason !== undefined ? (reason as Declined['code']) : 'offer';
}
