// Records of the book in a list, each with its receipt.
import type { FoundRecord } from '../api.js';
import { short, time } from '../format.js';
import { href } from '../route.js';
import { payloadOf, wordsOf } from '../words.js';
import { Name } from './basics.js';

const VIEWED = new Set(['contract', 'node', 'farm', 'bot', 'account']);

/** The chain of a record, linked to its view where it has one. */
export function Chain({ chain }: { chain: string }) {
  const [view = '', id = ''] = chain.split('/');
  const shown = <><bdi>{view}</bdi> <code>{short(id)}</code></>;
  const to = view === 'run' ? 'contract' : view;
  return VIEWED.has(to) ? <a href={href(to, id)}>{shown}</a> : <span>{shown}</span>;
}

/** A line as it is listed. */
export interface ShownLine {
  readonly line: number;
  readonly at: number | string;
  readonly chain: string;
  /** Record id. */
  readonly record: string;
  readonly text: string;
}

/** A record of the book as a line of a list. */
export function shownLine({ id, index, at, payload }: FoundRecord): ShownLine {
  const read = payloadOf(payload);
  return { line: index, at, chain: read?.chain ?? '', record: id, text: read === undefined ? 'not readable' : wordsOf(read) };
}

/** Lines, in the order in which they are given. */
export function Records({ lines, label }: { lines: readonly ShownLine[]; label: string }) {
  return (
    <ol class="records" aria-label={label}>
      {lines.map(({ line, at, chain, record, text }) => (
        <li key={record}>
          <span class="line">{line}</span>
          <span class="what"><Name>{text}</Name> <span class="quiet">on <Chain chain={chain} /></span></span>
          <time class="quiet" dateTime={new Date(at).toISOString()}>{time(at)}</time>
          <a class="small" href={href('receipt', record)}>receipt<span class="hidden"> of line {line}</span></a>
        </li>
      ))}
    </ol>
  );
}
