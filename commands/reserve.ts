// 3bot reserve
import type { CommandFile, Context } from './command.js';
import type { Placed, Proposal } from '../src/consumer/order.js';
import type { Grid } from '../src/net/grid.js';
import { parseTft } from '../src/base/amount.js';
import { Problem } from '../src/base/errors.js';
import { askedOf, offerNotes, openBuyer, wantedOf, wantOptions, type Asked, type BuyerSession, type WantOptions } from './deal.js';
import { GRID_FLAG } from './handle.js';
import { openSecrets, secretOptions, type SecretOptions } from './secrets.js';
import { severalOf, severalOptions, type SeveralOptions } from './several.js';
import { waitAndShow, waitOptions, type WaitOptions } from './waiting.js';

interface Options extends WantOptions, SecretOptions, WaitOptions, SeveralOptions {
  maxTotal?: bigint;
  dryRun?: true;
  draft?: string;
}

export const command: CommandFile<Options> = {
  about: 'Asks every farm that fits, takes the cheapest (with what happened there before counted in: 3bot journal), and puts the agreement,\nsigned by both, into the book; that moves the whole price into escrow. What is not used comes back when the contract ends.\nAfter any interruption the same command goes on with the same contract; --name makes that hold for good.\nWith --nodes it is one order of several contracts, named ORDER/1, ORDER/2 and so on: the cheapest set that is spread as you say, all of\nthem or none; a pipe gets the order\'s name, for contract list --order.\nThe farmer is root on the node and can read what runs there, secrets too; --env is public.',
  options: (c) => waitOptions(secretOptions(severalOptions(wantOptions(c))))
    .option('--name <name>', 'what you call it: the same name means the same contract, as long as that is in force', parseName)
    .option('--max-total <tft>', 'go ahead unasked up to this total (without a terminal the default is spend.per_command of the config)', parseTft)
    .option('--draft <file>', 'with --signer: where the draft is written (default: NAME or id, .draft.json)')
    .option('--dry-run', 'show what would be reserved, and change nothing')
    .option(...GRID_FLAG),
  examples: ['3bot reserve --cpu 4 --sru 100', 'id=$(3bot reserve --cpu 4 --sru 100 --name web --max-total 20)', '3bot reserve --cpu 2 --ssd 10 --for 12h --image docker.io/library/nginx:1.27 --port 80', '3bot reserve --cpu 2 --ssd 10 --workload web.json', 'order=$(3bot reserve --cpu 2 --ssd 10 --nodes 3 --spread farm --name web --max-total 60)'],
  async run(context, _args, options) {
    const { out, flags } = context;
    const several = severalOf(options);
    if (several !== undefined) {
      const { reserveSet } = await import('./reserveset.js');
      return await reserveSet(context, options, several);
    }
    const { asked: said, given } = await askedOf(context, options);
    let placed: Placed;
    let unsent: unknown;
    let notes: string[] = [];
    {
      await using session = await openBuyer(context, options.grid, options.account);
      await using secrets = await openSecrets(context, session, given);
      const asked = { ...said, workloads: secrets.listedIn(said.workloads, options.workload !== undefined) };
      if (options.dryRun === true) return await dryRun(context, session, asked, options);
      const { openPrivate } = await import('../src/private.js');
      const { placeOrder } = await import('../src/consumer/order.js');
      using data = openPrivate(context.home);
      using progress = await context.progress('asking farms');
      const approve = async (proposal: Proposal): Promise<void> => {
        notes = await offerNotes(options, proposal, session.grid);
        progress.stop();
        await agree(context, options, proposal, session.grid, notes);
      };
      placed = await placeOrder({ ...session.buyer, home: context.home, private: data, approve }, await wantedOf(session.grid, asked, options, session.buyer.keyring.signer('wallet').key, session.buyer.keyring.signer('bot').key), options.name ?? null);
      if (placed.state === 'draft') return await writeDraft(context, options, placed, session.grid, given.length > 0);
      unsent = await secrets.send(placed.contract);
    }
    const { agreementOf } = await import('../src/market/terms.js');
    const { contractText } = await import('./contract/text.js');
    const { workloads } = agreementOf(placed.record);
    const { contract, problem = unsent } = await waitAndShow(context, options.grid, placed.contract, workloads.length > 0 && unsent === undefined ? 'ready' : 'held', options);
    const failed = (problem as { code?: unknown } | undefined)?.code === 'failed';
    out.one({
      json: {
        contract: contract.id, farm: contract.farm, farm_name: contract.farm_name, node: contract.node, name: contract.name,
        state: failed ? 'failed' : contract.progress, reason: contract.reason, price_per_hour: contract.price_per_hour, total: contract.total, escrow: contract.escrow,
        expires_at: contract.expires_at, receipt: placed.receipt, workloads: contract.workloads, notes,
      },
      id: contract.id,
      text: () => `${contractText(contract)}\nreceipt   ${placed.receipt ?? ''}`,
    });
    await close(context, contract.id);
    if (problem !== undefined) throw problem;
    const short = contract.id.slice(0, 12);
    if (!flags.json) out.next(contract.workloads.length > 0 ? `3bot contract show ${short}` : `3bot deploy ${short} --image … --port …`);
  },
};

