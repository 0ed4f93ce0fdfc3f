// How a price came about: each step of the calculation with its exact value, and who gets what of it.
import { formatTft, STROOPS_PER_TFT, stroops } from '../base/amount.js';
import { decimalText, fractionText, times, type Fraction } from '../capacity/fraction.js';
import { forTerm, less, paid, perHour } from '../capacity/price.js';
import { formatPercent } from '../capacity/percent.js';
import { CU_DENOMINATOR, SU_DENOMINATOR, unitsOf } from '../capacity/units.js';
import { payouts } from '../rules/split.js';
import type { Agreement, Prices, Resources } from '../schema/types.js';

/** One line of the calculation. */
export interface Step {
  /** `cu`, `su`, `cu_asked`, `su_asked`, `ipv4_asked` (where that is not the published price), `cu_price`, `su_price`, `ipv4_price`, `hour`, `term`, or a discount's name. */
  readonly step: string;
  /** What is calculated, with the numbers in place: `min(max(1, 2), max(1/2, 4), max(2, 1))`. */
  readonly formula: string;
  /** The exact result, a fraction in lowest terms: CU, SU, or TFT. */
  readonly exact: string;
  /** The same as a decimal; cut where it does not end, with `…`. */
  readonly decimal: string;
  readonly unit: 'CU' | 'SU' | 'TFT' | 'TFT an hour';
}

/** A price, and how it came about. */
export interface Explanation {
  readonly steps: readonly Step[];
  /** The last step's result, rounded up to a stroop: the one rounding there is. TFT. */
  readonly total: string;
  /** Who gets what once all of it is billed; the parts add up to the total. TFT. */
  readonly shares: readonly { readonly role: string; readonly account: string | null; readonly share_ppm: number; readonly amount: string }[];
}

const HOUR_MS = 3_600_000n;
const GIB = 1_024n;

/**
 * The price of an agreement, by the functions that calculate it.
 * @param published what the farm has published for this buyer; where its offer asks otherwise, that is a step of its own
 */
export function explain(agreement: Pick<Agreement, 'resources' | 'prices' | 'term_ms' | 'discounts' | 'payees' | 'payers' | 'total_stroops'>, published: Prices = agreement.prices): Explanation {
  const { resources, prices, term_ms, discounts = [], payees } = agreement;
  const units = unitsOf(resources);
  const cu = { over: units.cu, under: CU_DENOMINATOR };
  const su = { over: units.su, under: SU_DENOMINATOR };
  const ipv4 = whole(resources.ipv4);
  const parts = [['cu_price', cu, prices.cu_stroops], ['su_price', su, prices.su_stroops], ['ipv4_price', ipv4, prices.ipv4_stroops]] as const;
  const steps: Step[] = [
    stepOf('cu', cuFormula(resources), cu, 'CU'),
    stepOf('su', `HRU/1200 + SRU/200 = ${gib(resources.hru_mib)}/1200 + ${gib(resources.sru_mib)}/200`, su, 'SU'),
    ...(['cu', 'su', 'ipv4'] as const).flatMap((unit) => askedStep(unit, published[`${unit}_stroops`], prices[`${unit}_stroops`])),
    ...parts.map(([step, count, price]) => stepOf(step, `${fractionText(count)} × ${decimalText(tft(stroops(price)))}`, times(count, tft(stroops(price))), 'TFT an hour')),
  ];
  const hour = perHour(resources, prices);
  steps.push(stepOf('hour', steps.slice(-parts.length).map(({ exact }) => exact).join(' + '), ofTft(hour), 'TFT an hour'));
  let price = forTerm(hour, term_ms);
  steps.push(stepOf('term', `${fractionText(ofTft(hour))} × ${fractionText({ over: BigInt(term_ms), under: HOUR_MS })} hours`, ofTft(price), 'TFT'));
  for (const { name, ppm } of discounts) {
    const before = fractionText(ofTft(price));
    price = less(price, ppm);
    steps.push(stepOf(name, `${before} less ${formatPercent(ppm)}`, ofTft(price), 'TFT'));
  }
  const total = paid(price);
  const shares = payouts(agreement as Agreement, total, 0n).shares.map(({ role, account, amount_stroops }, i) => ({ role, account, share_ppm: payees[i]?.share_ppm ?? 0, amount: formatTft(amount_stroops) }));
  return { steps, total: formatTft(total), shares };
}

/** What people read, a pair a row. */
export function explanationText({ steps, total, shares }: Explanation): [name: string, calculation: string][] {
  const names: Readonly<Record<string, string>> = { cu: 'compute', su: 'storage', cu_asked: 'a compute unit', su_asked: 'a storage unit', ipv4_asked: 'an IPv4 address', cu_price: 'compute price', su_price: 'storage price', ipv4_price: 'IPv4 price', hour: 'an hour', term: 'the term' };
  return [
    ...steps.map(({ step, formula, exact, decimal, unit }): [string, string] => [names[step] ?? `less ${step}`, `${formula} = ${exact}${exact === decimal ? '' : ` = ${decimal}`} ${unit}`]),
    ['total', `${total} TFT, rounded up once, to 0.0000001 TFT`],
    ...shares.map(({ role, account, share_ppm, amount }): [string, string] => [
      `of it ${role}`, `${formatPercent(share_ppm)} = ${amount} TFT ${account === null ? 'is burned' : `to account ${account}`}${role === 'farmer' && shares.length > 1 ? ', and what rounding leaves' : ''}, if all of it is billed`,
    ]),
  ];
}

/** A unit price that is not the published one: `0.01 published, × 6/5`. */
function askedStep(unit: 'cu' | 'su' | 'ipv4', published: string, asked: string): Step[] {
  if (published === asked) return [];
  const [before, after] = [stroops(published), stroops(asked)];
  return [stepOf(`${unit}_asked`, `${decimalText(tft(before))} published${before === 0n ? '' : `, × ${fractionText({ over: after, under: before })}`}`, tft(after), 'TFT an hour')];
}

/** `units/1`, with the numbers in place. */
function cuFormula({ cru, mru_mib }: Resources): string {
  const memory = (parts: bigint): string => fractionText({ over: BigInt(mru_mib), under: GIB * parts });
  const cores = (parts: bigint): string => fractionText({ over: BigInt(cru), under: parts });
  return `min(max(MRU/4, CRU/2), max(MRU/8, CRU), max(MRU/2, CRU/4)) = min(max(${memory(4n)}, ${cores(2n)}), max(${memory(8n)}, ${cores(1n)}), max(${memory(2n)}, ${cores(4n)}))`;
}

function stepOf(step: string, formula: string, value: Fraction, unit: Step['unit']): Step {
  return { step, formula, exact: fractionText(value), decimal: decimalText(value), unit };
}

/** GiB of MiB; in brackets where that is no whole number, since a division follows. */
function gib(mib: number): string {
  const text = fractionText({ over: BigInt(mib), under: GIB });
  return text.includes('/') ? `(${text})` : text;
}

function whole(count: number): Fraction {
  return { over: BigInt(count), under: 1n };
}

function tft(amount: bigint): Fraction {
  return { over: amount, under: STROOPS_PER_TFT };
}

function ofTft({ over, under }: Fraction): Fraction {
  return { over, under: under * STROOPS_PER_TFT };
}
