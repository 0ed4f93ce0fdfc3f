// quote --nodes: the cheapest set for an order of several contracts, and its sum.
import { Problem } from '../src/base/errors.js';
import type { Context } from './command.js';
import { askedOf, offerNotes, openBuyer, type WantOptions } from './deal.js';
import { declinedLines, groupsOf, partRows, PART_COLUMNS, rankingNote, sum, type Several } from './several.js';

/** Asks, chooses and shows. */
export async function quoteNodes(context: Context, options: WantOptions & { explain?: true }, several: Several): Promise<void> {
  if (options.explain === true) throw new Problem('usage', '--explain is for one contract', { hint: 'leave out --nodes: each contract of an order is priced in the same way' });
  const { formatTft } = await import('../src/base/amount.js');
  const { iso } = await import('../src/base/clock.js');
  const { quoteSet } = await import('../src/consumer/set.js');
  const { nearestShown } = await import('../src/market/nearest.js');
  const { out, flags } = context;
  const { asked } = await askedOf(context, options);
  await using session = await openBuyer(context, options.grid, options.account);
  const order = options.name ?? 'order';
  const groups = await groupsOf(session, asked, options, several, order);
  using progress = await context.progress('asking farms');
  const { chosen, quotes, ranking } = await quoteSet(session.buyer, groups);
  progress.stop();
  const offers = chosen.flat().map(({ offer }) => offer);
  const parts = offers.map(({ agreement }, i) => ({ name: `${order}/${i + 1}`, agreement }));
  const notes = [...rankingNote(ranking), ...new Set((await Promise.all(offers.map((offer) => offerNotes(options, offer, session.grid)))).flat())];
  const [quoted] = quotes;
  const shown = ({ farm, agreement, per_hour_stroops, total_stroops, valid_until }: typeof offers[number]): object => ({
    farm: farm.farm, farm_name: farm.farm_name, node: agreement.node, price_per_hour: formatTft(per_hour_stroops), total: formatTft(total_stroops), valid_until: iso(valid_until),
  });
  const wanted = groups[0]?.parts[0]?.wanted;
  out.list({
    json: {
      offers: quoted?.offers.map(shown) ?? [], declined: quoted?.declined.map(({ farm, farm_name, code, reason, nearest }) => ({ farm, farm_name, code, reason, nearest })) ?? [],
      considered: quoted?.considered ?? 0, excluded: quoted?.excluded ?? [], nearest: (quoted?.nearest ?? []).map(nearestShown), resources: wanted?.resources, term_ms: wanted?.term_ms, notes,
      set: { spread: several.spread, contracts: offers.map(shown), price_per_hour: formatTft(sum(offers.map((offer) => offer.per_hour_stroops))), total: formatTft(sum(offers.map((offer) => offer.total_stroops))) },
    },
    columns: PART_COLUMNS,
    least: ['TFT/h', 'farm'],
    rows: await partRows(session, parts, context.io.terminal.stdout),
  });
  if (!flags.json) for (const note of [...declinedLines(quotes), ...notes]) out.note(note);
  out.next('3bot reserve with the same flags');
}
