// 3bot sign
import { parseTft } from '../src/base/amount.js';
import type { SignedFile } from '../src/net/envelope.js';
import type { Keyring } from '../src/keys/keyring.js';
import type { Grid } from '../src/net/grid.js';
import type { CommandFile, Context } from './command.js';
import { GRID_FLAG, type GridFlag } from './handle.js';

interface Options extends GridFlag {
  dryRun?: true;
  maxTotal?: bigint;
}

export const command: CommandFile<Options> = {
  about: 'Shows a draft in plain words, whatever it is of: agreement, amendment, end, document, payment, statement of governance. Adds\nyour signature to the file, and commits the record once nobody is missing. Signing twice changes nothing.\nA paying account signs with its own key: then this also lets the money go.',
  arguments: [['<file>', 'a draft, as reserve --signer, grid handover or grid witnesses writes it']],
  options: (c) => c.option('--max-total <tft>', 'let your wallet pay up to this much without asking', parseTft).option('--dry-run', 'only show what it says and who has signed').option(...GRID_FLAG),
  examples: ['3bot sign web.draft.json', '3bot sign web.draft.json --yes --json'],
  async run(context, [file = ''], options) {
    const { readEnvelope, signWith } = await import('../src/net/envelope.js');
    const { kindOf } = await import('../src/people/kinds.js');
    const { draftRows, isCommitted, rowsText, saveDraft, standingOf } = await import('../src/people/draft.js');
    const { deliver } = await import('../src/net/deliver.js');
    const { sayDraft } = await import('./drafts.js');
    const { out, clock } = context;
    const draft = readEnvelope(file);
    const { payload } = draft.record;
    const { check, recordedBy } = kindOf(payload);
    await using session = await openSigner(context, draft, options.grid);
    const { grid, keyring } = session;
    if (isCommitted(grid.reader, draft)) return await sayDraft(context, grid, draft, 'committed', file);
    if (options.dryRun === true) return await sayDraft(context, grid, draft, 'draft', file);

    check?.(grid.reader, payload);
    const signed = await signWith(grid.reader, draft, keyring, clock);
    if (signed.signatures.length > draft.signatures.length) {
      out.note(rowsText(draftRows(draft)));
      await allowSigning(context, grid, draft, keyring, options.maxTotal);
    }
    const saved = saveDraft(file, draft.record, signed.signatures);
    const standing = standingOf(grid.reader, saved, clock());
    const { refusal } = standing;
    if (refusal !== null || recordedBy !== undefined) {
      if (refusal !== null) out.note(`signed; ${refusal.message}`);
      await sayDraft(context, grid, saved, 'signed', file, standing);
      return out.next(refusal !== null || recordedBy === undefined ? 'send the file to those who are missing' : recordedBy.replace('FILE', file));
    }
    await deliver(grid, { payload: saved.record.text, signatures: [...saved.signatures] }, 'sign again: the same draft is never committed twice');
    await sayDraft(context, grid, saved, 'committed', file, standing);
    out.next(payload.chain.startsWith('contract/') ? `3bot contract show ${payload.chain.slice(9, 21)}` : `3bot bcdb get ${saved.record.id.slice(0, 12)}`);
  },
};

/** Where a draft is signed: its grid, brought up to date, and the identity in use, which is on that grid. */
async function openSigner(context: Context, { record: { payload } }: SignedFile, named: string | undefined): Promise<AsyncDisposable & { grid: Grid; keyring: Keyring }> {
  const { Problem } = await import('../src/base/errors.js');
  const { ensureIdentity } = await import('../src/net/compose.js');
  const { kindOf } = await import('../src/people/kinds.js');
  const { openIdentity } = await import('./drafts.js');
  const { openGridOf } = await import('./handle.js');
  const grid = await openGridOf(context, named ?? payload.grid ?? undefined);
  const close = async (): Promise<void> => grid[Symbol.asyncDispose]();
  try {
    if (payload.grid !== grid.id) throw new Problem('refused', `the draft is of grid ${payload.grid ?? 'none'}, the one in use is ${grid.name}`, { reason: 'grid', hint: '3bot grid join its URL, then sign without --grid' });
    if (kindOf(payload).recordedBy === undefined) await grid.refresh();
    const keyring = await openIdentity(context);
    // Governors speak by their keys as genesis names them; everybody else is a bot of this grid.
    if (payload.chain !== 'grid') await ensureIdentity(grid, keyring);
    return { grid, keyring, [Symbol.asyncDispose]: close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
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
