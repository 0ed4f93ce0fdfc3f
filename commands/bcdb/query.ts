// 3bot bcdb query
import type { AskOptions } from '../../src/bcdb/query/answer.js';
import type { Ask } from '../../src/bcdb/query/expression.js';
import type { Reader } from '../../src/bcdb/reader.js';
import type { Progress } from '../../src/cli/progress.js';
import type { CommandFile, Context } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import type { Shorthand } from './asked.js';

interface Options extends GridFlag, Shorthand {
  readonly after?: string;
  readonly limit?: string;
  readonly count?: boolean;
  readonly explain?: boolean;
  readonly scan?: boolean;
  readonly sql?: string;
  readonly timeLimit?: string;
}

export const command: CommandFile<Options> = {
  about: `Finds records, newest first, in the copy that is held here.

A query is conditions joined with and, or, not and parentheses, then order by FIELD [asc|desc] and limit NUMBER:
  chain kind tag     = != in prefix        kind = agreement is every version of it; tag = farm/ID is all that concerns it
  signer             = != in               hex, G… or did:key:…
  id                 = in prefix
  at index           = != < <= > >= in     time of intake (2026-01-31, 2026-01-31T12:00Z, ms), line number
  text               match                 'nginx ghent*': all these words in names, places, features, reasons, images …
  body.x.y           = != < <= > >= in prefix exists    any field of the body, through lists; *_stroops as exact integers
What no index serves is refused, with the command that makes the index; --scan looks at every line instead.`,
  arguments: [['[query...]', 'the query; every record if left out']],
  options: (c) => c
    .option('--chain <chain>', 'exact chain, for example contract/ID, account/KEY, grid')
    .option('--kind <kind>', 'exact kind, for example agreement@1; without @1 every version')
    .option('--signer <key>', 'key among the signers: hex, G… or did:key')
    .option('--tag <tag>', 'what the record concerns: farm/ID, node/KEY, account/KEY, contract/ID')
    .option('--text <words>', 'words that it has, as text match')
    .option('--since <when>', 'taken in since: a time (2026-01-31, 2026-01-31T12:00Z) or a span back from now (2h, 7d)')
    .option('--before <line>', 'only lines before this number')
    .option('--limit <count>', 'at most so many, 1 to 1000 (default: 20)')
    .option('--after <cursor>', "go on where an answer ended ('start': at the beginning); --json then gives {records, next}")
    .option('--count', 'only how many there are')
    .option('--explain', 'which index serves the query, and what is looked at line by line')
    .option('--scan', 'look at every line where no index serves')
    .option('--sql <select>', 'run one SELECT instead, on a table for each kind (agreement, transfer …) and record; --limit up to 100000 (default: 1000)')
    .option('--time-limit <span>', 'end a statement of --sql after this (default: 10s)')
    .option(...GRID_FLAG),
  examples: [
    '3bot bcdb query --limit 5',
    '3bot bcdb query --kind transfer --since 1d --json',
    "3bot bcdb query 'kind = agreement and body.total_stroops >= 1000 order by body.total_stroops limit 3'",
    "3bot bcdb query 'chain prefix contract/ and not kind = workload' --count",
    "3bot bcdb query --text 'nginx' --explain",
    "3bot bcdb query --sql 'SELECT chain, total_stroops FROM agreement ORDER BY 2 DESC LIMIT 3'",
  ],
  async run(context, words, { grid: named, ...options }) {
    const { parseCount } = await import('./when.js');
    const { asked } = await import('./asked.js');
    const { openGridOf } = await import('../handle.js');
    const { indexing } = await import('./indexing.js');
    if (options.sql !== undefined) {
      const { query } = await import('./sql.js');
      const { sql, limit, timeLimit, ...others } = options;
      return query(context, sql ?? '', { limit, timeLimit, asked: [...words, ...Object.keys(others).map((flag) => `--${flag}`)], named });
    }
    const ask = await asked(words, options, context.clock);
    const limit = options.limit === undefined ? (ask.limit ?? 20) : parseCount(options.limit, '--limit');
    await using grid = await openGridOf(context, named);
    using progress = await context.progress('asking');
    const how: AskOptions = { limit, scan: options.scan, cursor: options.after === 'start' ? undefined : options.after, onIndexed: indexing(progress) };
    if (options.explain === true) await showPlan(context, grid.reader, ask, how, progress);
    else if (options.count === true) await showCount(context, grid.reader, ask, how, progress);
    else await showRecords(context, grid.reader, ask, how, progress, options.after !== undefined);
  },
};

async function showRecords({ out, signal, io }: Context, reader: Reader, ask: Ask, how: AskOptions, progress: Progress, isPage: boolean): Promise<void> {
  const { askLines } = await import('../../src/bcdb/query/answer.js');
  const { recordAt } = await import('../../src/bcdb/record-at.js');
  const { shown } = await import('./shown.js');
  const lines: number[] = [];
  const limit = how.limit ?? 20;
  let cursor = how.cursor;
  // An answer is bounded in what it looks at; a person waits for the whole.
  do {
    const page = askLines(reader, ask, { ...how, cursor, limit: limit - lines.length });
    lines.push(...page.lines);
    cursor = page.next ?? undefined;
    await pause(signal);
    progress.say(`${lines.length} found`);
  } while (cursor !== undefined && lines.length < limit);
  progress.stop();
  const found = lines.map((line) => shown(recordAt(reader, line)));
  out.list({
    json: isPage ? { records: found, next: cursor ?? null } : found,
    columns: ['line', 'at', 'kind', 'chain', 'record'],
    least: ['record', 'chain', 'at'],
    // A row fits a terminal; ids may be typed by their first digits.
    rows: found.map((record) => [record.index, record.at, record.kind, ...(io.terminal.stdout ? [shortChain(record.chain), record.id.slice(0, 12)] : [record.chain, record.id])]),
    empty: 'nothing found',
  });
  if (cursor !== undefined) out.next(`3bot bcdb query … --after ${cursor}`);
}

function shortChain(chain: string): string {
  const [word = '', id = ''] = chain.split('/');
  return id === '' ? word : `${word}/${id.slice(0, 12)}`;
}

async function showCount({ out, signal }: Context, reader: Reader, ask: Ask, how: AskOptions, progress: Progress): Promise<void> {
  const { countLines } = await import('../../src/bcdb/query/answer.js');
  let total = 0;
  let cursor: string | undefined;
  do {
    const { count, next } = countLines(reader, ask, { ...how, cursor });
    total += count;
    cursor = next ?? undefined;
    await pause(signal);
    progress.say(`${total} so far`);
  } while (cursor !== undefined);
  progress.stop();
  out.one({ json: { count: total }, id: String(total), text: () => String(total) });
}

async function showPlan({ out }: Context, reader: Reader, ask: Ask, how: AskOptions, progress: Progress): Promise<void> {
  const { explain } = await import('../../src/bcdb/query/answer.js');
  const plan = explain(reader, ask, how);
  progress.stop();
  out.one({ json: plan, text: () => Object.entries(plan).map(([name, value]) => `${name.replaceAll('_', ' ').padEnd(16)} ${String(value ?? '-')}`).join('\n') });
}

/** Lets signals and the progress line have their turn. */
async function pause(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
}
