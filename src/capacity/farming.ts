// What a farmer mints for a node: the farming formula (minting v3 of tfchain), in exact integers.
import type { Resources } from '../schema/types.js';
import type { Units } from './units.js';

/** Minting goes by periods: a sixtieth of five years, 2,630,880 s. */
export const FARMING_PERIOD_MS = 2_630_880_000;
/** CU of farming are counted in 1/102,400: what MiB of memory make in quarters of a GiB, and of SSD in fiftieths. */
export const FARMING_CU_DENOMINATOR = 102_400n;
/** SU of farming are counted in 1/6,144,000: MiB of HDD in units of 1200 GiB, and of SSD in units of 250 GiB. */
export const FARMING_SU_DENOMINATOR = 6_144_000n;

/** What a unit brings for a whole period at full uptime, in thousandths of a USD. An address brings 5 an hour, for 730.8 h. */
export const FARMING_MUSD = { cu: 2_400n, su: 1_000n, ipv4: 3_654n } as const;
/** Below this many hundredths of the period's time there is nothing. */
export const UPTIME_PERCENT = { diy: 95, certified: 98 } as const;
/** Quarters that certified hardware, and hardware that its owner put together, brings of the plain amount. */
export const FACTOR_QUARTERS = { diy: 4n, certified: 5n } as const;

const CU_IN_SU_STEPS = FARMING_SU_DENOMINATOR / FARMING_CU_DENOMINATOR;
const STROOPS_PER_TFT = 10_000_000n;

/** What the formula asks of a node. */
export interface FarmingTerms {
  readonly capacity: Resources;
  /** Put together by its owner, or hardware that certifiers know. */
  readonly kind: 'diy' | 'certified';
  /** Price of a TFT in thousandths of a USD, 1 or more; fixed when the node joined. */
  readonly tft_musd: number;
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/**
 * The units that farming counts, exact: CU = min(2·CRU, (MRU−1)/4, SRU/50), SU = HRU/1200 + SRU/250, with MRU, SRU and
 * HRU in GiB of 1024 MiB; they are not those by which a customer pays. Never below 0.
 * @returns `cu` in 1/102,400 CU, `su` in 1/6,144,000 SU
 */
export function farmingUnits({ cru, mru_mib, sru_mib, hru_mib }: Resources): Units {
  const memory = mru_mib > 1_024 ? 25n * BigInt(mru_mib - 1_024) : 0n;
  return { cu: smaller(smaller(204_800n * BigInt(cru), memory), 2n * BigInt(sru_mib)), su: 5n * BigInt(hru_mib) + 24n * BigInt(sru_mib) };
}

/**
 * What a whole period at full uptime is worth before the factor for certified hardware, in thousandths of a USD times
 * `FARMING_SU_DENOMINATOR`. Traffic brings nothing: nobody but the farmer could count it.
 */
export function farmingValue(capacity: Resources): bigint {
  const { cu, su } = farmingUnits(capacity);
  return cu * CU_IN_SU_STEPS * FARMING_MUSD.cu + su * FARMING_MUSD.su + BigInt(capacity.ipv4) * FARMING_SU_DENOMINATOR * FARMING_MUSD.ipv4;
}

/** Whether a node was up for long enough of a period: 95 %, or 98 % of it for certified hardware. */
export function isUpEnough(kind: FarmingTerms['kind'], up_ms: number, period_ms: number): boolean {
  return BigInt(up_ms) * 100n >= BigInt(UPTIME_PERCENT[kind]) * BigInt(period_ms);
}

/**
 * What a node mints for a period, in stroops: exact, rounded down once, at the end.
 * @param up_ms whole milliseconds that it was up
 * @param period_ms length of the period, `FARMING_PERIOD_MS` but on a development grid that chose a shorter one
 * @returns 0 where it was up for too little of the period
 * @example farmingStroops({ capacity: eightCores32GiBAndATerabyteOfSsd, kind: 'diy', tft_musd: 80 }, FARMING_PERIOD_MS, FARMING_PERIOD_MS) // 2_825_000_000n, 282.5 TFT
 */
export function farmingStroops({ capacity, kind, tft_musd }: FarmingTerms, up_ms: number, period_ms: number): bigint {
  if (!Number.isSafeInteger(up_ms) || up_ms < 0 || up_ms > period_ms || !Number.isSafeInteger(tft_musd) || tft_musd < 1) throw new Error(`cannot mint for ${up_ms} of ${period_ms} ms at ${tft_musd}`);
  if (!isUpEnough(kind, up_ms, period_ms)) return 0n;
  const value = farmingValue(capacity) * FACTOR_QUARTERS[kind] * BigInt(up_ms) * STROOPS_PER_TFT;
  return value / (FARMING_SU_DENOMINATOR * 4n * BigInt(tft_musd) * BigInt(FARMING_PERIOD_MS));
}
