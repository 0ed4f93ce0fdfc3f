// What the commands around drafts share: who signs, what is shown, and the way into the book once nobody is missing.
import type { SignedFile } from '../src/net/envelope.js';
import type { Keyring } from '../src/keys/keyring.js';
import type { Grid } from '../src/net/grid.js';
import type { ParsedRecord } from '../src/bcdb/record.js';
import type { Standing } from '../src/people/draft.js';
import type { Context } from './command.js';

/** How far a draft is: signed by some, or in the book. */
export type DraftState = 'draft' | 'signed' | 'committed';

/** The identity in use, opened. */
export async function openIdentity(context: Context): Promise<Keyring> {
  const { identityInUse } = await import('../src/keys/unlock.js');
  const { gridOptions } = await import('./handle.js');
  return gridOptions(context).openKeyring('identity', identityInUse(context.home));
}

/**
 * Says how a draft stands: what it is, who has signed, who has not.
 * @param file where it lies; null where it lies in no file
 * @param standing of a draft that was just committed, as it was before that
 */
export async function sayDraft({ out, clock, home }: Context, grid: Grid, draft: SignedFile, state: DraftState, file: string | null, standing?: Standing): Promise<void> {
  const { iso } = await import('../src/base/clock.js');
  const { draftRows, pastStanding, rowsText, standingOf } = await import('../src/people/draft.js');
  const { usableUntil } = await import('../src/people/kinds.js');
  const { keepReceipt } = await import('../src/consumer/keep.js');
  const { id, payload } = draft.record;
  const { kind, chain } = payload;
  const subject = chain.slice(chain.indexOf('/') + 1);
  const { signed, missing, optional } = standing ?? (state === 'committed' ? pastStanding(draft) : standingOf(grid.reader, draft, clock()));
  const receipt = state === 'committed' && kind === 'agreement@1' ? keepReceipt(grid, home, subject).receipt : null;
  const until = usableUntil(payload);
  out.one({
    json: { grid: grid.id, kind, chain, record: id, ...(kind === 'agreement@1' ? { contract: subject } : {}), state, signed, missing, optional, commit_by: until === null ? null : iso(until), receipt, draft: file },
    id: kind === 'agreement@1' ? subject : id,
    text: () => [
      ...(state === 'draft' ? [rowsText(draftRows(draft))] : []),
      `${chain.replace('/', ' ')}: ${kind} ${state}${file === null ? '' : `, in ${file}`}`,
      ...signed.map((party) => `signed   ${party}`), ...missing.map((party) => `missing  ${party}`), ...optional.map((party) => `optional ${party}`), ...(receipt === null ? [] : [`receipt  ${receipt}`]),
    ].join('\n'),
  });
}

/**
 * Shows a record of one's own making, asks, signs it, and records it if that is enough; else writes the draft for others.
 * @param file where a draft is written
 * @throws Problem as `signWith`, `deliver`
 */
export async function signOrDraft(context: Context, grid: Grid, record: ParsedRecord, keyring: Keyring, file: string): Promise<void> {
  const { draftRows, rowsText, saveDraft, standingOf } = await import('../src/people/draft.js');
  const { signWith } = await import('../src/net/envelope.js');
  const { deliver } = await import('../src/net/deliver.js');
  const { out, prompt, clock } = context;
  const unsigned: SignedFile = { record, signatures: [] };
  out.note(rowsText(draftRows(unsigned)));
  await prompt.confirm('Sign this?');
  const draft = await signWith(grid.reader, unsigned, keyring, clock);
  const standing = standingOf(grid.reader, draft, clock());
  if (standing.refusal === null) {
    await deliver(grid, { payload: record.text, signatures: [...draft.signatures] });
    return sayDraft(context, grid, draft, 'committed', null, standing);
  }
  const saved = saveDraft(file, record, draft.signatures);
  out.note(standing.refusal.message);
  await sayDraft(context, grid, saved, 'signed', file, standing);
  out.next(`3bot sign ${file}   (by each who is missing; whoever signs last commits it)`);
}
