// Where the parts of an order might go: the nodes that fit, asked about side by side.
import { randomBytes } from 'node:crypto';
import { formatTft } from '../base/amount.js';
import { MAX_ASKED, MAX_ASKED_FOR_SET } from '../base/limits.js';
import { Problem } from '../base/errors.js';
import type { Found, Match } from '../market/directory.js';
import { choose, valueOf, type Candidate, type Choice, type Need, type Place, type Spread } from './choose.js';
import { Lanes } from './lanes.js';
import { askAll, demandOffers, fitting, reasonsOf, requestOf, type Buyer, type Declined, type Offer, type Quotes, type Wanted } from './quote.js';
import { penaltyOf, rankingText } from './ranking.js';

/** A node that a farm has offered for parts of a group. */
export interface Offered extends Candidate {
  readonly match: Match;
  /** As it was answered for the first part. */
  readonly offer: Offer;
}

/** Every answer to what the parts of one group want. */
export interface GroupQuotes extends Quotes {
  readonly candidates: readonly Offered[];
}

/**
 * Asks about the nodes that fit what a group wants, the cheapest of each farm, node or region first.
 * @param groups how many groups are asked for at the same time: together they ask about 128 nodes
 */
async function askGroup(buyer: Buyer, wanted: Wanted, spread: Spread | null, groups: number, lanes: Lanes): Promise<GroupQuotes> {
  const found = fitting(buyer, wanted);
  const asked = nodesToAsk(found.matches, spread, Math.max(1, Math.min(MAX_ASKED, Math.floor(MAX_ASKED_FOR_SET / groups))));
  const request = requestOf(wanted, buyer, randomBytes(16).toString('hex'), false);
  const answers = await askAll(buyer, wanted, asked.map((match) => ({ match, request: { ...request, node: match.node } })), (farm, ask) => lanes.run(farm, ask));
  const penalty = penaltyOf(buyer, wanted);
  const candidates = answers.flatMap(({ match, answer }) => ('record' in answer ? [{ ...candidateOf(match, answer), penalty_ppm: penalty(match.farm, answer.agreement.node) }] : []));
  return {
    candidates,
    offers: candidates.map(({ offer }) => offer).sort((a, b) => (a.total_stroops < b.total_stroops ? -1 : a.total_stroops > b.total_stroops ? 1 : 0)),
    declined: answers.flatMap(({ answer }) => ('code' in answer ? [answer] : [])),
    considered: found.considered,
    excluded: excludedOf(found, asked),
    ranking: rankingText(buyer, wanted, candidates.map(({ offer }) => offer)),
    nearest: found.nearest,
  };
}

/** The best of each farm, node or region, then the second of each, and so on; of one rank the cheapest. @param matches cheapest first */
function nodesToAsk(matches: readonly Match[], spread: Spread | null, most: number): Match[] {
  const ranks = new Map<string, number>();
  const ranked = matches.map((match) => {
    const value = valueOf(spread ?? 'farm', placeOf(match));
    const rank = ranks.get(value) ?? 0;
    ranks.set(value, rank + 1);
    return { match, rank };
  });
  return ranked.sort((a, b) => a.rank - b.rank).slice(0, most).map(({ match }) => match);
}

/** Where a node is. */
export function placeOf({ farm, node, announcement: { location } }: Match): Pick<Candidate, 'farm' | 'node' | 'location'> {
  return { farm, node, location };
}

function candidateOf(match: Match, offer: Offer): Offered {
  return { ...placeOf(match), total_stroops: offer.total_stroops, free: match.free, match, offer };
}

function excludedOf({ matches, excluded }: Found, asked: readonly Match[]): Quotes['excluded'] {
  const rest = matches.length - asked.length;
  return rest === 0 ? excluded : [...excluded, { reason: 'not_asked', count: rest }];
}

/** What a group needs, as `choose` takes it. */
export function needOf(wanted: Wanted | undefined, spread: Spread | null, count: number, candidates: readonly Offered[], beside: readonly Place[]): Need<Offered> {
  if (wanted === undefined) throw new Error('a group without parts');
  return { count, spread, resources: wanted.resources, dedicated: wanted.dedicated === true, candidates, beside };
}

