// Exact fractions, and how people read them.

/** `over / under`, not negative; `under` is above 0. */
export interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

/** Decimals of a fraction that are shown; more of them are cut. */
const PLACES = 12;

/** The product of both, in lowest terms. */
export function times(a: Fraction, b: Fraction): Fraction {
  return lowest({ over: a.over * b.over, under: a.under * b.under });
}

/** The same fraction with the smallest numbers. */
export function lowest({ over, under }: Fraction): Fraction {
  let [divisor, rest] = [over, under];
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest];
  return { over: over / divisor, under: under / divisor };
}

/** `9/400`, in lowest terms; `2` for a whole number. */
export function fractionText(fraction: Fraction): string {
  const { over, under } = lowest(fraction);
  return under === 1n ? `${over}` : `${over}/${under}`;
}

/** `0.0225`; cut after 12 places, and then it ends with `…`. */
export function decimalText({ over, under }: Fraction): string {
  const scale = 10n ** BigInt(PLACES);
  const digits = ((over * scale) / under).toString().padStart(PLACES + 1, '0');
  const cut = (over * scale) % under !== 0n;
  const places = digits.slice(-PLACES);
  return `${digits.slice(0, -PLACES)}.${cut ? `${places}…` : places}`.replace(/\.?0*$/, '');
}
