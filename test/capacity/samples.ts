// Sizes and prices that the tests of this folder share.
import fc from 'fast-check';
import type { Prices, Resources } from '../../src/schema/types.js';

/** Resources from `CRU/MRU/SRU/HRU` in cores and GiB. */
export function gib(sizes: string): Resources {
  const [cru = 0, mru = 0, sru = 0, hru = 0] = sizes.split('/').map(Number);
  return { cru, mru_mib: mru * 1_024, sru_mib: sru * 1_024, hru_mib: hru * 1_024, ipv4: 0 };
}

/** A grid's default list prices: CU 0.01, SU 0.005, NU 0.0015, IPv4 0.004 TFT. */
export const listPrices: Prices = { cu_stroops: '100000', su_stroops: '50000', nu_stroops: '15000', ipv4_stroops: '40000' };

/** Any resources that a record can hold, small ones more often. */
export const anyResources: fc.Arbitrary<Resources> = fc.record({
  cru: fc.nat(512),
  mru_mib: fc.nat(4_000_000),
  sru_mib: fc.nat(100_000_000),
  hru_mib: fc.nat(100_000_000),
  ipv4: fc.nat(16),
}, { noNullPrototype: true });
