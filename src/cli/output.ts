// What a command says: the result on stdout, the conversation on stderr.
import { Chalk, type ChalkInstance } from 'chalk';
import { isColored, type Flags, type Io } from './io.js';
import { drawn, fitted, wrapped } from './table.js';

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
  /** Columns that a narrow terminal does without, the least important first; a note says which. */
  readonly least?: readonly string[];
  /** The column of free text that a narrow terminal cuts with `…`. */
  readonly cut?: string;
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

/** Columns of a terminal; one that does not know them gets lines as they are. */
function widthOf(stream: object): number {
  return (stream as { columns?: number }).columns || Infinity;
}

/** The voices of one run of a command. */
export function createOutput(io: Io, flags: Flags): Output {
  const chalk = new Chalk();
  const level = (stream: 'stdout' | 'stderr') => (isColored(io, flags, stream) ? (Math.max(1, chalk.level) as 1 | 2 | 3) : 0);
  const paint = new Chalk({ level: level('stdout') });
  const aside = new Chalk({ level: level('stderr') });
  const say = (text: string) => io.stdout.write(`${io.terminal.stdout ? scrub(text) : text}\n`);

  function note(text: string): void {
    if (!flags.quiet) io.stderr.write(`${wrapped(scrub(text), io.terminal.stderr ? widthOf(io.stderr) : Infinity)}\n`);
  }

  /** Only on a terminal. */
  function showTable({ columns, rows, least, cut }: List, width: number): void {
    const table = fitted({ columns, rows: rows.map((row) => row.map((value) => (value === null || value === undefined ? '-' : scrub(cell(value))))), least, cut }, width);
    say(drawn(table, width, paint));
    if (table.left.length > 0) note(`columns left out: ${table.left.join(', ')} (a wider terminal or --json has them)`);
  }

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
      else if (list.rows.length > 0) showTable(list, widthOf(io.stdout));
      else if (list.empty !== undefined && !flags.quiet) io.stderr.write(`${scrub(list.empty)}\n`);
    },
    line(json, text) {
      if (flags.json) io.stdout.write(jsonText(json));
      else say(text());
    },
    note,
    next(command) {
      if (!flags.quiet && !flags.json && io.terminal.stderr) io.stderr.write(`${aside.dim('next:')} ${scrub(command)}\n`);
    },
  };
}
