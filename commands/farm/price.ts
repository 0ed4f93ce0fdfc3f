// 3bot farm price
import type { CommandFile, Context } from '../command.js';
import type { Grid } from '../../src/net/grid.js';
import type { DealObject, FarmObject } from '../../src/rules/objects.js';
import type { FarmConfig } from '../../src/schema/types.js';
import { Problem } from '../../src/base/errors.js';
import { openGridOf } from '../handle.js';
import { askingOptions, askingText, askingWith, changesAsking, dealText, shownAsking, shownDeal, type AskingOptions, type DealOptions } from './asking.js';
import { isAny, ownFarm, priceOptions, pricesText, pricesWith, shownPrices } from './terms.js';

type Options = AskingOptions & DealOptions;

export const command: CommandFile<Options> = {
  about: 'Shows what your farm asks. Contracts in force keep their prices.\nDiscounts add up like this: each is taken from what the one before leaves, first the deal, then the length, then the whole node.',
  options: (c) => askingOptions(priceOptions(c)),
  examples: ['3bot farm price', '3bot farm price --cu 0.009 --su 0.0045', '3bot farm price --length 720h=5%,8760h=15% --dedicated 40%', '3bot farm price --for bob --discount 20% --until 2026-12-31'],
  async run(context, _args, options) {
    checkFlags(options, context.clock());
    const { openKeyring } = await import('../../src/keys/unlock.js');
    const { findFarm } = await import('../../src/market/find.js');
    const own = ownFarm(context.home);
    await using grid = await openGridOf(context, own.grid);
    await grid.refresh();
    const farm = findFarm(grid.reader, own.id);
    if (options.for !== undefined) return await deal(context, grid, own, farm, options.for, options);
    if (!changesAsking(options)) return await show(context, grid, farm);
    const { farmOf, setPrices } = await import('../../src/farmer/farm.js');
    const keyring = await openKeyring(context, 'farm', own.name);
    await show(context, grid, await setPrices(grid, keyring, farmOf(grid, keyring), (before) => askingWith(before, options)));
  },
};

/** @throws Problem `usage` for flags that do not go together */
function checkFlags({ for: bot, discount, until, end, length, dedicated, architect, ...prices }: Options, now: number): void {
  const hint = '3bot farm price --for BOT --discount 20% --until 2026-12-31';
  if (bot === undefined && [discount, until, end].some((flag) => flag !== undefined)) throw new Problem('usage', '--discount, --until and --end belong to a deal: --for BOT is missing', { hint });
  if (bot !== undefined && [length, dedicated, architect].some((flag) => flag !== undefined)) throw new Problem('usage', '--length, --dedicated and --architect are for everybody; a deal has prices, a discount and an end', { hint });
  if (end === true && (discount !== undefined || until !== undefined || isAny(prices))) throw new Problem('usage', '--end takes the deal back; nothing else goes with it', { hint: '3bot farm price --for BOT --end' });
  if (until !== undefined && until <= now) throw new Problem('usage', '--until is over already', { hint: '--end takes a deal back' });
}

async function show({ out, clock }: Context, grid: Grid, farm: FarmObject): Promise<void> {
  const { MAX_ROWS } = await import('../../src/base/limits.js');
  const { pricesOf } = await import('../../src/market/directory.js');
  const { nameOfBot } = await import('../../src/market/find.js');
  const at = clock();
  const prices = pricesOf(grid.reader, farm);
  const prefix = `deal/${farm.id}/`;
  const deals = grid.reader.objects(prefix, MAX_ROWS).map(({ id, value }) => ({ bot: id.slice(prefix.length), name: nameOfBot(grid.reader, id.slice(prefix.length)), deal: value as unknown as DealObject }));
  out.one({
    json: { farm: farm.id, name: farm.name, ...shownPrices(prices), ...shownAsking(farm), deals: deals.map(({ bot, name, deal: one }) => shownDeal(bot, name, one, at)) },
    text: () => [
      `farm ${farm.name} asks ${pricesText(prices)}`,
      ...askingText(farm).map(([name, text]) => `${name.padEnd(12)}${text}`),
      ...deals.map(({ bot, name, deal: one }) => `${'deal'.padEnd(12)}${name ?? bot}: ${dealText(one, at)}`),
    ].join('\n'),
  });
}

/** Shows a deal, or makes, changes or ends it. */
async function deal(context: Context, grid: Grid, own: FarmConfig, farm: FarmObject, named: string, options: Options): Promise<void> {
  const { openKeyring } = await import('../../src/keys/unlock.js');
  const { dealOf } = await import('../../src/market/asking.js');
  const { pricesOf } = await import('../../src/market/directory.js');
  const { findBot, nameOfBot } = await import('../../src/market/find.js');
  const { farmOf, makeDeal } = await import('../../src/farmer/farm.js');
  const { out, clock } = context;
  const bot = findBot(grid.reader, named);
  const { discount, until, end } = options;
  if (end === true || discount !== undefined || until !== undefined || isAny(options)) {
    const keyring = await openKeyring(context, 'farm', own.name);
    await makeDeal(grid, keyring, farmOf(grid, keyring), bot, (before) => {
      if (end === true) return { prices: null, discount_ppm: 0, until: null };
      return {
        prices: isAny(options) ? pricesWith(before?.prices ?? pricesOf(grid.reader, farm), options) : (before?.prices ?? null),
        discount_ppm: discount ?? before?.discount_ppm ?? 0,
        until: until ?? before?.until ?? null,
      };
    });
  }
  const made = dealOf(grid.reader, farm.id, bot);
  const name = nameOfBot(grid.reader, bot);
  out.one({
    json: { farm: farm.id, name: farm.name, deal: made === undefined ? null : shownDeal(bot, name, made, clock()) },
    text: () => `${name ?? bot}: ${made === undefined ? 'no deal; it is asked what everybody is' : dealText(made, clock())}`,
  });
}
