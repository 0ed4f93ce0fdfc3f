// 3bot inbox
import type { InboxItem } from '../src/people/inbox.js';
import type { CommandFile, Context } from './command.js';
import type { SignerSession } from './drafts.js';
import { GRID_FLAG, type GridFlag } from './handle.js';

export const command: CommandFile<GridFlag & { watch?: true }> = {
  about: 'Fetches your mail and shows the drafts on your desk: what waits for your signature, from whom, until when, who has signed. What is\nover (committed, expired, declined, overtaken) is told once. What you have signed and nobody is missing on any more is committed.\nDrafts of strangers, to whom you have not written and with whom you have no contract, stand at the end.',
  options: (c) => c.option('--watch', 'wait, and show each draft as something becomes of it').option(...GRID_FLAG),
  examples: ['3bot inbox', '3bot inbox --watch --json'],
  async run(context, _args, { grid: named, watch }) {
    const { openSigner, sayUnfit } = await import('./drafts.js');
    const { out } = context;
    await using session = await openSigner(context, named, undefined, watch);
    if (watch === true) return await follow(context, session);
    sayUnfit(context, await session.desk.collect());
    const all = await look(session);
    const shown = [...all.filter(({ stranger }) => !stranger), ...all.filter(({ stranger }) => stranger)];
    out.list({
      json: shown.map(jsonOf),
      columns: ['draft', 'what', 'from', 'until', 'signed', 'missing', 'state'],
      least: ['missing', 'signed', 'from', 'until'], cut: 'what',
      rows: shown.map((item) => [item.record.slice(0, 12), item.about, fromText(item), isoOrNull(item.until), item.signed.length, item.missing.length, stateText(item)]),
      empty: 'nothing waits for you',
    });
    const waiting = shown.find(({ state }) => state === 'waiting');
    if (waiting !== undefined) out.next(`3bot sign ${waiting.record.slice(0, 12)}   or 3bot decline ${waiting.record.slice(0, 12)} --reason …`);
  },
};

/** What lies on the desk; what is complete is handed in, what is over is put away once it was told. */
async function look({ grid, desk }: SignerSession): Promise<InboxItem[]> {
  const { isOver, itemOf } = await import('../src/people/inbox.js');
  await desk.handInComplete();
  const items = desk.drafts.list().map((draft) => itemOf(grid.reader, draft, grid.clock()));
  for (const item of items) if (isOver(item)) desk.drafts.drop(item.record);
  return items;
}

async function follow(context: Context, session: SignerSession): Promise<void> {
  const { isProblem, messageOf } = await import('../src/base/errors.js');
  const { MAX_LONG_POLL_MS, MAX_RETRY_MS } = await import('../src/base/limits.js');
  const { setTimeout: pause } = await import('node:timers/promises');
  const { sayUnfit } = await import('./drafts.js');
  const { out, signal } = context;
  const told = new Map<string, string>();
  for (let wait = 0; ; wait = MAX_LONG_POLL_MS) {
    try {
      sayUnfit(context, await session.desk.collect(wait));
      await session.grid.refresh();
      for (const item of await look(session)) {
        const json = jsonOf(item);
        const text = JSON.stringify(json);
        if (told.get(item.record) !== text) out.line(json, () => `${item.record.slice(0, 12)}\t${item.about}\t${fromText(item)}\t${stateText(item)}`);
        told.set(item.record, text);
      }
    } catch (thrown) {
      signal.throwIfAborted();
      if (!isProblem(thrown, 'unreachable') && !isProblem(thrown, 'busy')) throw thrown;
      out.note(`waiting: ${messageOf(thrown)}`);
      await pause(MAX_RETRY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

const isoOrNull = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

function jsonOf({ until, ...item }: InboxItem): object {
  return { ...item, commit_by: isoOrNull(until) };
}

function fromText({ from, from_name, stranger }: InboxItem): string {
  return `${from_name ?? from}${stranger ? ' (a stranger)' : ''}`;
}

function stateText({ state, declined, missing }: InboxItem): string {
  const text = state === 'waiting' ? 'waits for you' : state === 'signed' ? `signed, ${missing.length} missing` : state;
  if (declined.length === 0 || state === 'committed') return text;
  return `${text}; declined by ${declined.map(({ party, name, reason }) => `${name ?? party}: ${reason}`).join('; ')}`;
}
