// What a grid has to sell and has sold, as one change follows another: sums that are kept, so no change costs a look at all.
import { formatTft } from '../base/amount.js';
import { add, NOTHING } from '../capacity/fit.js';
import type { Announcement, MarketPoint, Resources } from '../schema/types.js';

/** What there is at some moment. */
export type Totals = Omit<MarketPoint, 'at'>;

/** Of a node, what matters here. */
export type Machine = Pick<Announcement, 'farm' | 'capacity'>;

/** Nodes count while the farm that they name has admitted them. */
export class Tally {
  /** Price of a compute unit, stroops, by farm. */
  readonly #farms = new Map<string, bigint>();
  /** The same prices, the lowest first. */
  readonly #prices: bigint[] = [];
  readonly #nodes = new Map<string, Machine>();
  /** Farm and node. */
  readonly #admitted = new Set<string>();
  readonly #sales = new Map<string, Resources>();
  #open = 0;
  #capacity = NOTHING;
  #sold = NOTHING;

  /** A farm that may have been there before; its price stays then. */
  farm(id: string, cu_stroops: string): void {
    if (!this.#farms.has(id)) this.price(id, cu_stroops);
  }

  price(farm: string, cu_stroops: string): void {
    const [before, price] = [this.#farms.get(farm), BigInt(cu_stroops)];
    if (before !== undefined) this.#prices.splice(this.#rank(before), 1);
    this.#farms.set(farm, price);
    this.#prices.splice(this.#rank(price), 0, price);
  }

  announce(node: string, machine: Machine): void {
    this.#count(node, -1);
    this.#nodes.set(node, machine);
    this.#count(node, 1);
  }

  admit(farm: string, node: string): void {
    this.#count(node, -1);
    this.#admitted.add(`${farm}/${node}`);
    this.#count(node, 1);
  }

  retire(farm: string, node: string): void {
    this.#count(node, -1);
    this.#admitted.delete(`${farm}/${node}`);
    this.#count(node, 1);
  }

  sell(contract: string, resources: Resources): void {
    this.over(contract);
    this.#sales.set(contract, resources);
    this.#sold = add(this.#sold, resources);
  }

  /** The contract holds nothing any longer. */
  over(contract: string): void {
    const resources = this.#sales.get(contract);
    if (resources !== undefined) this.#sold = add(this.#sold, times(resources, -1));
    this.#sales.delete(contract);
  }

  totals(): Totals {
    const middle = this.#prices[Math.floor(this.#prices.length / 2)];
    return {
      farms: this.#farms.size, nodes: this.#open, contracts: this.#sales.size,
      capacity: this.#capacity, sold: this.#sold, cu_price: middle === undefined ? null : formatTft(middle),
    };
  }

  /** Adds what a node has now, or takes it away, if it counts. */
  #count(node: string, sign: 1 | -1): void {
    const machine = this.#nodes.get(node);
    if (machine === undefined || !this.#admitted.has(`${machine.farm}/${node}`)) return;
    this.#open += sign;
    this.#capacity = add(this.#capacity, times(machine.capacity, sign));
  }

  /** How many prices are lower. */
  #rank(price: bigint): number {
    let [low, high] = [0, this.#prices.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#prices[middle] ?? 0n) < price) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function times({ cru, mru_mib, sru_mib, hru_mib, ipv4 }: Resources, sign: 1 | -1): Resources {
  return { cru: sign * cru, mru_mib: sign * mru_mib, sru_mib: sign * sru_mib, hru_mib: sign * hru_mib, ipv4: sign * ipv4 };
}
