// Cloud units `units/1`: how resources become CU and SU, in exact integers (tfchain's billing, `cost.rs`).
import type { Resources } from '../schema/types.js';

/** CU are counted in 1/8192: the finest step that MiB of memory make in any term of the formula. */
export const CU_DENOMINATOR = 8_192n;
/** SU are counted in 1/1,228,800: MiB of HDD in units of 1200 GiB. It is 150 times the CU denominator. */
export const SU_DENOMINATOR = 1_228_800n;

/** Exact cloud units: `cu` in 1/8192 CU, `su` in 1/1,228,800 SU. */
export interface Units {
  readonly cu: bigint;
  readonly su: bigint;
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/**
 * The cloud units of resources, exact, with MRU, SRU and HRU in GiB of 1024 MiB:
 * CU = min(max(MRU/4, CRU/2), max(MRU/8, CRU), max(MRU/2, CRU/4)), SU = HRU/1200 + SRU/200.
 * Never falls when a resource grows. Public IPv4 addresses have a price of their own and no unit.
 */
export function unitsOf(resources: Resources): Units {
  const cru = BigInt(resources.cru);
  const mru_mib = BigInt(resources.mru_mib);
  // Every term of the formula times 8192.
  const cu = smaller(
    smaller(larger(2n * mru_mib, 4_096n * cru), larger(mru_mib, 8_192n * cru)),
    larger(4n * mru_mib, 2_048n * cru),
  );
  return { cu, su: BigInt(resources.hru_mib) + 6n * BigInt(resources.sru_mib) };
}

/**
 * Units as people read them: `0.5`, `7.75`; cut (not rounded) after 7 places.
 * @example formatUnits(4096n, CU_DENOMINATOR) // '0.5'
 */
export function formatUnits(count: bigint, denominator: bigint): string {
  const digits = ((count * 10_000_000n) / denominator).toString().padStart(8, '0');
  return `${digits.slice(0, -7)}.${digits.slice(-7)}`.replace(/\.?0+$/, '');
}