/** Told: the same arguments mean another contract from now on. */
async function close({ home }: Context, contract: string): Promise<void> {
  const { closeOrder } = await import('../src/consumer/orders.js');
  const { openPrivate } = await import('../src/private.js');
  using data = openPrivate(home);
  closeOrder(data, contract);
}

/** Also the beginning of a draft's file name. @throws Problem `usage` */
function parseName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)) return text;
  throw new Problem('usage', `not a name: ${JSON.stringify(text.slice(0, 100))}`, { hint: 'at most 63 letters, digits and . _ -, for example web-1' });
}

/** A person says yes, or a limit does. */
async function agree(context: Context, options: Options, { agreement, total_stroops, quotes }: Proposal, grid: Grid, notes: readonly string[]): Promise<void> {
  const { formatTft } = await import('../src/base/amount.js');
  const { perHourStroops } = await import('../src/capacity/price.js');
  const { durationText, resourcesText } = await import('../src/market/words.js');
  const { read } = await import('../src/rules/objects.js');
  const { allowSpending } = await import('./spending.js');
  const { out, flags } = context;
  const farm = read(grid.reader, 'farm', agreement.farm)?.name ?? agreement.farm;
  const total = formatTft(total_stroops);
  if (!flags.json) {
    if (quotes === null) out.note('going on with the order that was interrupted');
    else for (const { farm_name, code, reason } of quotes.declined) out.note(`${farm_name} declined (${code}): ${reason}`);
    out.note(`${farm}: ${resourcesText(agreement.resources)} for ${durationText(agreement.term_ms)}, ${formatTft(perHourStroops(agreement.resources, agreement.prices, agreement.discounts))} TFT an hour, ${total} TFT in all`);
    for (const note of notes) out.note(note);
  }
  await allowSpending(context, { amount: total_stroops, question: `Reserve this for ${total} TFT?`, flag: '--max-total', max: options.maxTotal });
}

/** Everything but the order. */
async function dryRun(context: Context, { buyer, grid }: BuyerSession, asked: Asked, options: Options): Promise<void> {
  const { randomBytes } = await import('node:crypto');
  const { formatTft } = await import('../src/base/amount.js');
  const { demandOffers, quote, requestOf } = await import('../src/consumer/quote.js');
  const { agreementText } = await import('../src/market/words.js');
  const wanted = await wantedOf(grid, asked, options, buyer.keyring.signer('wallet').key, buyer.keyring.signer('bot').key);
  const quotes = await quote(buyer, wanted, requestOf(wanted, buyer, randomBytes(16).toString('hex'), false));
  demandOffers(quotes);
  const [best] = quotes.offers;
  if (best === undefined) return;
  const { agreement, per_hour_stroops, total_stroops, farm } = best;
  const notes = await offerNotes(options, { ...best, quotes }, grid);
  context.out.one({
    json: { dry_run: true, contract: null, farm: farm.farm, farm_name: farm.farm_name, node: agreement.node, state: 'offered', price_per_hour: formatTft(per_hour_stroops), total: formatTft(total_stroops), agreement, notes },
    text: () => [...agreementText('none yet: this is a dry run', agreement).map(([key, text]) => `${key.padEnd(14)}${text}`), ...notes].join('\n'),
  });
}

/** Others sign too: the draft is a file. */
async function writeDraft(context: Context, options: Options, placed: Placed, grid: Grid, hasSecrets: boolean): Promise<void> {
  const { resolve } = await import('node:path');
  const { formatTft } = await import('../src/base/amount.js');
  const { iso } = await import('../src/base/clock.js');
  const { perHourStroops } = await import('../src/capacity/price.js');
  const { agreementOf } = await import('../src/market/terms.js');
  const { saveDraft, standingOf } = await import('../src/people/draft.js');
  const { out } = context;
  const path = resolve(options.draft ?? `${options.name ?? placed.contract.slice(0, 12)}.draft.json`);
  const draft = saveDraft(path, placed.record, placed.signatures);
  const agreement = agreementOf(draft.record);
  const { missing } = standingOf(grid.reader, draft, context.clock());
  out.one({
    json: {
      contract: placed.contract, farm: agreement.farm, node: agreement.node, name: agreement.order, state: 'draft', draft: path, missing, commit_by: iso(agreement.commit_by),
      price_per_hour: formatTft(perHourStroops(agreement.resources, agreement.prices, agreement.discounts)), total: formatTft(BigInt(agreement.total_stroops)), escrow: formatTft(0n), expires_at: null, receipt: null, workloads: [],
    },
    id: placed.contract,
    text: () => [`contract  ${placed.contract}, a draft until ${iso(agreement.commit_by)}`, `draft     ${path}`, ...missing.map((party) => `not yet   ${party}`)].join('\n'),
  });
  out.note(`the draft is in ${path}; whoever signs it last commits it`);
  if (hasSecrets) out.note(`once it is in the book, send the node its secrets: 3bot contract secret ${placed.contract.slice(0, 12)} NAME=@FILE, or run this command again`);
  out.next(`3bot propose ${path}   (sends it to all who have to sign; or mail the file, for 3bot sign)`);
}
