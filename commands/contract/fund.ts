// 3bot contract fund
import { formatTft, parseTft } from '../../src/base/amount.js';
import { iso } from '../../src/base/clock.js';
import { parseDuration } from '../../src/base/duration.js';
import { Problem } from '../../src/base/errors.js';
import type { ContractObject } from '../../src/rules/objects.js';
import type { CommandFile, Context } from '../command.js';
import { openBuyer, type BuyerSession } from '../deal.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { CONTRACT_ARGUMENT, contractMeant } from './meant.js';
import { ACCOUNT_FLAG, type AccountFlag } from '../wallet/account.js';
import { parseIdempotencyKey } from '../wallet/transfer.js';

interface Options extends GridFlag, AccountFlag {
  for: number;
  max?: bigint;
  auto?: true;
  cap?: bigint;
  idempotencyKey?: string;
}

export const command: CommandFile<Options> = {
  about: `Pays for more time at the same prices: an active contract gets a longer term, a paused one goes on with a new one,
at least as long as the pause was. The farm need not sign; it can give notice. What is unused comes back when the contract ends.
When the answer is lost, the same command again settles the same payment: the time is never bought twice. With --idempotency-key that
holds for good: the same key pays once, says so when it is used again, and is refused for another time or another contract.
--auto goes on for as long as this command runs, with its keys open: an hour before the contract runs out, or half of --for, it
pays for the same time again, and ends when the next payment would exceed --cap. What it paid is read from the book, so it may be
restarted. If it does not run, nothing is funded.`,
  arguments: [CONTRACT_ARGUMENT],
  options: (c) => c
    .requiredOption('--for <duration>', 'how much more time, for example 30m, 24h or 10d', parseDuration)
    .option('--max <tft>', 'pay up to this much without asking', parseTft)
    .option('--idempotency-key <key>', 'a name for this very payment, kept in this home folder', parseIdempotencyKey)
    .option('--auto', 'go on funding before it runs out; needs --cap')
    .option('--cap <tft>', 'with --auto: all that this account may ever pay by funding this contract', parseTft)
    .option(...ACCOUNT_FLAG)
    .option(...GRID_FLAG),
  examples: ['3bot contract fund 3f2a91c0 --for 24h', '3bot contract fund 3f2a91c0 --for 30d --idempotency-key web-2026-12', '3bot contract fund 3f2a91c0 --for 24h --auto --cap 50'],
  async run(context, [text = ''], options) {
    const { auto, cap, max, idempotencyKey } = options;
    if ((auto === true) !== (cap !== undefined)) throw new Problem('usage', '--auto and --cap belong together: it pays again and again, up to the cap', { hint: '3bot contract fund CONTRACT --for 24h --auto --cap 50' });
    if (auto === true && max !== undefined) throw new Problem('usage', '--max is for one payment, --cap for --auto');
    if (auto === true && idempotencyKey !== undefined) throw new Problem('usage', '--idempotency-key is for one payment; --auto reads in the book what it has paid');
    await using session = await openBuyer(context, options.grid, options.account, auto === true);
    const contract = await contractMeant(context, session.grid, text);
    if (cap === undefined) await once(context, session, contract, options);
    else await again(context, session, contract, options, cap);
  },
};

async function once(context: Context, session: BuyerSession, contract: ContractObject, { for: term_ms, max, idempotencyKey: key }: Options): Promise<void> {
  const { fund, fundedBefore } = await import('../../src/consumer/fund.js');
  const { findContract } = await import('../../src/consumer/contracts.js');
  const { showContract } = await import('../../src/market/contract.js');
  const { Unsent } = await import('../../src/market/unsent.js');
  const { openPrivate } = await import('../../src/private.js');
  const { nowOf } = await import('../now.js');
  const { contractText } = await import('./text.js');
  const { out, home } = context;
  const { grid, buyer } = session;
  const payer = buyer.keyring.signer('wallet');
  using data = openPrivate(home);
  const unsent = new Unsent(data, grid.id);
  const wanted = { contract: contract.id, term_ms, key };
  const funded = await fundedBefore(grid, unsent, payer.key, wanted) ?? await fund(grid, payer, unsent, wanted, await allowed(context, session, contract, term_ms, max));
  const shown = showContract(grid.reader, findContract(grid.reader, contract.id), nowOf(grid));
  const paid = formatTft(funded.amount_stroops);
  const { resumed } = funded;
  out.one({ json: { ...shown, paid, record: funded.id, resumed, ...(key === undefined ? {} : { idempotency_key: key }) }, id: contract.id, text: () => contractText(shown) });
  if (resumed && key !== undefined) out.note(`paid before, under the key ${key}; nothing was paid now`);
  else if (resumed) out.note('this is the payment of the command before, whose answer was lost: it is paid once; for as much time again run the command again');
  out.note(`${paid} TFT were paid into its escrow${shown.funded_until === null ? '' : `; it is paid until ${shown.funded_until}`}`);
  out.next(`3bot contract show ${contract.id.slice(0, 12)} --history`);
}

/** Shows the price, and lets it pass by a yes or a limit. @returns stroops */
async function allowed(context: Context, { grid }: BuyerSession, contract: ContractObject, term_ms: number, max: bigint | undefined): Promise<bigint> {
  const { fundingOf } = await import('../../src/consumer/fund.js');
  const { durationText } = await import('../../src/market/words.js');
  const { nowOf } = await import('../now.js');
  const { allowSpending } = await import('../spending.js');
  const { amount_stroops, funded_until } = fundingOf(grid.reader, contract, term_ms, nowOf(grid));
  const price = `${formatTft(amount_stroops)} TFT for ${durationText(term_ms)} more, paid until ${iso(funded_until)}`;
  await allowSpending(context, { amount: amount_stroops, question: `${price}?`, flag: '--max', max });
  return amount_stroops;
}

async function again(context: Context, { grid, buyer }: BuyerSession, { id }: ContractObject, { for: term_ms }: Options, cap: bigint): Promise<void> {
  const { keepFunded } = await import('../../src/consumer/fund.js');
  const { Unsent } = await import('../../src/market/unsent.js');
  const { openPrivate } = await import('../../src/private.js');
  const { out, signal, home } = context;
  using data = openPrivate(home);
  const line = (event: string, until: number, paid: bigint): void =>
    out.line({ event, contract: id, funded_until: iso(until), paid: formatTft(paid), cap: formatTft(cap) }, () => `${event}: paid until ${iso(until)}, ${formatTft(paid)} of ${formatTft(cap)} TFT`);
  let waiting: number | undefined;
  await keepFunded({
    grid, payer: buyer.keyring.signer('wallet'), unsent: new Unsent(data, grid.id), id, term_ms, cap, signal,
    onFunded: (until, paid) => line('funded', until, paid),
    onWait: (until, paid) => {
      if (until !== waiting) line('waiting', until, paid);
      waiting = until;
    },
    onTrouble: (problem) => out.note(`cannot look: ${problem.message}; trying again`),
  });
}
