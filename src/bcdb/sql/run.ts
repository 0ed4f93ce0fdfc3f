// SQL on a book, for whoever sits at it: one SELECT, in a process of its own that has no environment, no keys, and ends
// within its time and memory whatever it does. A running statement of SQLite cannot be stopped in any other way.
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MIB } from '../../base/bytes.js';
import { Problem } from '../../base/errors.js';
import { formatDuration } from '../../base/duration.js';
import { MAX_SQL_BYTES, MAX_SQL_CHARS, MAX_SQL_MEMORY_BYTES, SQL_WATCH_MS } from '../../base/limits.js';
import type { Reader } from '../reader.js';
import type { OnIndexed } from '../index/book-index.js';

/** What the child is told. */
export interface SqlQuestion {
  readonly book: string;
  readonly index: string;
  readonly sql: string;
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** Rows, or why there are none. */
export interface SqlRows {
  readonly ok: true;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
  /** There were more than asked. */
  readonly more: boolean;
}

/** What the child answers. */
export type SqlAnswer = SqlRows | { readonly ok: false; readonly message: string; readonly hint?: string };

/** How a statement is run. */
export interface SqlOptions {
  /** Rows at the most. */
  readonly maxRows: number;
  /** Then it is killed. */
  readonly timeLimit_ms: number;
  readonly signal: AbortSignal;
  readonly onIndexed?: OnIndexed;
  /** Test only: less than MAX_SQL_MEMORY_BYTES. */
  readonly maxMemoryBytes?: number;
}

/**
 * Runs one SELECT on the views of a book (`views`).
 * @throws Problem `usage` with SQLite's own words, or where it is no single SELECT; `failed`, reason `time_limit` or
 *   `memory_limit`, where it was killed; what the index throws
 */
export async function runSql(reader: Reader, sql: string, { maxRows, timeLimit_ms, signal, onIndexed, maxMemoryBytes = MAX_SQL_MEMORY_BYTES }: SqlOptions): Promise<SqlRows> {
  if (sql.length > MAX_SQL_CHARS) throw new Problem('usage', `a statement has at most ${MAX_SQL_CHARS} characters`);
  reader.index.ask(reader.size, () => undefined, onIndexed);
  const book = reader.db.name;
  const child = fork(new URL('./child.js', import.meta.url), [], { env: {}, cwd: dirname(book), execArgv: ['--max-old-space-size=256'], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const killed = killWhen(child, timeLimit_ms, maxMemoryBytes, signal);
  try {
    const question: SqlQuestion = { book, index: join(dirname(book), 'index.sqlite'), sql, maxRows, maxBytes: MAX_SQL_BYTES };
    const answer = await answerOf(child, question);
    if (answer === undefined) throw killed.why ?? new Problem('failed', 'the process that runs the statement has ended');
    if (!answer.ok) throw new Problem('usage', answer.message, { reason: 'sql', hint: answer.hint ?? "3bot bcdb query --sql \"SELECT name FROM pragma_table_info('agreement')\"" });
    return answer;
  } finally {
    killed.stop();
    child.kill('SIGKILL');
  }
}

function answerOf(child: ChildProcess, question: SqlQuestion): Promise<SqlAnswer | undefined> {
  return new Promise((resolve, reject) => {
    child.once('message', (answer) => resolve(answer as SqlAnswer));
    child.once('exit', () => resolve(undefined));
    child.once('error', reject);
    child.send(question, (thrown) => thrown !== null && resolve(undefined));
  });
}

/** Kills the child at the first limit that it reaches. */
function killWhen(child: ChildProcess, timeLimit_ms: number, maxMemoryBytes: number, signal: AbortSignal): { why?: Problem; stop(): void } {
  const kill = (why: unknown): void => {
    state.why ??= why instanceof Problem ? why : new Problem('interrupted', 'interrupted');
    child.kill('SIGKILL');
  };
  const timer = setTimeout(() => kill(new Problem('failed', `the statement took longer than ${formatDuration(timeLimit_ms)} and was ended`, { reason: 'time_limit', hint: 'ask for less, or allow more with --time-limit 1m' })), timeLimit_ms);
  const watch = setInterval(() => {
    if (memoryOf(child.pid) > maxMemoryBytes) kill(new Problem('failed', `the statement took more than ${Math.round(maxMemoryBytes / MIB)} MiB of memory and was ended`, { reason: 'memory_limit', hint: 'ask for less' }));
  }, SQL_WATCH_MS);
  const interrupted = (): void => kill(signal.reason);
  signal.addEventListener('abort', interrupted);
  const state: { why?: Problem; stop(): void } = {
    stop: () => {
      clearTimeout(timer);
      clearInterval(watch);
      signal.removeEventListener('abort', interrupted);
    },
  };
  if (signal.aborted) interrupted();
  return state;
}

/** Resident memory of a process in bytes; 0 where the system does not say. */
function memoryOf(pid: number | undefined): number {
  try {
    return Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid ?? 0}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
