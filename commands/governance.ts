// What the commands about a grid's governance share: statements in plain words, as files, signed by several.
import type { SignedFile } from '../src/net/envelope.js';
import type { Grid } from '../src/net/grid.js';
import type { Context } from './command.js';

/** How far a statement is. */
export type StatementState = 'draft' | 'signed' | 'recorded';

/** Says how a statement stands. */
export async function sayStatement({ out }: Context, grid: Grid, { record, signatures }: SignedFile, state: StatementState, file: string | null): Promise<void> {
  const { statementText } = await import('../src/net/governance.js');
  const signed = signatures.map(({ by }) => by);
  out.one({
    json: { grid: grid.id, kind: record.payload.kind, record: record.id, state, signed, draft: file },
    id: file ?? record.id,
    text: () => [...statementText(grid.reader, record).map(([key, text]) => `${key.padEnd(11)}${text}`), `${record.payload.kind.padEnd(11)}${state}${file === null ? '' : `, in ${file}`}`, ...signed.map((key) => `signature  ${key}`)].join('\n'),
  });
}

/** The identity in use, opened. */
export async function openGovernor(context: Context): Promise<import('../src/keys/keyring.js').Keyring> {
  const { identityInUse } = await import('../src/keys/unlock.js');
  const { gridOptions } = await import('./handle.js');
  return gridOptions(context).openKeyring('identity', identityInUse(context.home));
}

/** `3bot sign` of a statement: adds the signature to the file; a change of witnesses is recorded by whoever signs last. */
export async function signStatementFile(context: Context, path: string, file: SignedFile, { grid: named, dryRun }: { grid?: string; dryRun?: true }): Promise<void> {
  const { missingGovernors, signStatement, statementText } = await import('../src/net/governance.js');
  const { saveEnvelope } = await import('../src/net/envelope.js');
  const { deliver } = await import('../src/net/deliver.js');
  const { openGridOf } = await import('./handle.js');
  const { out, prompt } = context;
  await using grid = await openGridOf(context, named ?? file.record.payload.grid ?? undefined);
  const isHandover = file.record.payload.kind === 'handover@1';
  // The old home may be gone, which is what a hand-over is for.
  if (!isHandover) await grid.refresh();
  if (dryRun === true) return sayStatement(context, grid, file, 'draft', path);
  const signed = await signStatement(grid, file, await openGovernor(context));
  if (signed.signatures.length > file.signatures.length) {
    out.note(statementText(grid.reader, file.record).map(([key, text]) => `${key.padEnd(11)}${text}`).join('\n'));
    await prompt.confirm('Sign this?');
  }
  const saved = saveEnvelope(path, file.record, signed.signatures, file);
  const why = missingGovernors(grid, saved);
  if (why !== null) out.note(`signed; ${why.message}`);
  if (why !== null || isHandover) {
    await sayStatement(context, grid, saved, 'signed', path);
    return out.next(why === null ? `3bot grid handover ${path}   (in the home folder that takes the grid over)` : 'send the file to those who are missing: 3bot sign FILE');
  }
  await deliver(grid, { payload: saved.record.text, signatures: [...saved.signatures] });
  await sayStatement(context, grid, saved, 'recorded', null);
}
