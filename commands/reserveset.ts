// reserve --nodes: an order of several contracts, from the flags to their receipts.
import type { PlacedPart, SetProposal } from '../src/consumer/set.js';
import type { ContractShown } from '../src/market/contract.js';
import type { Context } from './command.js';
import { aligned } from './contract/text.js';
import { askedOf, offerNotes, openBuyer, type Asked, type BuyerSession, type WantOptions } from './deal.js';
import { openSecrets, type SecretOptions } from './secrets.js';
import { declinedLines, groupsOf, partRows, PART_COLUMNS, rankingNote, sum, type Several } from './several.js';
import { waitForAll, type WaitOptions } from './waiting.js';

interface Options extends WantOptions, SecretOptions, WaitOptions {
  maxTotal?: bigint;
  dryRun?: true;
}

/** Reserves, waits, and says what came of it; `--dry-run` shows the set and its sum. */
export async function reserveSet(context: Context, options: Options, several: Several): Promise<void> {
  const { out } = context;
  const { asked: said, given } = await askedOf(context, options);
  let order: string;
  let placed: PlacedPart[];
  let notes: string[] = [];
  const unsent: unknown[] = [];
  {
    await using session = await openBuyer(context, options.grid, options.account);
    await using secrets = await openSecrets(context, session, given);
    const asked = { ...said, workloads: secrets.listedIn(said.workloads, options.workload !== undefined) };
    if (options.dryRun === true) return await dryRun(context, session, asked, options, several);
    const { openPrivate } = await import('../src/private.js');
    const { placeSet } = await import('../src/consumer/set.js');
    using data = openPrivate(context.home);
    order = options.name ?? (await orderNamed(session, asked, options, several, data));
    using progress = await context.progress('asking farms');
    const approve = async (proposal: SetProposal): Promise<void> => {
      progress.stop();
      notes = [...rankingNote(proposal.ranking), ...(await notesOf(options, session, proposal.parts))];
      await agree(context, session, options, proposal, notes);
    };
    placed = await placeSet({ ...session.buyer, home: context.home, private: data, approve }, order, await groupsOf(session, asked, options, several, order));
    for (const { contract } of placed) unsent.push(await secrets.send(contract));
  }
  const problem = unsent.find((one) => one !== undefined);
  const waited = await waitForAll(context, options.grid, placed.map(({ contract }) => contract), said.workloads.length > 0 && problem === undefined ? 'ready' : 'held', options);
  show(context, order, placed, waited.map(({ contract }) => contract), notes);
  await closed(context, order, placed);
  for (const thrown of [problem, ...waited.map((one) => one.problem)]) if (thrown !== undefined) throw thrown;
  out.next(said.workloads.length > 0 ? `3bot contract show ${order}` : `3bot deploy ${order} --image … --port …`);
}

/** The name that these arguments have as long as nobody was told of it. */
async function orderNamed({ grid, buyer: { keyring } }: BuyerSession, asked: Asked, options: Options, { count, spread }: Several, data: import('../src/private.js').Private): Promise<string> {
  const { nameOfOrder } = await import('../src/consumer/sets.js');
  const { actsFor } = await import('../src/rules/identity.js');
  const { wantedOf } = await import('./deal.js');
  // Without its private network: which addresses are free changes from one run to the next.
  const { network: _, ...others } = options;
  const payer = keyring.signer('wallet').key;
  const wanted = await wantedOf(grid, asked, others, payer);
  return nameOfOrder({ data, grid: grid.id, bot: actsFor(grid.reader, keyring.signer('bot').key) }, { ...wanted, payer }, count, spread);
}

/** What to know about the parts, each thing once. */
async function notesOf(options: Options, { grid }: BuyerSession, parts: SetProposal['parts'] | readonly { readonly agreement: SetProposal['parts'][number]['agreement'] }[]): Promise<string[]> {
  const notes = await Promise.all(parts.map((part) => offerNotes(options, part, grid)));
  const names = (options.web ?? []).map((text) => text.slice(0, text.lastIndexOf(':'))).filter((name) => name.includes('.'));
  return [...new Set([...notes.flat(), ...names.map((name) => `every one of these nodes serves ${name}; its DNS entries say which of them visitors reach`)])];
}

