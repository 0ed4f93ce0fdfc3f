// 3bot propose
import { basename } from 'node:path';
import type { Command } from 'commander';
import { parseDuration } from '../src/base/duration.js';
import { Problem } from '../src/base/errors.js';
import type { SignedFile } from '../src/net/envelope.js';
import type { Grid } from '../src/net/grid.js';
import { QUORUM_EXAMPLE } from '../src/people/form.js';
import type { Quorum } from '../src/schema/types.js';
import { collect } from './collect.js';
import type { CommandFile, Context } from './command.js';
import type { SignerSession } from './drafts.js';
import { GRID_FLAG, type GridFlag } from './handle.js';

const SIGN_WITHIN_MS = 7 * 24 * 3_600_000;

interface Options extends GridFlag {
  title?: string;
  textFile?: string;
  document?: string[];
  signer?: string[];
  optional?: string[];
  signers?: string;
  next?: string;
  signWithin?: number;
  draft?: string;
}

export const command: CommandFile<Options> = {
  about: 'Sends a draft to everybody who is asked to sign it, sealed, by mail. Either a file, as reserve --signer writes it; or a document,\nmade here: a title with a text, or with files that stay where they are and are named by their hash. You sign it first.\nThey need not be there: each finds it in 3bot inbox, and whoever signs last commits it. The text stands in the record, for all to read.',
  arguments: [['[file]', 'a draft']],
  options: (c: Command) => c
    .option('--title <text>', 'of a document')
    .option('--text-file <file>', 'its text')
    .option('--document <file>', 'a file that it names by hash; repeat for more', collect)
    .option('--next <document>', 'the next version of this document: who signed the last one signs, too')
    .option('--signer <party>', 'who must sign beside you: name of a bot, did:key:… or party; repeat for more', collect)
    .option('--optional <party>', 'who may sign, and need not; repeat for more', collect)
    .option('--signers <file>', `a quorum as JSON instead, with weights (1 unless said) and groups: ${QUORUM_EXAMPLE}`)
    .option('--sign-within <duration>', 'how long signatures can be used, at most 7d (default: 7d)', parseDuration)
    .option('--draft <file>', 'write the draft into a file, too')
    .option(...GRID_FLAG),
  examples: ['3bot propose web.draft.json', '3bot propose --title "House rules" --text-file rules.txt --signer ann --signer ben --optional carl', '3bot propose --title "Statutes" --document statutes.pdf --signers board.json'],
  async run(context, [file], options) {
    const { readEnvelope } = await import('../src/net/envelope.js');
    const { saveDraft, isCommitted, standingOf } = await import('../src/people/draft.js');
    const { openSigner, sayDraft, sayUntold } = await import('./drafts.js');
    const { out, clock } = context;
    if ((file === undefined) === (options.title === undefined)) throw new Problem('usage', 'a draft, or a title for a document', { hint: '3bot propose FILE, or 3bot propose --title … --text-file … --signer …' });
    const given = file === undefined ? undefined : readEnvelope(file);
    await using session = await openSigner(context, options.grid, given);
    const { grid, desk } = session;
    const draft = given ?? (await signedDocument(context, session, options));
    if (isCommitted(grid.reader, draft)) return await sayDraft(context, grid, draft, 'committed', { file: file ?? null });
    const standing = standingOf(grid.reader, draft, clock());
    if (standing.refusal === null && given === undefined) return await commit(context, grid, draft);
    desk.drafts.keep(draft, { proposer: desk.me, stranger: false }, clock());
    desk.drafts.change(draft.record.id, { mine: standing.signed.includes(desk.me) ? 'signed' : 'open' });
    desk.drafts.noteSeen(draft.record);
    const to = options.draft ?? null;
    if (to !== null) saveDraft(to, draft.record, draft.signatures);
    const untold = await desk.propose(draft);
    sayUntold(context, untold);
    await sayDraft(context, grid, draft, 'signed', { file: to ?? file ?? null, standing });
    out.next(untold.length > 0 && to === null ? `3bot propose … --draft FILE, and send the file to whom the mail did not reach` : '3bot inbox   (who has signed; you are told when it is in the book)');
  },
};

async function commit(context: Context, grid: Grid, draft: SignedFile): Promise<void> {
  const { deliver } = await import('../src/net/deliver.js');
  const { standingOf } = await import('../src/people/draft.js');
  const { sayDraft } = await import('./drafts.js');
  const standing = standingOf(grid.reader, draft, context.clock());
  await deliver(grid, { payload: draft.record.text, signatures: [...draft.signatures] });
  await sayDraft(context, grid, draft, 'committed', { file: null, standing });
}

/** A document of the flags, shown and signed by this identity. */
async function signedDocument(context: Context, { grid, keyring, desk }: SignerSession, options: Options): Promise<SignedFile> {
  const { MAX_DOCUMENT_BYTES, MAX_RECORD_BYTES } = await import('../src/base/limits.js');
  const { signWith } = await import('../src/net/envelope.js');
  const { draftDocument, findDocument } = await import('../src/people/propose.js');
  const { draftText, standingOf } = await import('../src/people/draft.js');
  const { readBytes, readText } = await import('./files.js');
  const text = options.textFile === undefined ? '' : readText(options.textFile, MAX_RECORD_BYTES);
  const files = (options.document ?? []).map((path) => ({ name: basename(path), bytes: readBytes(path, MAX_DOCUMENT_BYTES) }));
  if (text === '' && files.length === 0) throw new Problem('usage', 'a document has a text, or names files', { hint: '--text-file FILE, or --document FILE' });
  const time = context.clock();
  const next = options.next === undefined ? null : findDocument(grid.reader, options.next).id;
  const commit_by = time + (options.signWithin ?? SIGN_WITHIN_MS);
  const record = draftDocument(grid, desk.bot, next, { title: options.title ?? '', text, files, quorum: await quorumFrom(grid, desk.me, options), commit_by }, time);
  const unsigned: SignedFile = { record, signatures: [] };
  // Also refuses what nobody could ever complete, before anybody signs.
  const standing = standingOf(grid.reader, unsigned, time);
  context.out.note(draftText(grid.reader, unsigned, standing, desk.drafts.lastSeen(record.payload)));
  await context.prompt.confirm('Sign this and send it?');
  return signWith(grid.reader, unsigned, keyring, context.clock);
}

async function quorumFrom({ reader }: Grid, me: string, { signer = [], optional = [], signers }: Options): Promise<Quorum> {
  const { findParty } = await import('../src/market/find.js');
  const { MAX_BODY_BYTES } = await import('../src/base/limits.js');
  const { parseQuorum, quorumOf } = await import('../src/people/propose.js');
  const { readText } = await import('./files.js');
  if (signers !== undefined && signer.length + optional.length > 0) throw new Problem('usage', '--signers together with --signer or --optional', { hint: 'the file says who signs, all of it' });
  if (signers !== undefined) return parseQuorum(reader, readText(signers, MAX_BODY_BYTES));
  return quorumOf([...new Set([me, ...signer.map((text) => findParty(reader, text))])], optional.map((text) => findParty(reader, text)));
}
