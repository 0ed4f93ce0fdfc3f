// Parts of a whole: millionths in records, per cent for people.
import { Problem } from '../base/errors.js';

const PPM_PER_PERCENT = 10_000n;

/**
 * Millionths of what a person types: `20%`, `12.5%` or `20`; four decimals are a millionth.
 * @throws Problem `usage` on anything else, and above 100 %
 */
export function parsePercent(text: string): number {
  const match = /^([0-9]{1,3})(?:\.([0-9]{1,4}))?%?$/.exec(text);
  const ppm = match === null ? undefined : BigInt(match[1] ?? '') * PPM_PER_PERCENT + BigInt((match[2] ?? '').padEnd(4, '0'));
  if (ppm === undefined || ppm > 100n * PPM_PER_PERCENT) throw new Problem('usage', `not a part of a whole: ${JSON.stringify(text.slice(0, 100))}`, { hint: 'from 0% to 100% with at most four decimals, for example 12.5%' });
  return Number(ppm);
}

/** Millionths as people read them: `12.5 %`. */
export function formatPercent(ppm: number): string {
  return `${ppm / Number(PPM_PER_PERCENT)} %`;
}
