// What the commands around drafts share: who signs, what is shown, the way to the others and into the book.
import type { SignedFile } from '../src/net/envelope.js';
import type { Keyring } from '../src/keys/keyring.js';
import type { Grid } from '../src/net/grid.js';
import type { ParsedRecord } from '../src/bcdb/record.js';
import type { Standing } from '../src/people/draft.js';
import type { Collected, Desk, Untold } from '../src/people/desk.js';
import type { Payload } from '../src/schema/types.js';
import type { Context } from './command.js';

/** How far a draft is: signed by some, or in the book. */
export type DraftState = 'draft' | 'signed' | 'committed';

/** Where somebody signs: a grid, brought up to date, the identity in use, and its desk. */
export interface SignerSession extends AsyncDisposable {
  readonly grid: Grid;
  readonly keyring: Keyring;
  readonly desk: Desk;
}

/** The identity in use, opened. */
export async function openIdentity(context: Context): Promise<Keyring> {
  const { identityInUse } = await import('../src/keys/unlock.js');
  const { gridOptions } = await import('./handle.js');
  return gridOptions(context).openKeyring('identity', identityInUse(context.home));
}

/** The bot that the identity in use is, or acts for (key, hex); null where there is none yet. Opens no keystore. */
export async function botInUse({ home }: Context, { reader }: Grid): Promise<string | null> {
  const { actsFor } = await import('../src/rules/identity.js');
  const { readConfig } = await import('../src/home.js');
  const { findIdentity } = await import('../src/keys/identity.js');
  const { identity } = readConfig(home);
  return identity === null ? null : actsFor(reader, findIdentity(home, identity).id);
}

/**
 * Opens the grid, the identity in use and its desk.
 * @param draft what is to be signed, where that is known: governors speak by their keys as genesis names them, and a
 *   hand-over is signed with the home away
 * @param isGuest for a command that runs for long beside others
 */
