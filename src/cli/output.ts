// What a command says: the result on stdout, the conversation on stderr.
import { createRequire } from 'node:module';
import { Chalk, type ChalkInstance } from 'chalk';
import type TableConstructor from 'cli-table3';
import { isColored, type Flags, type Io } from './io.js';

/** A command's single result. */
export interface One {
  /** The value for `--json`; an object wherever it may grow. */
  readonly json: unknown;
  /** What a script wants when stdout is a pipe: printed alone. */
  readonly id?: string;
  /** What a pipe gets where neither an id nor the fields of `json` say it: tab-separated lines. */
  readonly rows?: List['rows'];
  /** For a person at a terminal; lines without a final line break. */
  readonly text: () => string;
}

/** A command's list. */
export interface List {
  /** For `--json`: the array, or an object that says more than the rows do. */
  readonly json: readonly unknown[] | object;
  readonly columns: readonly string[];
  /** A row a member, a cell a column; null and undefined show as `-`. */
  readonly rows: readonly (readonly (string | number | bigint | null | undefined)[])[];
  /** For a terminal, when there is no row; say why, and what to do. */
  readonly empty?: string;
}

/** The two voices of a command. Nothing else writes to the streams. */
export interface Output {
  /** The one result: one JSON value, text on a terminal, the id alone, its rows or `key<tab>value` lines in a pipe. */
  one(result: One): void;
  /** A list: a JSON array, a table on a terminal, tab-separated lines without a heading in a pipe. */
  list(list: List): void;
  /** One of many results as they come: one JSON object a line with `--json`, else the text. */
  line(json: object, text: () => string): void;
  /** What happens meanwhile, on stderr; silent with `--quiet`. */
  note(text: string): void;
  /** The next command a person may want, on stderr; only on a terminal. */
  next(command: string): void;
  /** Colours for `text()`; does nothing where colours are not wanted. */
  readonly paint: ChalkInstance;
}

/**
 * Text without what could drive a terminal: controls but line break, tab and colour sequences become `?`.
 * Names and reasons come from other people.
 */
export function scrub(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/(\u001b\[[0-9;]*m)|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (_, color: string | undefined) => color ?? '?');
}

/** A value as one cell of a tab-separated line. */
function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** Between two columns of a table. */
const GAP = '  ';
/** A column is not folded to less than this. */
const MIN_FOLDED = 16;

/** Columns give way one after the other, the widest first, none below `MIN_FOLDED`. */
function narrowed(widths: readonly number[], width: number): number[] {
  const left = [...widths];
  let excess = sum(widths) - width;
  for (const [i, one] of [...widths.entries()].sort(([, a], [, b]) => b - a)) {
    const given = Math.min(excess, Math.max(0, one - MIN_FOLDED));
    left[i] = one - given;
    excess -= given;
  }
  return left;
}

/** A table no wider than the terminal where that can be: long ids and times are cut first, then columns fold. */
function table({ columns, rows }: List, paint: ChalkInstance, width: number): string {
  // Loaded where it is used: half of all commands print no table.
  const Table = createRequire(import.meta.url)('cli-table3') as typeof TableConstructor;
  const border = { 'top': '', 'top-mid': '', 'top-left': '', 'top-right': '', 'bottom': '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '',
    'left': '', 'left-mid': '', 'mid': '', 'mid-mid': '', 'right': '', 'right-mid': '', 'middle': GAP };
  const whole = rows.map((row) => row.map((value) => (value === null || value === undefined ? '-' : scrub(cell(value)))));
  const cells = sum(widthsOf(columns, whole)) <= width ? whole : whole.map((row) => row.map(brief));
  const widths = widthsOf(columns, cells);
  const folded = sum(widths) > width ? { colWidths: narrowed(widths, width), wordWrap: true } : {};
  const drawn = new Table({ head: columns.map((name) => paint.dim(name)), chars: border, style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] }, ...folded });
  drawn.push(...cells);
  return drawn.toString().split('\n').map((line) => line.trimEnd()).join('\n');
}

function widthsOf(columns: readonly string[], cells: readonly (readonly string[])[]): number[] {
  return columns.map((name, i) => cells.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), name.length));
}

function sum(widths: readonly number[]): number {
  return widths.reduce((all, one) => all + one, GAP.length * (widths.length - 1));
}

/** Times to the second; of ids as much as commands take for the whole; of addresses both ends, for the eye. */
function brief(text: string): string {
  return text
    .replace(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d{3}Z/g, '$1 $2')
    .replace(/\b([0-9a-f]{8})[0-9a-f]{12,}\b/g, '$1…')
    .replace(/\b(G[A-Z2-7]{5})[A-Z2-7]{46}([A-Z2-7]{4})\b/g, '$1…$2');
}

/** The voices of one run of a command. */
export function createOutput(io: Io, flags: Flags): Output {
  const chalk = new Chalk();
  const level = (stream: 'stdout' | 'stderr') => (isColored(io, flags, stream) ? (Math.max(1, chalk.level) as 1 | 2 | 3) : 0);
  const paint = new Chalk({ level: level('stdout') });
  const aside = new Chalk({ level: level('stderr') });
  const say = (text: string) => io.stdout.write(`${io.terminal.stdout ? scrub(text) : text}\n`);

  return {
    paint,
    one({ json, id, rows, text }) {
      if (flags.json) io.stdout.write(jsonText(json));
      else if (io.terminal.stdout) say(text());
      else if (id !== undefined) say(id);
      else if (rows !== undefined) for (const row of rows) say(row.map(cell).join('\t'));
      else if (json !== null && typeof json === 'object' && !Array.isArray(json)) for (const [key, value] of Object.entries(json)) say(`${key}\t${cell(value)}`);
      else say(cell(json));
    },
    list(list) {
      if (flags.json) io.stdout.write(jsonText(list.json));
      else if (!io.terminal.stdout) for (const row of list.rows) say(row.map(cell).join('\t'));
      else if (list.rows.length > 0) say(table(list, paint, (io.stdout as { columns?: number }).columns || Infinity));
      else if (list.empty !== undefined && !flags.quiet) io.stderr.write(`${scrub(list.empty)}\n`);
    },
    line(json, text) {
      if (flags.json) io.stdout.write(jsonText(json));
      else say(text());
    },
    note(text) {
      if (!flags.quiet) io.stderr.write(`${scrub(text)}\n`);
    },
    next(command) {
      if (!flags.quiet && !flags.json && io.terminal.stderr) io.stderr.write(`${aside.dim('next:')} ${scrub(command)}\n`);
    },
  };
}