/** A person says yes to the sum, or a limit does. */
async function agree(context: Context, session: BuyerSession, options: Options, { parts, total_stroops, quotes }: SetProposal, notes: readonly string[]): Promise<void> {
  const { formatTft } = await import('../src/base/amount.js');
  const { durationText, resourcesText } = await import('../src/market/words.js');
  const { allowSpending } = await import('./spending.js');
  const { out, flags } = context;
  const [first] = parts;
  if (!flags.json && first !== undefined) {
    if (quotes === null) out.note('going on with the order that was interrupted');
    else for (const line of declinedLines(quotes)) out.note(line);
    out.note(`each ${resourcesText(first.agreement.resources)} for ${durationText(first.agreement.term_ms)}:`);
    for (const line of aligned([[...PART_COLUMNS], ...(await partRows(session, parts, true))])) out.note(line);
    for (const note of notes) out.note(note);
  }
  const total = formatTft(total_stroops);
  await allowSpending(context, { amount: total_stroops, question: `Reserve ${parts.length === 1 ? 'this' : `these ${parts.length}`} for ${total} TFT?`, flag: '--max-total', max: options.maxTotal });
}

/** Everything but the order. */
async function dryRun(context: Context, session: BuyerSession, asked: Asked, options: Options, several: Several): Promise<void> {
  const { formatTft } = await import('../src/base/amount.js');
  const { quoteSet } = await import('../src/consumer/set.js');
  const order = options.name ?? 'order';
  const groups = await groupsOf(session, asked, options, several, order);
  const { chosen, quotes, ranking } = await quoteSet(session.buyer, groups);
  const wanted = groups.flatMap((group) => group.parts);
  // Farms were asked for one of these parts: name and addresses are each one's own.
  const parts = chosen.flat().map(({ offer }, i) => ({ name: `${order}/${wanted[i]?.name ?? i + 1}`, offer, agreement: { ...offer.agreement, order: options.name === undefined ? null : `${order}/${wanted[i]?.name ?? i + 1}`, workloads: [...(wanted[i]?.wanted.workloads ?? [])] } }));
  const notes = [...rankingNote(ranking), ...(await notesOf(options, session, parts))];
  const lines = await partRows(session, parts, true);
  context.out.one({
    json: {
      dry_run: true, order: options.name ?? null,
      contracts: parts.map(({ offer, agreement }) => ({ farm: offer.farm.farm, farm_name: offer.farm.farm_name, node: agreement.node, price_per_hour: formatTft(offer.per_hour_stroops), total: formatTft(offer.total_stroops), agreement })),
      price_per_hour: formatTft(sum(parts.map(({ offer }) => offer.per_hour_stroops))), total: formatTft(sum(parts.map(({ offer }) => offer.total_stroops))), notes,
    },
    rows: await partRows(session, parts, false),
    text: () => ['order     none yet: this is a dry run', ...aligned([[...PART_COLUMNS], ...lines]), ...declinedLines(quotes), ...notes].join('\n'),
  });
}

function show({ out }: Context, order: string, placed: readonly PlacedPart[], contracts: readonly ContractShown[], notes: readonly string[]): void {
  out.one({
    json: {
      order,
      contracts: contracts.map((one, i) => ({
        contract: one.id, farm: one.farm, farm_name: one.farm_name, node: one.node, name: one.name, state: one.progress, reason: one.reason, price_per_hour: one.price_per_hour, total: one.total, escrow: one.escrow,
        expires_at: one.expires_at, receipt: placed[i]?.receipt ?? null, workloads: one.workloads,
      })),
      notes,
    },
    id: order,
    text: () => [`order     ${order}`, ...aligned([['part', 'contract', 'is', 'farm', 'TFT/h', 'TFT in all'], ...contracts.map((one) => [one.name ?? '', one.id.slice(0, 12), one.progress, one.farm_name ?? one.farm.slice(0, 12), one.price_per_hour, one.total])])].join('\n'),
  });
}

/** Told: the same arguments mean another order from now on. */
async function closed({ home }: Context, order: string, placed: readonly PlacedPart[]): Promise<void> {
  const { closeOrder } = await import('../src/consumer/orders.js');
  const { closeNamed } = await import('../src/consumer/sets.js');
  const { openPrivate } = await import('../src/private.js');
  using data = openPrivate(home);
  for (const { contract } of placed) closeOrder(data, contract);
  closeNamed(data, order);
}
