// 3bot wallet statement
import { Problem } from '../../src/base/errors.js';
import type { Statement } from '../../src/market/statement.js';
import type { CommandFile, Context } from '../command.js';
import { GRID_FLAG, openGridOf, type GridFlag } from '../handle.js';
import { ACCOUNT_FLAG, accountOf, type AccountFlag } from './account.js';

interface Options extends GridFlag, AccountFlag {
  from?: string;
  to?: string;
  csv?: true;
}

/** A movement, or the balance before the first and after the last, as it is shown. */
interface Row {
  readonly line: number | null;
  readonly time: string;
  readonly kind: string;
  /** `G…`, `contract/<id>` or `farm/<id>`; empty where TFT came into being. */
  readonly counterparty: string;
  readonly memo: string;
  /** TFT. */
  readonly amount: string;
  readonly balance: string;
  readonly record: string;
}

export const command: CommandFile<Options> = {
  about: 'Opening balance, every movement with its record, closing balance; opening and movements add up to closing, to the last 0.0000001 TFT.\nDays and months are whole ones, in UTC. Movements are found by the index; where contracts were claimed, funded or amended, what they\npaid out is worked out from the lines once more.',
  options: (c) => c.option('--from <date>', 'from here on: 2026-11-01, 2026-11 or a time (default: the first of this month)')
    .option('--to <date>', 'up to and with this day or month, or until this time (default: now)')
    .option('--csv', 'comma-separated values with a heading, for spreadsheets').option(...ACCOUNT_FLAG).option(...GRID_FLAG),
  examples: ['3bot wallet statement', '3bot wallet statement --from 2026-11-01 --to 2026-11-30 --csv', '3bot wallet statement --from 2026-01 --account savings --json'],
  async run(context, _args, { from, to, csv, account: wanted, grid: named }) {
    const { statementOf } = await import('../../src/market/statement.js');
    const { spanOf } = await import('../../src/market/period.js');
    const { gridRules } = await import('../../src/rules/all.js');
    const { out, signal, clock, flags } = context;
    if (csv === true && flags.json) throw new Problem('usage', '--csv and --json exclude each other');
    const span = spanOf(from, to, clock());
    const { account } = await accountOf(context, wanted);
    await using grid = await openGridOf(context, named);
    if (grid.reader.ask !== undefined) throw new Problem('usage', 'a statement needs a copy of the book, this is a light grid', { reason: 'light', hint: '3bot wallet history, or 3bot grid join URL without --light' });
    await grid.refresh();
    using progress = await context.progress('reading');
    const statement = await statementOf(grid.reader, gridRules, account.key, span, { signal, onProgress: (lines, of) => progress.say(`${lines} of ${of} lines`) });
    progress.stop();
    const rows = await rowsOf(statement);
    if (csv === true) return await showCsv(context, rows);
    const [opening, closing] = [rows[0]?.balance, rows.at(-1)?.balance];
    out.list({
      json: { account: account.key, address: account.address, grid: grid.id, grid_name: grid.name, from: rows[0]?.time, to: rows.at(-1)?.time, opening, closing, movements: rows.slice(1, -1) },
      columns: ['line', 'time', 'kind', 'with', 'memo', 'TFT', 'balance', 'record'],
      least: ['record', 'line', 'memo', 'with', 'kind'], cut: 'memo',
      rows: rows.map(({ line, time, kind, counterparty, memo, amount, balance, record }) => [line, time, kind, brief(context, counterparty), memo, amount, balance, brief(context, record)]),
    });
    if (!flags.json) out.note(`TFT of grid ${grid.name}, not Stellar's: ${account.address}`);
  },
};

async function rowsOf({ from, to, opening_stroops, postings, closing_stroops }: Statement): Promise<Row[]> {
  const { formatTft } = await import('../../src/base/amount.js');
  const { iso } = await import('../../src/base/clock.js');
  const { addressOf } = await import('../../src/keys/did.js');
  const edge = (kind: string, time: number, balance: bigint): Row => ({ line: null, time: iso(time), kind, counterparty: '', memo: '', amount: '', balance: formatTft(balance), record: '' });
  const movements = postings.map(({ index, at, kind, counterparty, memo, amount_stroops, balance_stroops, record }): Row => ({
    line: index, time: iso(at), kind: kind.split('@')[0] ?? kind, counterparty: counterparty?.startsWith('account/') === true ? addressOf(counterparty.slice('account/'.length)) : counterparty ?? '',
    memo, amount: formatTft(amount_stroops), balance: formatTft(balance_stroops), record,
  }));
  return [edge('opening', from, opening_stroops), ...movements, edge('closing', to, closing_stroops)];
}

async function showCsv({ out }: Context, rows: readonly Row[]): Promise<void> {
  const { csvRow } = await import('../../src/market/csv.js');
  const print = (cells: readonly (string | number)[]): void => out.line({}, () => csvRow(cells));
  print(['line', 'time', 'kind', 'counterparty', 'memo', 'amount', 'balance', 'record']);
  for (const { line, time, kind, counterparty, memo, amount, balance, record } of rows) print([line ?? '', time, kind, counterparty, memo, amount, balance, record]);
}

/** A row fits a terminal; elsewhere ids are whole. */
function brief({ io }: Context, id: string): string {
  return io.terminal.stdout && id.length > 20 ? `${id.slice(0, 12)}…` : id;
}
