// Small things that every view uses: ids, facts, cards, what can be copied.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { short } from '../format.js';
import { href } from '../route.js';

/** A name from the book: in a box of its own direction, so that it cannot turn what stands beside it. */
export function Name({ children }: { children: ComponentChildren }) {
  return <bdi class="name">{children}</bdi>;
}

/** An id by its first digits, linked to its view; the whole is in its title. */
export function Id({ view, id, children }: { view?: string; id: string; children?: ComponentChildren }) {
  const shown = children ?? <code>{short(id)}</code>;
  return view === undefined ? <span title={id}>{shown}</span> : <a href={href(view, id)} title={id}>{shown}</a>;
}

/** Names with values, one a row. */
export function Facts({ rows }: { rows: readonly (readonly [name: string, value: ComponentChildren] | null)[] }) {
  return <dl class="facts">{rows.map((row, i) => row !== null && <div key={`${i}`}><dt>{row[0]}</dt><dd>{row[1]}</dd></div>)}</dl>;
}

/** A part of a view with its heading. */
export function Card({ title, aside, children }: { title: string; aside?: ComponentChildren; children: ComponentChildren }) {
  return <section class="card"><header><h2>{title}</h2>{aside}</header>{children}</section>;
}

/** One figure with what it counts. */
export function Figure({ name, value, note }: { name: string; value: ComponentChildren; note?: ComponentChildren }) {
  return <div class="figure"><dt>{name}</dt><dd>{value}</dd>{note !== undefined && <dd class="quiet">{note}</dd>}</div>;
}

const COPIED_MS = 2_000;

/** Puts a text on the clipboard, and says so. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [done, set] = useState<boolean | null>(null);
  useEffect(() => {
    if (done === null) return undefined;
    const timer = setTimeout(() => set(null), COPIED_MS);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async (): Promise<void> => set(await navigator.clipboard.writeText(text).then(() => true, () => false));
  const said = done === null ? '' : done ? `${what} copied` : `this browser lets no page copy: select ${what} by hand`;
  return (
    <span class="copy">
      <button type="button" class="small" aria-label={`Copy ${what}`} onClick={() => void copy()}>{done === null ? 'Copy' : done ? 'Copied' : 'Not allowed'}</button>
      <span class="hidden" role="status">{said}</span>
    </span>
  );
}

/** A command for a terminal. */
export function Command({ text, what = 'the command' }: { text: string; what?: string }) {
  return <div class="command"><code tabIndex={0}>{text}</code><Copy text={text} what={what} /></div>;
}

/** Good, bad or neither, in a word. */
export function Chip({ tone, children }: { tone: 'good' | 'bad' | 'warn' | 'plain'; children: ComponentChildren }) {
  return <span class={`chip ${tone}`}>{children}</span>;
}
