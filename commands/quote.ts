// 3bot quote
import type { CommandFile } from './command.js';
import { askedOf, offerNotes, openBuyer, wantedOf, wantOptions, type WantOptions } from './deal.js';
import { GRID_FLAG } from './handle.js';
import { severalOf, severalOptions, type SeveralOptions } from './several.js';
import type { Agreement, Prices } from '../src/schema/types.js';

export const command: CommandFile<WantOptions & SeveralOptions & { explain?: true }> = {
  about: 'Asks every farm that fits at the same time. A quote is exact and holds for a minute; it keeps no capacity.\nMemory is 1 GiB per vCPU unless you say otherwise.\n--explain prints how the cheapest price comes about, line by line: exact fractions, one rounding at the end, and who gets which share.\nWith --nodes: the cheapest set that is spread as you say, and its sum.',
  options: (c) => severalOptions(wantOptions(c)).option('--explain', 'how the price comes about, line by line').option(...GRID_FLAG),
  examples: ['3bot quote --cpu 4 --sru 100', '3bot quote --cpu 4 --sru 100 --explain', '3bot quote --cpu 2 --memory 512MiB --for 12h --json', '3bot quote --cpu 2 --ssd 10 --nodes 3 --spread farm'],
  async run(context, _args, options) {
    const several = severalOf(options);
    if (several !== undefined) {
      const { quoteNodes } = await import('./quoteset.js');
      return await quoteNodes(context, options, several);
    }
    const { randomBytes } = await import('node:crypto');
    const { formatTft } = await import('../src/base/amount.js');
    const { iso } = await import('../src/base/clock.js');
    const { askedOf: pricesFor } = await import('../src/market/asking.js');
    const { read } = await import('../src/rules/objects.js');
    const { explain, explanationText } = await import('../src/market/explain.js');
    const { demandOffers, quote, requestOf } = await import('../src/consumer/quote.js');
    const { nearestShown } = await import('../src/market/nearest.js');
    const { out, flags } = context;
    const { asked } = await askedOf(context, options);
    await using session = await openBuyer(context, options.grid, options.account);
    const { buyer, grid } = session;
    const wanted = await wantedOf(grid, asked, options, buyer.keyring.signer('wallet').key, buyer.keyring.signer('bot').key);
    using progress = await context.progress('asking farms');
    const quotes = await quote(buyer, wanted, requestOf(wanted, buyer, randomBytes(16).toString('hex'), false));
    progress.stop();
    const publishedFor = ({ farm, by, term_ms }: Agreement): Prices | undefined => {
      const found = read(grid.reader, 'farm', farm);
      return found === undefined ? undefined : pricesFor(grid.reader, found, by, { term_ms, dedicated: options.dedicated === true, at: grid.clock() }).prices;
    };
    const offers = quotes.offers.map(({ farm, agreement, per_hour_stroops, total_stroops, valid_until }) => ({
      farm: farm.farm, farm_name: farm.farm_name, node: agreement.node, price_per_hour: formatTft(per_hour_stroops), total: formatTft(total_stroops), valid_until: iso(valid_until),
      ...(options.explain === true ? { explanation: explain(agreement, publishedFor(agreement)) } : {}),
    }));
    const declined = quotes.declined.map(({ farm, farm_name, code, reason, nearest }) => ({ farm, farm_name, code, reason, nearest }));
    const best = quotes.offers[0];
    const notes = best === undefined ? [] : [...best.notes.map((text) => `price: the farm says: ${text}`), ...(await offerNotes(options, { ...best, quotes }, grid))];
    const json = { offers, declined, considered: quotes.considered, excluded: quotes.excluded, nearest: quotes.nearest.map(nearestShown), resources: wanted.resources, term_ms: wanted.term_ms, notes };
    if (options.explain === true && best !== undefined) out.list({ json, columns: ['step', `of the price of farm ${best.farm.farm_name}`], rows: explanationText(explain(best.agreement, publishedFor(best.agreement))) });
    else out.list({
      json,
      columns: ['farm', 'node', 'TFT/h', 'TFT in all', 'until'],
      least: ['until', 'TFT/h'],
      rows: offers.map(({ farm_name, node, price_per_hour, total, valid_until }) => [farm_name, context.io.terminal.stdout ? node.slice(0, 12) : node, price_per_hour, total, valid_until]),
    });
    if (!flags.json) for (const note of [...declined.map(({ farm_name, code, reason }) => `${farm_name} declined (${code}): ${reason}`), ...notes]) out.note(note);
    demandOffers(quotes);
    out.next('3bot reserve with the same flags');
  },
};
