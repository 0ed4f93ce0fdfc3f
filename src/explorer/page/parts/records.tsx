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

/** Records, in the order in which they are given. */
export function Records({ records, label }: { records: readonly FoundRecord[]; label: string }) {
  return (
    <ol class="records" aria-label={label}>
      {records.map(({ id, index, at, payload }) => {
        const read = payloadOf(payload);
        return (
          <li key={id}>
            <span class="line">{index}</span>
            <span class="what"><Name>{read === undefined ? 'not readable' : wordsOf(read)}</Name>{read !== undefined && <span class="quiet"> on <Chain chain={read.chain} /></span>}</span>
            <time class="quiet" dateTime={new Date(at).toISOString()}>{time(at)}</time>
            <a class="small" href={href('receipt', id)}>receipt<span class="hidden"> of line {index}</span></a>
          </li>
        );
      })}
    </ol>
  );
}
