// `bcdb query --sql`: one SELECT on the views of the book.
import type { Context } from '../command.js';

/** What stands beside the statement. */
export interface SqlFlags {
  readonly limit: string | undefined;
  readonly timeLimit: string | undefined;
  /** What belongs to a query, its words and flags; there must be none. */
  readonly asked: readonly string[];
  /** What `--grid` said. */
  readonly named: string | undefined;
}

/** Runs the statement and shows its rows. @throws Problem as `runSql` */
export async function query(context: Context, sql: string, { limit, timeLimit, asked, named }: SqlFlags): Promise<void> {
  const { Problem } = await import('../../src/base/errors.js');
  const { parseDuration } = await import('../../src/base/duration.js');
  const { MAX_SQL_ROWS, MAX_SQL_TIME_LIMIT_MS, SQL_TIME_LIMIT_MS } = await import('../../src/base/limits.js');
  const { runSql } = await import('../../src/bcdb/sql/run.js');
  const { openGridOf } = await import('../handle.js');
  const { indexing } = await import('./indexing.js');
  const { parseCount } = await import('./when.js');
  if (asked.length > 0) throw new Problem('usage', `--sql and a query are two questions: ${asked.join(' ')}`, { hint: 'put the conditions into the statement' });
  const maxRows = limit === undefined ? 1_000 : parseCount(limit, '--limit');
  const timeLimit_ms = timeLimit === undefined ? SQL_TIME_LIMIT_MS : parseDuration(timeLimit);
  if (maxRows < 1 || maxRows > MAX_SQL_ROWS) throw new Problem('usage', `--limit is 1 to ${MAX_SQL_ROWS} with --sql`);
  if (timeLimit_ms < 1 || timeLimit_ms > MAX_SQL_TIME_LIMIT_MS) throw new Problem('usage', '--time-limit is at most 1h', { hint: 'for example 30s or 5m' });
  await using grid = await openGridOf(context, named);
  using progress = await context.progress('asking');
  const { columns, rows, more } = await runSql(grid.reader, sql, { maxRows, timeLimit_ms, signal: context.signal, onIndexed: indexing(progress) });
  progress.stop();
  context.out.list({ json: rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]]))), columns, rows, empty: 'no rows' });
  if (more) context.out.note(`there are more than ${maxRows} rows; --limit shows more`);
}
