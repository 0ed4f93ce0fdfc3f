// Nodes, farms and prices as commands, the API and the page show them: TFT with 7 places, names with ids.
import { formatTft } from '../base/amount.js';
import { add, NOTHING } from '../capacity/fit.js';
import { contractsOn, drainOf } from '../rules/node.js';
import type { FarmObject, NodeObject } from '../rules/objects.js';
import type { ReadState } from '../bcdb/rulebook.js';
import type { MarketFarm, MarketMachineBrief, MarketNode, MarketPrices, Prices } from '../schema/types.js';
import { DEDICATED_PPM } from './asking.js';
import { pricesOf, shownFree, type Match } from './directory.js';

/** A node that fits. @param isPriced resources were asked for, so that it has a price of its own */
export function nodeShown({ farm, farm_name, place, endpoint, node, announcement, free, prices, discounts, per_hour_stroops }: Match, isPriced: boolean): MarketNode {
  const { capacity, declared, runtime, platform, features, location } = announcement;
  return {
    farm, farm_name, place, endpoint, node, free, capacity, declared, runtime, platform, features, location,
    cu_price: formatTft(BigInt(prices.cu_stroops)), su_price: formatTft(BigInt(prices.su_stroops)),
    discounts: [...discounts], price_per_hour: isPriced ? formatTft(per_hour_stroops) : null,
  };
}

/** Prices in TFT. */
function pricesShown({ cu_stroops, su_stroops, nu_stroops, ipv4_stroops }: Prices): MarketPrices {
  const tft = (stroops: string): string => formatTft(BigInt(stroops));
  return { cu: tft(cu_stroops), su: tft(su_stroops), nu: tft(nu_stroops), ipv4: tft(ipv4_stroops) };
}

/** A farm, with the nodes that it has admitted. @param at ms since 1970; free is what is left then */
export function farmShown(state: ReadState, farm: FarmObject, nodes: readonly NodeObject[], at: number): MarketFarm {
  const { id, name, place, endpoint, owner, payout, lengths = [], dedicated_ppm = DEDICATED_PPM, architect_ppm = 0 } = farm;
  return {
    farm: id, name, place, endpoint, owner, payout, prices: pricesShown(pricesOf(state, farm)), lengths, dedicated_ppm, architect_ppm,
    nodes: nodes.length,
    capacity: nodes.reduce((sum, { announcement }) => add(sum, announcement.capacity), NOTHING),
    free: nodes.reduce((sum, node) => add(sum, shownFree(node, at)), NOTHING),
  };
}

/** A node of a farm, whether or not it fits anything. */
export function machineShown(node: NodeObject, at: number): MarketMachineBrief {
  const { declared, runtime, platform, features, location, capacity } = node.announcement;
  return { node: node.key, declared, runtime, platform, features, location, capacity, free: shownFree(node, at), contracts: contractsOn(node, at), drained: drainOf(node, at) !== undefined };
}
