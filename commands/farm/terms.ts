// What a farm says of itself, as flags, and as it is shown; create, update, price and show share it.
import type { Command } from 'commander';
import { formatTft, parseTft } from '../../src/base/amount.js';
import { Problem } from '../../src/base/errors.js';
import { readConfig, type Home } from '../../src/home.js';
import type { FarmConfig, Prices } from '../../src/schema/types.js';

/** Flags of a farm's terms. */
export interface TermOptions {
  place?: string;
  payout?: string;
  endpoint?: string;
}

/** Adds the flags of a farm's terms. */
export function termOptions(command: Command): Command {
  return command
    .option('--place <text>', 'where it is, in your words')
    .option('--payout <address>', 'wallet that is paid: address G…, account key or bot (default: your own)')
    .option('--endpoint <url>', 'where its bot can be reached: http://host:port or https://host', parseEndpoint);
}

function parseEndpoint(text: string): string {
  const url = text.replace(/\/+$/, '');
  if (!/^https?:\/\/[^/?#@\s]{1,200}$/.test(url) || !URL.canParse(url)) throw new Problem('usage', `not an endpoint: ${JSON.stringify(text.slice(0, 100))}`, { hint: 'http://host:port or https://host, without a path' });
  return url;
}

/** @throws Problem `usage` where the book would not take it */
export function checkPlace(place: string): string {
  if (place.length > 200) throw new Problem('usage', `--place has ${place.length} characters, 200 are allowed`);
  return place;
}

/** Flags of prices, in stroops. */
export interface PriceOptions {
  cu?: bigint;
  su?: bigint;
  nu?: bigint;
  ipv4?: bigint;
}

/** Adds the flags of prices. */
export function priceOptions(command: Command): Command {
  return command
    .option('--cu <amount>', 'TFT an hour for a compute unit', parseTft)
    .option('--su <amount>', 'TFT an hour for a storage unit', parseTft)
    .option('--nu <amount>', 'TFT for a GB of traffic', parseTft)
    .option('--ipv4 <amount>', 'TFT an hour for a public IPv4 address', parseTft);
}

/** Whether any flag of prices was given. */
export function isAny({ cu, su, nu, ipv4 }: PriceOptions): boolean {
  return [cu, su, nu, ipv4].some((one) => one !== undefined);
}

/** The prices with what the flags change. */
export function pricesWith(before: Prices, { cu, su, nu, ipv4 }: PriceOptions): Prices {
  return {
    cu_stroops: cu?.toString() ?? before.cu_stroops,
    su_stroops: su?.toString() ?? before.su_stroops,
    nu_stroops: nu?.toString() ?? before.nu_stroops,
    ipv4_stroops: ipv4?.toString() ?? before.ipv4_stroops,
  };
}

/** Prices in TFT. */
export function shownPrices(prices: Prices): { cu: string; su: string; nu: string; ipv4: string } {
  const shown = (stroops: string): string => formatTft(BigInt(stroops));
  return { cu: shown(prices.cu_stroops), su: shown(prices.su_stroops), nu: shown(prices.nu_stroops), ipv4: shown(prices.ipv4_stroops) };
}

/** Prices as a line for people. */
export function pricesText(prices: Prices): string {
  const { cu, su, nu, ipv4 } = shownPrices(prices);
  return `CU ${cu}, SU ${su}, IPv4 ${ipv4} TFT an hour; traffic ${nu} TFT a GB`;
}

/** The farm of this home folder. @throws Problem `not_found` */
export function ownFarm(home: Home): FarmConfig {
  const { farm } = readConfig(home);
  if (farm === null) throw new Problem('not_found', `no farm in ${home.path} yet`, { reason: 'farm', hint: '3bot farm create NAME' });
  return farm;
}
