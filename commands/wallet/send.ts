// 3bot wallet send
import { parseTft } from '../../src/base/amount.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag } from '../handle.js';
import { ACCOUNT_FLAG, accountOf, type AccountFlag } from './account.js';
import { parseIdempotencyKey, payAndShow } from './transfer.js';

export const command: CommandFile<GridFlag & AccountFlag & { memo?: string; max?: bigint; idempotencyKey?: string; draft?: string }> = {
  about: `TO is an address (G…), an account key in hex, or a bot: its name on the grid or its did:key. What moves is TFT of the grid, not Stellar's.
When the answer is lost, the same command again settles the same transfer: it is never paid twice. With --idempotency-key that holds
for good, whatever happened in between: the same key pays once, says so when it is used again, and is refused for another transfer.`,
  arguments: [['<to>', 'who gets it'], ['<amount>', 'TFT, with at most 7 decimal places']],
  options: (c) => c.option(...ACCOUNT_FLAG).option(...GRID_FLAG)
    .option('--memo <text>', 'up to 100 characters; everybody can read them')
    .option('--idempotency-key <key>', 'a name for this very payment, kept in this home folder', parseIdempotencyKey)
    .option('--draft <file>', 'where the draft is written if the account has further keys that must sign (default: transfer-ID.draft.json)')
    .option('--max <amount>', 'send up to this much TFT without asking', parseTft),
  examples: ['3bot wallet send bob 2.5', "3bot wallet send GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7 40 --max 40 --memo 'thank you'", '3bot wallet send bob 12 --memo rent --idempotency-key rent-2026-11'],
  async run(context, [to = '', amountText = ''], { grid: named, account: wanted, memo = '', max, idempotencyKey: key, draft }) {
    const { findPayee } = await import('../../src/market/find.js');
    const amount = parseTft(amountText);
    const chosen = await accountOf(context, wanted);
    await using grid = await openGridOf(context, named);
    await grid.refresh();
    await payAndShow(context, grid, chosen, { payee: findPayee(grid.reader, to), amount, memo, key, max, draft });
  },
};
