// In which order offers are taken: by price, and by what was lived through with those who make them.
import { byRank, cheaperText, experienceText, type Ranked } from './experience.js';
import { penaltyBy } from './journal.js';
import type { Buyer, Offer, Wanted } from './quote.js';

/** The penalty of a node by what was lived through, in millionths; none where nothing is remembered or price alone counts. */
export function penaltyOf({ journal, clock }: Pick<Buyer, 'journal' | 'clock'>, { cheapest }: Pick<Wanted, 'cheapest'>): (farm: string, node: string) => number {
  return journal === undefined || cheapest === true ? () => 0 : penaltyBy(journal.experience(clock()));
}

/** The best first. */
export function ranked(buyer: Pick<Buyer, 'journal' | 'clock'>, wanted: Pick<Wanted, 'cheapest'>, offers: readonly Offer[]): Offer[] {
  const penalty = penaltyOf(buyer, wanted);
  const rank = (offer: Offer): Ranked => ({ total_stroops: offer.total_stroops, farm_id: offer.farm.farm, penalty_ppm: penalty(offer.farm.farm, offer.agreement.node) });
  return offers.map((offer) => ({ offer, by: rank(offer) })).sort((a, b) => byRank(a.by, b.by)).map(({ offer }) => offer);
}

/** `farm windy is 3 % cheaper, but 2 of 3 contracts failed there; --cheapest takes it`; null where the order is that of prices. */
export function rankingText(buyer: Pick<Buyer, 'journal' | 'clock'>, wanted: Pick<Wanted, 'cheapest'>, offers: readonly Offer[]): string | null {
  const [best] = ranked(buyer, wanted, offers);
  const cheapest = offers.reduce<Offer | undefined>((least, offer) => (least === undefined || offer.total_stroops < least.total_stroops ? offer : least), undefined);
  if (best === undefined || cheapest === undefined || cheapest.total_stroops >= best.total_stroops || buyer.journal === undefined) return null;
  const lived = buyer.journal.experience(buyer.clock())(cheapest.farm.farm, cheapest.agreement.node);
  return `farm ${cheapest.farm.farm_name} is ${cheaperText(cheapest.total_stroops, best.total_stroops)}, but ${experienceText(lived)}; --cheapest takes it`;
}
