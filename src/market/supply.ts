// How much TFT a grid has, and where it came from.
import { formatTft } from '../base/amount.js';
import type { GridObject } from '../rules/objects.js';

/** TFT with 7 places: exists = given + minted − burned. */
export interface Supply {
  readonly exists: string;
  /** No more than this may exist at once. */
  readonly maximum: string;
  /** By genesis and the faucet. */
  readonly given: string;
  /** By farms, for certified capacity. */
  readonly minted: string;
  readonly burned: string;
  /** Most that farms may mint for one period; null: only the maximum bounds it. */
  readonly mint_cap: string | null;
}

/** The supply of a grid. */
export function supplyOf({ supply_stroops, max_supply_stroops, minted_stroops = '0', burned_stroops = '0', mint_cap_stroops }: GridObject): Supply {
  const [exists, minted, burned] = [supply_stroops, minted_stroops, burned_stroops].map(BigInt) as [bigint, bigint, bigint];
  return {
    exists: formatTft(exists), maximum: formatTft(BigInt(max_supply_stroops)), given: formatTft(exists - minted + burned), minted: formatTft(minted), burned: formatTft(burned),
    mint_cap: mint_cap_stroops === undefined ? null : formatTft(BigInt(mint_cap_stroops)),
  };
}

/** Whether farms can mint on a grid, and how much, in a line. */
export function mintingText({ certifiers, mint_cap_stroops }: GridObject): string {
  if (certifiers === null) return 'none: this grid has no certifiers';
  const cap = mint_cap_stroops === undefined ? 'no cap for a period' : `at most ${formatTft(BigInt(mint_cap_stroops))} TFT for a period`;
  return `by certificates of ${certifiers.threshold} of ${certifiers.members.length}; ${cap}`;
}
