// 3bot contract amend
import { formatTft, parseTft } from '../../src/base/amount.js';
import { iso } from '../../src/base/clock.js';
import { parseDuration } from '../../src/base/duration.js';
import { Problem } from '../../src/base/errors.js';
import { parseSize } from '../../src/capacity/parse.js';
import type { ParsedRecord } from '../../src/bcdb/record.js';
import type { SignedFile } from '../../src/net/envelope.js';
import type { ContractView } from '../../src/rules/view.js';
import type { Resources } from '../../src/schema/types.js';
import type { CommandFile, Context } from '../command.js';
import { openBuyer, type BuyerSession } from '../deal.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { CONTRACT_ARGUMENT, contractMeant } from './meant.js';
import { parseCount, resourcesGiven, type ResourceOptions } from '../resources.js';
import { ACCOUNT_FLAG, type AccountFlag } from '../wallet/account.js';

interface Options extends GridFlag, AccountFlag, ResourceOptions {
  for?: number;
  max?: bigint;
  draft?: string;
}

export const command: CommandFile<Options> = {
  about: `Other resources or another term from now on, at the price that the farm asks today; what is not named stays as it is. What was used so
far is paid, what is in escrow counts, and what is not needed comes back in the same record. The farm is asked for its signature;
where others have to sign too, the draft is a file. The node gives workloads their new share by starting them again; a volume grows
with its data in it, and never shrinks.`,
  arguments: [CONTRACT_ARGUMENT],
  options: (c) => c
    .option('--cpu <cores>', 'virtual cores', parseCount).option('--cru <cores>', 'the same as --cpu', parseCount)
    .option('--memory <size>', 'memory; a bare number is GiB, 512MiB works', parseSize).option('--mru <size>', 'the same as --memory', parseSize)
    .option('--ssd <size>', 'SSD storage', parseSize).option('--sru <size>', 'the same as --ssd', parseSize)
    .option('--hdd <size>', 'HDD storage', parseSize).option('--hru <size>', 'the same as --hdd', parseSize)
    .option('--ipv4 <count>', 'public IPv4 addresses', parseCount)
    .option('--for <duration>', 'how long from now on, for example 24h or 30d (default: as long as it is paid for)', parseDuration)
    .option('--max <tft>', 'pay up to this much more without asking', parseTft)
    .option('--draft <file>', 'where others sign too: where the draft is written (default: the id, .amend.json)')
    .option(...ACCOUNT_FLAG)
    .option(...GRID_FLAG),
  examples: ['3bot contract amend 3f2a91c0 --cpu 8 --memory 16', '3bot contract amend 3f2a91c0 --sru 200 --for 30d --max 20'],
  async run(context, [text = ''], options) {
    const { farmSigns, proposeAmendment } = await import('../../src/consumer/amend.js');
    const { signWith } = await import('../../src/net/envelope.js');
    const { standingOf } = await import('../../src/people/draft.js');
    const { viewOf } = await import('../../src/rules/view.js');
    const { nowOf } = await import('../now.js');
    const given = resourcesGiven(options);
    if (Object.keys(given).length === 0 && options.for === undefined) throw new Problem('usage', 'nothing to change', { hint: 'for example --cpu 8, or --for 30d' });
    await using session = await openBuyer(context, options.grid, options.account);
    const { grid, buyer } = session;
    const contract = await contractMeant(context, grid, text);
    const at = nowOf(grid);
    const before = viewOf(grid.reader, contract, at);
    const resources: Resources = { ...(before.period?.resources ?? contract.agreement.resources), ...given };
    const term_ms = options.for ?? termLeft(before, at);
    const record = proposeAmendment(buyer, contract, { resources, term_ms, payer: buyer.keyring.signer('wallet').key }, at);
    await approve(context, before, record, options.max);
    const draft = await signWith(grid.reader, await farmSigns(buyer, contract, record), buyer.keyring, context.clock);
    if (standingOf(grid.reader, draft, context.clock()).refusal === null) await commit(context, session, contract.id, draft);
    else await writeDraft(context, session, draft, options.draft ?? `${contract.id.slice(0, 12)}.amend.json`);
  },
};

/** So that it ends when it would have ended. */
function termLeft({ funded_until, state }: ContractView, at: number): number {
  const left = (funded_until ?? 0) - at;
  if (state !== 'active' || left < 1_000) throw new Problem('usage', 'nothing of its time is left: say for how long', { hint: 'add --for 24h' });
  return left;
}

/** Shows what changes in the price, and lets it pass by a yes or a limit. */
async function approve(context: Context, { period }: ContractView, record: ParsedRecord, max: bigint | undefined): Promise<void> {
  const { perHourStroops } = await import('../../src/capacity/price.js');
  const { durationText, resourcesText } = await import('../../src/market/words.js');
  const { amendmentOf } = await import('../../src/market/amendment.js');
  const { allowSpending } = await import('../spending.js');
  const { resources, prices, discounts, term_ms, total_stroops, payers, commit_by } = amendmentOf(record);
  const hourly = formatTft(perHourStroops(resources, prices, discounts));
  const was = period === null ? null : formatTft(perHourStroops(period.resources, period.prices, period.discounts));
  const pays = payers.reduce((sum, { amount_stroops }) => sum + BigInt(amount_stroops), 0n);
  context.out.note(`${resourcesText(resources)} for ${durationText(term_ms)} from now on: ${hourly} TFT an hour${was === null ? '' : ` (so far ${was})`}, ${formatTft(BigInt(total_stroops))} TFT in all`);
  context.out.note(pays === 0n ? 'the escrow pays for it; what is not needed comes back at once' : `your account gives ${formatTft(pays)} TFT; what is not needed of them and of the escrow comes back at once. Can be committed until ${iso(commit_by)}`);
  await allowSpending(context, { amount: pays, question: `Amend it for ${hourly} TFT an hour?`, flag: '--max', max });
}

async function commit({ out }: Context, { grid }: BuyerSession, id: string, { record, signatures }: SignedFile): Promise<void> {
  const { deliver } = await import('../../src/net/deliver.js');
  const { findContract } = await import('../../src/consumer/contracts.js');
  const { showContract } = await import('../../src/market/contract.js');
  const { nowOf } = await import('../now.js');
  const { contractText } = await import('./text.js');
  await deliver(grid, { payload: record.text, signatures: [...signatures] }, `look before you repeat it: 3bot contract show ${id.slice(0, 12)}`);
  const shown = showContract(grid.reader, findContract(grid.reader, id), nowOf(grid));
  out.one({ json: { ...shown, state: shown.state, amended: true, record: record.id }, id, text: () => contractText(shown) });
  out.next(`3bot contract show ${id.slice(0, 12)} --history`);
}

async function writeDraft(context: Context, { grid }: BuyerSession, draft: SignedFile, file: string): Promise<void> {
  const { resolve } = await import('node:path');
  const { saveDraft } = await import('../../src/people/draft.js');
  const { sayDraft } = await import('../drafts.js');
  const path = resolve(file);
  const saved = saveDraft(path, draft.record, draft.signatures);
  await sayDraft(context, grid, saved, 'signed', { file: path });
  context.out.next(`3bot propose ${path}   (sends it to those who have to sign; or mail the file, for 3bot sign)`);
}
