// 3bot wallet history
import type { CommandFile } from '../command.js';
import { ACCOUNT_FLAG, accountOf, type AccountFlag } from './account.js';
import { parseLimit } from '../limit.js';
import { GRID_FLAG, openGridOf, type GridFlag } from '../handle.js';

export const command: CommandFile<GridFlag & AccountFlag & { limit?: number }> = {
  options: (c) => c.option(...ACCOUNT_FLAG).option(...GRID_FLAG).option('--limit <count>', 'how many, newest first (default: 20)', parseLimit),
  examples: ['3bot wallet history', '3bot wallet history --limit 100 --json'],
  async run(context, _args, { grid: named, account: wanted, limit = 20 }) {
    const { formatTft, GRID_MONEY } = await import('../../src/base/amount.js');
    const { iso } = await import('../../src/base/clock.js');
    const { addressOf } = await import('../../src/keys/did.js');
    const { history } = await import('../../src/market/account.js');
    const { movementsSince } = await import('../../src/market/ledger.js');
    const { gridRules } = await import('../../src/rules/all.js');
    const { out, signal } = context;
    const { account: { key: account } } = await accountOf(context, wanted);
    await using grid = await openGridOf(context, named);
    await grid.refresh();
    using progress = await context.progress('reading');
    const { movements, complete } = grid.reader.ask !== undefined ? history(grid.reader, account, limit) : {
      movements: (await movementsSince(grid.reader, gridRules, account, 0, { signal, onProgress: (lines, of) => progress.say(`${lines} of ${of} lines`) })).reverse().slice(0, limit), complete: true,
    };
    progress.stop();
    const shown = movements.map(({ index, record, at, kind, amount_stroops, counterparty, memo }) => ({ index, time: iso(at), kind, amount: formatTft(amount_stroops), counterparty, memo, record }));
    out.list({
      json: shown,
      columns: ['line', 'time', 'kind', 'TFT', 'with', 'memo'],
      least: ['line', 'memo', 'with'], cut: 'memo',
      rows: shown.map(({ index, time, kind, amount, counterparty, memo }) => [index, time, kind.split('@')[0], amount, forPeople(counterparty, addressOf), memo]),
      empty: `nothing has moved in this wallet on grid ${grid.name}`,
    });
    if (shown.length > 0 && !context.flags.json) out.note(`TFT: ${GRID_MONEY}`);
    if (!complete) out.note('older lines were not looked at; they may hold more that came in');
  },
};

function forPeople(counterparty: string | null, addressOf: (key: string) => string): string | null {
  const [type, id] = counterparty?.split('/') ?? [];
  return type === 'account' && id !== undefined ? addressOf(id) : counterparty;
}
