// Tables and notes for a person: no wider than the terminal; of a table a line a row where that can be.
import { createRequire } from 'node:module';
import type TableConstructor from 'cli-table3';
import type { ChalkInstance } from 'chalk';

/** Text to be laid out; every row has a cell a column. */
export interface Cells {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns that a narrow terminal does without, the least important first. Names that are no column here mean nothing. */
  readonly least?: readonly string[] | undefined;
  /** A column of free text, which is cut with `…` before others are left out. */
  readonly cut?: string | undefined;
}

/** A laid out table, and the columns that found no room. */
export interface Fitted extends Cells {
  readonly left: readonly string[];
}

/** Between two columns. */
const GAP = '  ';
/** Free text is not cut to less than this. */
const MIN_TEXT = 24;
/** A column is not folded to less than this. */
const MIN_FOLDED = 16;

/**
 * Cells that fit a width, one measure after the other until they do: ids and times become short, times lose their seconds,
 * columns without a word go, free text is cut, the least important columns go. What is still wider is left for `drawn` to fold.
 *
 * @param width columns of the terminal; `Infinity` where they are not known
 */
export function fitted(cells: Cells, width: number): Fitted {
  const short = [cells, shortened(cells, brief), shortened(cells, minutes)].find((one) => widthOf(one) <= width) ?? shortened(cells, minutes);
  const silent = widthOf(short) <= width ? [] : (cells.least ?? []).filter((name) => saysNothing(short, name));
  const whole = without(short, silent);
  const left: string[] = [];
  const fits = (names: readonly string[]): boolean => widthOf(cutTo(without(whole, names), MIN_TEXT)) <= width;
  for (const name of cells.least ?? []) if (!fits(left) && whole.columns.includes(name)) left.push(name);
  // A wide column that went last may have made room for a narrow one before it.
  for (const name of left.toReversed()) if (fits(left.filter((one) => one !== name))) left.splice(left.indexOf(name), 1);
  const fit = without(whole, left);
  const text = widthsOf(fit)[fit.columns.indexOf(fit.cut ?? '')] ?? 0;
  return { ...cutTo(fit, Math.max(MIN_TEXT, text + width - widthOf(fit))), left };
}

/** The lines of a table; columns that are still too wide fold, the widest first. */
export function drawn(cells: Cells, width: number, paint: ChalkInstance): string {
  // Loaded where it is used: half of all commands print no table.
  const Table = createRequire(import.meta.url)('cli-table3') as typeof TableConstructor;
  const border = { 'top': '', 'top-mid': '', 'top-left': '', 'top-right': '', 'bottom': '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '',
    'left': '', 'left-mid': '', 'mid': '', 'mid-mid': '', 'right': '', 'right-mid': '', 'middle': GAP };
  const folded = widthOf(cells) > width ? { colWidths: narrowed(widthsOf(cells), width), wordWrap: true } : {};
  const table = new Table({ head: cells.columns.map((name) => paint.dim(name)), chars: border, style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] }, ...folded });
  table.push(...cells.rows.map((row) => [...row]));
  return table.toString().split('\n').map((line) => line.trimEnd()).join('\n');
}

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

function saysNothing({ columns, rows }: Cells, name: string): boolean {
  const at = columns.indexOf(name);
  return at !== -1 && rows.every((row) => row[at] === '-' || row[at] === '');
}

function without(cells: Cells, names: readonly string[]): Cells {
  const others = (row: readonly string[]): string[] => row.filter((_, i) => !names.includes(cells.columns[i] ?? ''));
  return { ...cells, columns: others(cells.columns), rows: cells.rows.map(others) };
}

/** Free text in at most so many characters. */
function cutTo(cells: Cells, width: number): Cells {
  const at = cells.columns.indexOf(cells.cut ?? '');
  return { ...cells, rows: cells.rows.map((row) => row.map((text, i) => (i !== at || text.length <= width ? text : `${text.slice(0, width - 1).trimEnd()}…`))) };
}

function shortened(cells: Cells, how: (text: string) => string): Cells {
  return { ...cells, rows: cells.rows.map((row) => row.map(how)) };
}

/** Times to the second; of ids as much as commands take for the whole; of addresses both ends, for the eye. */
function brief(text: string): string {
  return text
    .replace(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z/g, '$1 $2')
    .replace(/\b([0-9a-f]{8})[0-9a-f]{12,}\b/g, '$1…')
    .replace(/\b(G[A-Z2-7]{5})[A-Z2-7]{46}([A-Z2-7]{4})\b/g, '$1…$2');
}

/** What is short already, with times to the minute. */
function minutes(text: string): string {
  return brief(text).replace(/(\d{4}-\d\d-\d\d \d\d:\d\d):\d\d/g, '$1');
}

function widthsOf({ columns, rows }: Cells): number[] {
  return columns.map((name, i) => rows.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), name.length));
}

function widthOf(cells: Cells): number {
  return sum(widthsOf(cells));
}

function sum(widths: readonly number[]): number {
  return widths.reduce((all, one) => all + one, GAP.length * (widths.length - 1));
}

/** Text in lines of at most `width`, broken between words; a longer word, as a path or a command to copy, stays whole. */
export function wrapped(text: string, width: number): string {
  return text.split('\n').map((line) => {
    if (line.length <= width) return line;
    const lines: string[] = [];
    for (const word of line.split(' ')) {
      const last = lines.at(-1);
      if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
      else lines.push(word);
    }
    return lines.join('\n');
  }).join('\n');
}
