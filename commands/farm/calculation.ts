// The calculation of a mint, line by line, so that a farmer can check it with pencil and paper.
import { formatTft } from '../../src/base/amount.js';
import { iso } from '../../src/base/clock.js';
import { FACTOR_QUARTERS, FARMING_CU_DENOMINATOR, FARMING_MUSD, FARMING_PERIOD_MS, FARMING_SU_DENOMINATOR, farmingStroops, farmingUnits, farmingValue, isUpEnough, UPTIME_PERCENT } from '../../src/capacity/farming.js';
import { formatUnits } from '../../src/capacity/units.js';
import type { Standing } from '../../src/farmer/mint.js';
import { VIOLATIONS } from '../../src/rules/mint.js';
import type { UptimeObject } from '../../src/rules/objects.js';

/** A line: what, and how it comes about. */
type Line = readonly [what: string, how: string];

/** GiB, exact: MiB make at most ten decimal places. */
function gib(mib: number): string {
  return formatDecimal(BigInt(mib) * 9_765_625n, 10);
}

/** Thousandths of a USD as USD. */
function usd(thousandths: bigint): string {
  return formatDecimal(thousandths, 3);
}

function formatDecimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, '0');
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, '');
}

/** The calculation for a period, in the order of the formula; the last line is the whole of it in integers. */
function calculation(uptime: UptimeObject): Line[] {
  const { capacity, kind, tft_musd, up_ms, from, until, violation } = uptime;
  const { cru, mru_mib, sru_mib, hru_mib, ipv4 } = capacity;
  const units = farmingUnits(capacity);
  const [cu, su] = [formatUnits(units.cu, FARMING_CU_DENOMINATOR), formatUnits(units.su, FARMING_SU_DENOMINATOR)];
  const value = farmingValue(capacity);
  const addresses: Line[] = ipv4 === 0 ? [] : [['IPv4', `${ipv4} certified addresses, 730.8 hours at 0.005 USD`]];
  const period_ms = until - from;
  const percent = formatDecimal((BigInt(up_ms) * 1_000_000n) / BigInt(period_ms), 4);
  const isEnough = isUpEnough(kind, up_ms, period_ms);
  return [
    ['period', `${uptime.period}: ${iso(from)} to ${iso(until)}, ${period_ms / 1_000} s`],
    ['capacity', `${cru} cores, ${gib(mru_mib)} GiB memory, ${gib(sru_mib)} GiB SSD, ${gib(hru_mib)} GiB HDD: the least that was announced and certified in it`],
    ['CU', `the smallest of 2 × ${cru}, (${gib(mru_mib)} − 1) / 4, ${gib(sru_mib)} / 50 = ${cu}`],
    ['SU', `${gib(hru_mib)} / 1200 + ${gib(sru_mib)} / 250 = ${su}`],
    ...addresses,
    ['worth', `${cu} × ${usd(FARMING_MUSD.cu)} + ${su} × ${usd(FARMING_MUSD.su)}${ipv4 === 0 ? '' : ` + ${ipv4} × ${usd(FARMING_MUSD.ipv4)}`} = ${usd(value / FARMING_SU_DENOMINATOR)} USD for ${FARMING_PERIOD_MS / 1_000} s of full uptime`],
    ['hardware', kind === 'certified' ? 'certified: × 1.25' : 'do-it-yourself: × 1'],
    ['TFT price', `${usd(BigInt(tft_musd))} USD, fixed when the node joined: ${formatTft(farmingStroops({ capacity, kind, tft_musd }, FARMING_PERIOD_MS, FARMING_PERIOD_MS))} TFT at full uptime`],
    ['uptime', `${up_ms / 1_000} s confirmed and certified, ${percent} %: ${isEnough ? 'at least' : 'less than'} ${UPTIME_PERCENT[kind]} %`],
    ['violations', violation === null ? 'none' : VIOLATIONS[violation]],
    ['exactly', `${value} × ${FACTOR_QUARTERS[kind]} × ${up_ms} × 10000000 / (${FARMING_SU_DENOMINATOR} × 4 × ${tft_musd} × ${FARMING_PERIOD_MS})${isEnough ? ` = ${farmingStroops(uptime, up_ms, period_ms)} stroops, rounded down` : ''}`],
  ];
}

/** The same as lines for people. */
export function calculationText(uptime: UptimeObject): string {
  return [['node', uptime.node] as const, ...calculation(uptime)].map(([what, how]) => `${what.padEnd(12)}${how}`).join('\n');
}

/** What comes out, in one line. */
export function resultText(standing: Standing): string {
  switch (standing.state) {
    case 'due': return `${formatTft(standing.amount_stroops)} TFT, due`;
    case 'minted': return `${formatTft(standing.amount_stroops)} TFT, minted by record ${standing.record}`;
    case 'nothing': return `nothing: ${standing.why}`;
    case 'running':
    case 'awaited': return `not yet: ${standing.why}`;
  }
}

/** The same for programs: each figure by its name, exact. */
export function calculationJson(uptime: UptimeObject, standing: Standing): object {
  const { node, period, capacity, kind, tft_musd, up_ms, from, until, violation } = uptime;
  const units = farmingUnits(capacity);
  return {
    node, period, from: iso(from), until: iso(until), state: standing.state,
    amount: amountOf(standing), record: standing.state === 'minted' ? standing.record : null, why: 'why' in standing ? standing.why : null,
    capacity, cu: formatUnits(units.cu, FARMING_CU_DENOMINATOR), su: formatUnits(units.su, FARMING_SU_DENOMINATOR),
    kind, tft_musd, period_ms: until - from, up_ms, threshold_percent: UPTIME_PERCENT[kind], violation,
    exactly: { value: farmingValue(capacity).toString(), quarters: Number(FACTOR_QUARTERS[kind]), denominator: FARMING_SU_DENOMINATOR.toString(), formula_period_ms: FARMING_PERIOD_MS },
  };
}

/** TFT that are due or were minted; null where there are none. */
export function amountOf(standing: Standing): string | null {
  return 'amount_stroops' in standing ? formatTft(standing.amount_stroops) : null;
}
