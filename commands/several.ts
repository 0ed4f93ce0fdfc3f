// --nodes and --spread of quote and reserve: one order of several contracts.
import type { Command } from 'commander';
import { Problem } from '../src/base/errors.js';
import { MAX_PARTS } from '../src/base/limits.js';
import { SPREADS, type Spread } from '../src/consumer/choose.js';
import type { GroupQuotes } from '../src/consumer/candidates.js';
import type { Group } from '../src/consumer/set.js';
import type { Agreement } from '../src/schema/types.js';
import { wantedOf, type Asked, type BuyerSession, type WantOptions } from './deal.js';

/** The two flags. */
export interface SeveralOptions {
  nodes?: number;
  spread?: Spread;
}

/** What they say. */
export interface Several {
  readonly count: number;
  readonly spread: Spread;
}

/** Adds the two flags. */
export function severalOptions(command: Command): Command {
  return command
    .option('--nodes <count>', `one order of so many contracts, at most ${MAX_PARTS}: all of them or none, each on a node of its own`, parseNodes)
    .option('--spread <what>', 'with --nodes: never two of them at one farm, on one node, or in one region (default: node)', parseSpread);
}

function parseNodes(text: string): number {
  const count = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MAX_PARTS) throw new Problem('usage', `not a number from 1 to ${MAX_PARTS}: ${JSON.stringify(text.slice(0, 50))}`);
  return count;
}

function parseSpread(text: string): Spread {
  const spread = SPREADS.find((one) => one === text);
  if (spread === undefined) throw new Problem('usage', `not a spread: ${JSON.stringify(text.slice(0, 50))}`, { hint: SPREADS.join(', ') });
  return spread;
}

/** Whether several are asked for. @throws Problem `usage` for `--spread` alone, and where others would have to sign */
export function severalOf({ nodes, spread, signer, signers }: SeveralOptions & Pick<WantOptions, 'signer' | 'signers'>): Several | undefined {
  if (nodes === undefined && spread !== undefined) throw new Problem('usage', '--spread says how several contracts stand apart, and only one is asked for', { hint: 'add --nodes 3' });
  if (nodes !== undefined && (signer !== undefined || signers !== undefined)) throw new Problem('usage', '--nodes and --signer exclude each other: an order of several contracts is signed at once', { hint: 'reserve them one by one, each with a --name of its own' });
  return nodes === undefined ? undefined : { count: nodes, spread: spread ?? 'node' };
}

/** The parts `1`, `2`, … of an order, each with addresses of its own where they are in a private network. */
export async function groupsOf({ grid, buyer: { keyring } }: BuyerSession, asked: Asked, options: WantOptions, { count, spread }: Several, order: string): Promise<Group[]> {
  const used = new Set<string>();
  const parts: { name: string; wanted: Awaited<ReturnType<typeof wantedOf>> }[] = [];
  for (let n = 1; n <= count; n += 1) {
    parts.push({ name: `${n}`, wanted: await wantedOf(grid, asked, { ...options, name: `${order}/${n}` }, keyring.signer('wallet').key, keyring.signer('bot').key, used) });
  }
  return [{ spread, parts }];
}

/**
 * Parts as rows of a table: the same for a quote, a dry run and the question before it is paid.
 * @param isRead by a person: ids are short, and the sum is the last row
 */
export async function partRows(session: BuyerSession, parts: readonly { readonly name: string; readonly agreement: Agreement }[], isRead: boolean): Promise<string[][]> {
  const { formatTft } = await import('../src/base/amount.js');
  const { perHourStroops } = await import('../src/capacity/price.js');
  const { read } = await import('../src/rules/objects.js');
  const prices = parts.map(({ agreement: { resources, prices: each, discounts } }) => perHourStroops(resources, each, discounts));
  const total = sum(parts.map(({ agreement }) => BigInt(agreement.total_stroops)));
  return [
    ...parts.map(({ name, agreement: { farm, node, total_stroops } }, i) => [name, read(session.grid.reader, 'farm', farm)?.name ?? farm, isRead ? node.slice(0, 12) : node, formatTft(prices[i] ?? 0n), formatTft(BigInt(total_stroops))]),
    ...(isRead ? [['in all', '', '', formatTft(sum(prices)), formatTft(total)]] : []),
  ];
}

/** Columns of `partRows`. */
export const PART_COLUMNS = ['part', 'farm', 'node', 'TFT/h', 'TFT in all'] as const;

/** Who declined, each farm and reason once. */
export function declinedLines(quotes: readonly GroupQuotes[]): string[] {
  return [...new Set(quotes.flatMap(({ declined }) => declined.map(({ farm_name, code, reason }) => `${farm_name} declined (${code}): ${reason}`)))];
}

/** Why it is not the cheapest set, as a note; none where it is. */
export function rankingNote(ranking: string | null): string[] {
  return ranking === null ? [] : [`order: ${ranking}`];
}

/** @param amounts stroops */
export function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((all, one) => all + one, 0n);
}