/** What experience made dearer than it had to be: the cheaper set, in words; null where the chosen one is the cheapest. */
export function rankingOf(needs: readonly Need<Offered>[], { chosen }: Pick<Choice<Offered>, 'chosen'>): string | null {
  const byPrice = choose(needs.map((need) => ({ ...need, candidates: need.candidates.map((candidate) => ({ ...candidate, penalty_ppm: 0 })) })));
  const [least, total] = [byPrice?.chosen ?? chosen, chosen].map((set) => set.flat().reduce((sum, { total_stroops }) => sum + total_stroops, 0n));
  return least === undefined || total === undefined || least >= total ? null : `another set costs ${formatTft(least)} TFT, but what happened at its farms counts against it (3bot journal); --cheapest takes it`;
}

/** Every group's answers, asked for side by side. @param wanted by the first part of each */
export function askGroups(buyer: Buyer, wanted: readonly (Wanted | undefined)[], spreads: readonly (Spread | null)[]): Promise<GroupQuotes[]> {
  const lanes = new Lanes();
  buyer.journal?.learn(buyer.grid.reader, Math.max(buyer.clock(), buyer.grid.reader.lastAt));
  return Promise.all(wanted.map((one, i) => {
    if (one === undefined) throw new Error('a group without parts');
    return askGroup(buyer, one, spreads[i] ?? null, wanted.length, lanes);
  }));
}

/** What has been offered so far, less what was taken back. */
export class Bids {
  readonly #candidates: Offered[][];
  readonly #quotes: GroupQuotes[];

  constructor(quotes: readonly GroupQuotes[]) {
    this.#candidates = quotes.map(({ candidates }) => [...candidates]);
    this.#quotes = [...quotes];
  }

  /** Every answer, those who declined later included. */
  get quotes(): readonly GroupQuotes[] {
    return this.#quotes;
  }

  of(group: number): readonly Offered[] {
    return this.#candidates[group] ?? [];
  }

  declined(group: number, candidate: Offered, answer: GroupQuotes['declined'][number]): void {
    this.#replace(group, candidate, []);
    const quotes = this.#quotes[group];
    if (quotes !== undefined) this.#quotes[group] = { ...quotes, declined: [...quotes.declined, answer] };
  }

  dearer(group: number, candidate: Offered, offer: Offer): void {
    this.#replace(group, candidate, [{ ...candidate, total_stroops: offer.total_stroops, offer }]);
  }

  #replace(group: number, { node }: Offered, others: readonly Offered[]): void {
    this.#candidates[group] = this.of(group).flatMap((one) => (one.node === node ? others : [one]));
  }
}

const PLURAL: Readonly<Record<Spread, string>> = { farm: 'farms', node: 'nodes', region: 'regions' };

/**
 * Why no set was found.
 * @param asked of each need, in the same order; `declined` with those who declined later
 */
export function whyNoSet(needs: readonly Need[], asked: readonly Quotes[]): Problem {
  for (const [i, { spread, count, candidates, beside }] of needs.entries()) {
    const quotes = asked[i];
    if (quotes === undefined) continue;
    const values = new Set(candidates.map((candidate) => valueOf(spread, candidate)));
    if (values.size === 0) return problemOf({ ...quotes, offers: [] });
    if (spread !== null && values.size < count + beside.length) return tooFew(spread, count + beside.length, values.size, quotes.declined);
  }
  return new Problem('nothing_fits', `what the farms that answered have left does not take all ${needs.reduce((sum, { count }) => sum + count, 0)} parts together`, { reason: 'set', hint: '3bot explore shows what there is' });
}

function tooFew(spread: Spread, needed: number, found: number, declined: readonly Declined[]): Problem {
  const silent = declined.filter(({ code }) => code === 'unreachable');
  const code = found + silent.length >= needed ? 'unreachable' : found + declined.length >= needed ? 'refused' : 'nothing_fits';
  const others = declined.length === 0 ? '' : `; not these: ${reasonsOf(declined)}`;
  return new Problem(code, `it takes ${needed} ${PLURAL[spread]}, and ${found === 0 ? 'none' : `only ${found}`} ${found === 1 ? 'has' : 'have'} what is asked for${others}`, { reason: 'spread', hint: 'fewer --nodes, or another --spread' });
}

function problemOf(quotes: Quotes): Problem {
  try {
    demandOffers(quotes);
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown;
    throw thrown;
  }
  throw new Error('offers and none');
}
