// 3bot sign
import { existsSync } from 'node:fs';
import { parseTft } from '../src/base/amount.js';
import { Problem } from '../src/base/errors.js';
import type { SignedFile } from '../src/net/envelope.js';
import type { Grid } from '../src/net/grid.js';
import type { Keyring } from '../src/keys/keyring.js';
import type { CommandFile, Context } from './command.js';
import type { SignerSession } from './drafts.js';
import { GRID_FLAG, type GridFlag } from './handle.js';

interface Options extends GridFlag {
  dryRun?: true;
  maxTotal?: bigint;
}

export const command: CommandFile<Options> = {
  about: 'Shows a draft in plain words, whatever it is of: agreement, amendment, end, document, payment, statement of governance, and what\nhas changed since you last looked. Adds your signature, and commits the record once nobody is missing; the others are told by\nmail. Signing twice changes nothing. A paying account signs with its own key: then this also lets the money go.',
  arguments: [['<draft>', 'a file, as reserve --signer or propose --draft writes it, or a draft of 3bot inbox by the first digits of its id']],
  options: (c) => c.option('--max-total <tft>', 'let your wallet pay up to this much without asking', parseTft).option('--dry-run', 'only show what it says and who has signed').option(...GRID_FLAG),
  examples: ['3bot sign web.draft.json', '3bot sign 3f2a91c0 --yes --json'],
  async run(context, [what = ''], options) {
    const { readEnvelope, signWith } = await import('../src/net/envelope.js');
    const { kindOf } = await import('../src/people/kinds.js');
    const { draftText, isCommitted, standingOf } = await import('../src/people/draft.js');
    const { deliver } = await import('../src/net/deliver.js');
    const { openSigner, sayDraft, showDraft } = await import('./drafts.js');
    const { out, clock } = context;
    const fromFile = isFile(what) ? readEnvelope(what) : undefined;
    const file = fromFile === undefined ? null : what;
    await using session = await openSigner(context, options.grid, fromFile);
    const { grid, keyring, desk } = session;
    const draft = fromFile ?? (await onDesk(context, session, what));
    const { payload } = draft.record;
    const { check, recordedBy } = kindOf(payload);
    const before = desk.drafts.lastSeen(payload);
    if (isCommitted(grid.reader, draft)) {
      out.note('it is in the book already: nobody waits for your signature; 3bot endorse adds one that was optional');
      if (options.dryRun === true) return await showDraft(context, grid, draft, 'committed', { file }, before);
      return await sayDraft(context, grid, draft, 'committed', { file });
    }
    if (options.dryRun === true) {
      await showDraft(context, grid, draft, 'draft', { file }, before);
      return desk.drafts.noteSeen(draft.record);
    }

    check?.(grid.reader, payload);
    const signed = await signWith(grid.reader, draft, keyring, clock);
    if (signed.signatures.length > draft.signatures.length) {
      out.note(draftText(grid.reader, draft, standingOf(grid.reader, draft, clock()), before));
      desk.drafts.noteSeen(draft.record);
      await allowSigning(context, grid, draft, keyring, options.maxTotal);
    }
    const saved = await put(session, signed, file);
    const standing = standingOf(grid.reader, saved, clock());
    const { refusal } = standing;
    if (refusal !== null || recordedBy !== undefined) {
      if (refusal !== null) out.note(`signed; ${refusal.message}`);
      await tell(context, session, saved);
      await sayDraft(context, grid, saved, 'signed', { file, standing });
      return out.next(refusal === null && recordedBy !== undefined ? recordedBy.replace('FILE', file ?? 'FILE') : file === null ? '3bot inbox' : 'send the file to those who are missing');
    }
    await deliver(grid, { payload: saved.record.text, signatures: [...saved.signatures] }, 'sign again: the same draft is never committed twice');
    await sayDraft(context, grid, saved, 'committed', { file, standing });
    out.next(payload.chain.startsWith('contract/') ? `3bot contract show ${payload.chain.slice(9, 21)}` : `3bot bcdb get ${saved.record.id.slice(0, 12)}`);
  },
};

/** A name that might be a file, unless it can only be an id. @throws Problem `not_found` */
function isFile(what: string): boolean {
  if (existsSync(what)) return true;
  if (/^[0-9a-f]{4,64}$/.test(what)) return false;
  throw new Problem('not_found', `no file ${what}`, { reason: 'draft', hint: 'drafts that were sent to you: 3bot inbox' });
}

/** A draft that came by mail, with whatever came for it since. */
async function onDesk(context: Context, { desk }: SignerSession, prefix: string): Promise<SignedFile> {
  const { sayUnfit } = await import('./drafts.js');
  sayUnfit(context, await desk.collect());
  return desk.drafts.find(prefix);
}

/** Keeps the signature where the draft lies: in its file, on the desk, or both. */
async function put({ desk }: SignerSession, signed: SignedFile, file: string | null): Promise<SignedFile> {
  const { saveDraft } = await import('../src/people/draft.js');
  const saved = file === null ? signed : saveDraft(file, signed.record, signed.signatures);
  const known = desk.drafts.get(signed.record.id);
  return known === undefined ? saved : desk.drafts.change(signed.record.id, { signatures: saved.signatures, signed: [desk.me], mine: 'signed' });
}

/** Whoever has the draft on the desk tells the others; a file is sent on by hand. */
async function tell(context: Context, { desk }: SignerSession, { record }: SignedFile): Promise<void> {
  const { sayUntold } = await import('./drafts.js');
  const kept = desk.drafts.get(record.id);
  if (kept !== undefined) sayUntold(context, await desk.tellSigned(kept));
}

/** A person says yes to what was shown; what it costs passes the spending limit. */
async function allowSigning(context: Context, grid: Grid, draft: SignedFile, keyring: Keyring, max: bigint | undefined): Promise<void> {
  const { formatTft } = await import('../src/base/amount.js');
  const { accountRolesOf } = await import('../src/keys/accounts.js');
  const { accountsSpentBy, paidBy } = await import('../src/people/draft.js');
  const { allowSpending } = await import('./spending.js');
  const amount = paidBy(draft, accountsSpentBy(grid.reader, draft.record, new Set(accountRolesOf(keyring).map((role) => keyring.signer(role).key)), context.clock()));
  if (amount === 0n) await context.prompt.confirm('Sign this?');
  else await allowSpending(context, { amount, question: `Sign this and pay ${formatTft(amount)} TFT?`, flag: '--max-total', max });
}
