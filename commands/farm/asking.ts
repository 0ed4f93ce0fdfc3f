// What a farm asks beside its prices, as flags and as it is shown: discounts, architects, deals.
import type { Command } from 'commander';
import { iso } from '../../src/base/clock.js';
import { formatDuration, parseDuration } from '../../src/base/duration.js';
import { Problem } from '../../src/base/errors.js';
import { formatPercent, parsePercent } from '../../src/capacity/percent.js';
import { DEDICATED_PPM, holds } from '../../src/market/asking.js';
import type { DealObject, FarmObject } from '../../src/rules/objects.js';
import type { LengthDiscount, PriceList } from '../../src/schema/types.js';
import { isAny, pricesText, pricesWith, shownPrices, type PriceOptions } from './terms.js';

/** Flags of what is asked of everybody. */
export interface AskingOptions extends PriceOptions {
  length?: LengthDiscount[];
  dedicated?: number;
  architect?: number;
}

/** Flags of a deal. */
export interface DealOptions extends PriceOptions {
  for?: string;
  discount?: number;
  until?: number;
  end?: true;
}

/** Adds the flags. */
export function askingOptions(command: Command): Command {
  return command
    .option('--length <list>', 'less for long terms, as 720h=5%,8760h=15%; the longest that applies counts; none takes it back', parseLengths)
    .option('--dedicated <percent>', 'less for a node as a whole (unless you say otherwise 50%)', parsePercent)
    .option('--architect <percent>', 'the largest share that architects may get of your contracts, all of them together', parsePercent)
    .option('--for <bot>', 'a deal with this bot alone: name, did:key:… or key; with --discount, or prices of its own')
    .option('--discount <percent>', 'with --for: so much less', parsePercent)
    .option('--until <date>', 'with --for: agreements drafted before that, as 2026-12-31 or 2026-12-31T12:00Z', parseUntil)
    .option('--end', 'with --for: no deal any more');
}

/** @throws Problem `usage` */
function parseLengths(text: string): LengthDiscount[] {
  if (text === 'none') return [];
  return text.split(',').map((part) => {
    const [length = '', percent = '', more] = part.split('=');
    const ppm = more === undefined ? parsePercent(percent) : 0;
    if (ppm === 0) throw new Problem('usage', `not a discount for length: ${JSON.stringify(part.slice(0, 100))}`, { hint: 'for example --length 720h=5%,8760h=15%' });
    return { at_least_ms: parseDuration(length), ppm };
  }).sort((a, b) => a.at_least_ms - b.at_least_ms);
}

/** @throws Problem `usage` */
function parseUntil(text: string): number {
  const time = /^[0-9]{4}-[0-9]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new Problem('usage', `not a time: ${JSON.stringify(text.slice(0, 100))}`, { hint: 'for example 2026-12-31 or 2026-12-31T12:00Z' });
  return time;
}

/** Whether the flags change what is asked of everybody. */
export function changesAsking(options: AskingOptions): boolean {
  return isAny(options) || options.length !== undefined || options.dedicated !== undefined || options.architect !== undefined;
}

/** What is asked, with what the flags change. */
export function askingWith({ lengths, ...before }: PriceList, options: AskingOptions): PriceList {
  const after = options.length ?? lengths ?? [];
  return {
    ...before, prices: pricesWith(before.prices, options),
    ...(after.length === 0 ? {} : { lengths: after }),
    ...(options.dedicated === undefined ? {} : { dedicated_ppm: options.dedicated }),
    ...(options.architect === undefined ? {} : { architect_ppm: options.architect }),
  };
}

/** Discounts and shares for `--json`. */
export function shownAsking({ lengths = [], dedicated_ppm = DEDICATED_PPM, architect_ppm = 0 }: FarmObject): object {
  return { lengths, dedicated_ppm, architect_ppm };
}

/** The same in lines for people; nothing where the farm has not said anything of it. */
export function askingText({ lengths = [], dedicated_ppm, architect_ppm }: FarmObject): [name: string, text: string][] {
  return [
    ...lengths.map(({ at_least_ms, ppm }): [string, string] => [`from ${formatDuration(at_least_ms)}`, `${formatPercent(ppm)} less`]),
    ...(dedicated_ppm === undefined ? [] : [['whole node', `${formatPercent(dedicated_ppm)} less`] as [string, string]]),
    ...(architect_ppm === undefined ? [] : [['architects', `get up to ${formatPercent(architect_ppm)}`] as [string, string]]),
  ];
}

/** A deal for `--json`. @param bot key @param name of the bot, if it has one on this grid */
export function shownDeal(bot: string, name: string | null, deal: DealObject, at: number): object {
  return { bot, name, prices: deal.prices === null ? null : shownPrices(deal.prices), discount_ppm: deal.discount_ppm, until: deal.until === null ? null : iso(deal.until), in_force: holds(deal, at) };
}

/** A deal as a line for people. */
export function dealText(deal: DealObject, at: number): string {
  if (deal.prices === null && deal.discount_ppm === 0) return 'no deal any more';
  const prices = deal.prices === null ? [] : [pricesText(deal.prices)];
  const less = deal.discount_ppm === 0 ? [] : [`${formatPercent(deal.discount_ppm)} less`];
  const until = deal.until === null ? [] : [`${at < deal.until ? 'until' : 'was over at'} ${iso(deal.until)}`];
  return [...prices, ...less, ...until].join(', ');
}
