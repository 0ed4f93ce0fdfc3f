// A table that scrolls within itself where it is too wide, and on a narrow screen becomes a list of cards.
import type { ComponentChildren } from 'preact';

/** A column of rows of type T. */
export interface Column<T> {
  readonly name: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Numbers stand on the right, digit below digit. */
  readonly isNumber?: boolean;
}

/** Rows with their columns. @param caption what the table is, for who does not see it */
export function Table<T>({ caption, columns, rows, keyOf }: { caption: string; columns: readonly Column<T>[]; rows: readonly T[]; keyOf: (row: T) => string }) {
  return (
    <table>
      <caption class="hidden">{caption}</caption>
      <thead><tr>{columns.map(({ name, isNumber }) => <th key={name} scope="col" class={isNumber === true ? 'number' : ''}>{name}</th>)}</tr></thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ name, cell, isNumber }) => <td key={name} data-name={name} class={isNumber === true ? 'number' : ''}><div>{cell(row)}</div></td>)}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Goes from page to page of a table. @param skip rows before this page */
export function Pages({ skip, limit, total, go }: { skip: number; limit: number; total: number; go: (skip: number) => void }) {
  if (total <= limit) return null;
  const last = Math.min(total, skip + limit);
  return (
    <nav class="pages" aria-label="pages of the table">
      <button type="button" disabled={skip === 0} onClick={() => go(Math.max(0, skip - limit))}>Previous</button>
      <span>{(skip + 1).toLocaleString('en')}–{last.toLocaleString('en')} of {total.toLocaleString('en')}</span>
      <button type="button" disabled={last >= total} onClick={() => go(skip + limit)}>Next</button>
    </nav>
  );
}