export async function openSigner(context: Context, named: string | undefined, draft?: SignedFile, isGuest?: true): Promise<SignerSession> {
  const { Problem } = await import('../src/base/errors.js');
  const { openGrid } = await import('../src/net/grid.js');
  const { ensureIdentity } = await import('../src/net/compose.js');
  const { Desk } = await import('../src/people/desk.js');
  const { kindOf } = await import('../src/people/kinds.js');
  const { openPrivate } = await import('../src/private.js');
  const { gridOptions } = await import('./handle.js');
  const payload = draft?.record.payload;
  const grid = await openGrid({ ...gridOptions(context, named ?? payload?.grid ?? undefined), isGuest });
  const data = openPrivate(context.home);
  const close = async (): Promise<void> => {
    data[Symbol.dispose]();
    await grid[Symbol.asyncDispose]();
  };
  try {
    if (payload !== undefined && payload.grid !== grid.id) throw new Problem('refused', `the draft is of grid ${payload.grid ?? 'none'}, the one in use is ${grid.name}`, { reason: 'grid', hint: '3bot grid join its URL, then sign without --grid' });
    if (payload === undefined || kindOf(payload).recordedBy === undefined) await grid.refresh();
    const keyring = await openIdentity(context);
    // A governor speaks by the key that genesis names, a key that an identity is to get by itself; everybody else is a bot of this grid.
    if (!/^(grid$|bot\/|recovery\/)/.test(payload?.chain ?? '')) await ensureIdentity(grid, keyring);
    const desk = new Desk({ home: context.home, grid, keyring, data, signal: context.signal });
    return { grid, keyring, desk, [Symbol.asyncDispose]: close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** What is said of a draft besides itself. */
export interface Said {
  /** Where it lies; null where it lies in no file. */
  readonly file: string | null;
  /** Of a draft that was just committed, as it was before that. */
  readonly standing?: Standing;
}

/** Says how a draft stands: what it is, who has signed, who has not. */
export async function sayDraft(context: Context, grid: Grid, draft: SignedFile, state: DraftState, said: Said): Promise<void> {
  const { draftText, rowsText, standingRows } = await import('../src/people/draft.js');
  const { namedRow } = await import('../src/people/names.js');
  const { keepReceipt } = await import('../src/consumer/keep.js');
  const { id, payload: { kind, chain } } = draft.record;
  const subject = chain.slice(chain.indexOf('/') + 1);
  const standing = await standingFor(context, grid, draft, state, said);
  const receipt = state === 'committed' && kind === 'agreement@1' ? keepReceipt(grid, context.home, subject).receipt : null;
  context.out.one({
    json: { ...(await draftJson(grid, draft, state, standing, said)), receipt },
    id: kind === 'agreement@1' ? subject : id,
    text: () => [
      ...(state === 'draft' ? [draftText(grid.reader, draft, standing, undefined)] : []),
      `${chain.replace('/', ' ')}: ${kind} ${state}${said.file === null ? '' : `, in ${said.file}`}`,
      ...(state === 'draft' ? [] : [rowsText(standingRows(standing).map((row) => namedRow(grid.reader, row)))]), ...(receipt === null ? [] : [rowsText([['receipt', receipt]])]),
    ].join('\n'),
  });
}

/**
 * Shows a draft whole, as its result: what it says, who has signed, what has changed; in a pipe, too.
 * @param before what its signer has last seen of the chain
 */
export async function showDraft(context: Context, grid: Grid, draft: SignedFile, state: DraftState, said: Said, before: Payload | undefined): Promise<void> {
  const { changesOf, draftRows, draftText, standingRows } = await import('../src/people/draft.js');
  const { namedRow } = await import('../src/people/names.js');
  const standing = await standingFor(context, grid, draft, state, said);
  const [shown, changed] = [draftRows(draft), changesOf(draft, before)];
  context.out.one({
    json: {
      ...(await draftJson(grid, draft, state, standing, said)), receipt: null,
      shown: shown.map(([name, text]) => ({ name, text })), changed: changed.map(([sign, [name, text]]) => ({ sign, name, text })),
    },
    rows: [...[...shown, ...standingRows(standing)].map((row) => namedRow(grid.reader, row)), ...changed.map(([sign, row]) => [sign, ...namedRow(grid.reader, row)])],
    text: () => draftText(grid.reader, draft, standing, before),
  });
}

async function standingFor({ clock }: Context, grid: Grid, draft: SignedFile, state: DraftState, { standing }: Said): Promise<Standing> {
  const { pastStanding, standingOf } = await import('../src/people/draft.js');
  return standing ?? (state === 'committed' ? pastStanding(draft) : standingOf(grid.reader, draft, clock()));
}

async function draftJson(grid: Grid, draft: SignedFile, state: DraftState, { signed, missing, optional }: Standing, { file }: Said): Promise<object> {
  const { iso } = await import('../src/base/clock.js');
  const { usableUntil } = await import('../src/people/kinds.js');
  const { id, payload } = draft.record;
  const { kind, chain } = payload;
  const until = usableUntil(payload);
  return { grid: grid.id, kind, chain, record: id, ...(kind === 'agreement@1' ? { contract: chain.slice(chain.indexOf('/') + 1) } : {}), state, signed, missing, optional, commit_by: until === null ? null : iso(until), draft: file };
}

/** Says which letters were dropped, and why. */
export function sayUnfit({ out }: Context, { unfit }: Collected): void {
  for (const { from, problem } of unfit.slice(0, 5)) out.note(`a letter${from === null ? '' : ` of ${from}`} was dropped: ${problem.message}`);
  if (unfit.length > 5) out.note(`and ${unfit.length - 5} more`);
}

/** Says whom letters did not reach, and what to do about it. */
export function sayUntold({ out }: Context, untold: readonly Untold[]): void {
  for (const { party, problem } of untold.slice(0, 5)) out.note(`not told: ${party}: ${problem.message}`);
  if (untold.length > 5) out.note(`and ${untold.length - 5} more`);
}

/**
 * Shows a record of one's own making, asks, signs it, and records it if that is enough; else writes the draft for others.
 * @param file where a draft is written
 * @throws Problem as `signWith`, `deliver`
 */
export async function signOrDraft(context: Context, grid: Grid, record: ParsedRecord, keyring: Keyring, file: string): Promise<void> {
  const { draftText, saveDraft, standingOf } = await import('../src/people/draft.js');
  const { signWith } = await import('../src/net/envelope.js');
  const { deliver } = await import('../src/net/deliver.js');
  const { out, prompt, clock } = context;
  const unsigned: SignedFile = { record, signatures: [] };
  out.note(draftText(grid.reader, unsigned, standingOf(grid.reader, unsigned, clock()), undefined));
  await prompt.confirm('Sign this?');
  const draft = await signWith(grid.reader, unsigned, keyring, clock);
  const standing = standingOf(grid.reader, draft, clock());
  if (standing.refusal === null) {
    await deliver(grid, { payload: record.text, signatures: [...draft.signatures] });
    return sayDraft(context, grid, draft, 'committed', { file: null, standing });
  }
  const saved = saveDraft(file, record, draft.signatures);
  out.note(standing.refusal.message);
  await sayDraft(context, grid, saved, 'signed', { file, standing });
  out.next(`3bot propose ${file}   (sends it to all who are asked; or mail the file, for 3bot sign)`);
}
