// How the statements come about by which governance changes a grid.
import { Problem } from '../base/errors.js';
import { policyOfLines } from '../bcdb/pinned.js';
import { makeRecord, type ParsedRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import type { Keyring } from '../keys/keyring.js';
import { policyOf } from '../rules/governance.js';
import { readGrid } from '../rules/objects.js';
import type { Handover, Payload, Policy, WitnessChange } from '../schema/types.js';
import { nextPayload } from './compose.js';
import { missing, signWith, type SignedFile } from './envelope.js';
import type { Grid } from './grid.js';

/** The statement that a grid has these witnesses from now on; null: none. */
export function witnessChange(grid: Grid, witnesses: string[] | null): ParsedRecord {
  const body: WitnessChange = { witnesses };
  return makeRecord(nextPayload(grid, 'grid', 'witnesses@1', body, grid.clock()));
}

/**
 * The statement that a grid has this policy from now on: the one it has, with these changes; null takes something back.
 * @throws Problem `refused` where nobody's signature could make it count
 */
export function policyChange(grid: Grid, change: { readonly [field in keyof Policy]?: Policy[field] | null }): ParsedRecord {
  const whole = Object.entries({ ...policyOf(readGrid(grid.reader)), ...change }).filter(([, value]) => value !== null);
  const record = makeRecord(nextPayload(grid, 'grid', 'policy@1', Object.fromEntries(whole), grid.clock()));
  missingGovernors(grid, { record, signatures: [] });
  return record;
}

/**
 * The lines of a witness policy (C2SP tlog-policy) as a record spells them: no comments, one space between items.
 * @param text of a file; hostile
 * @throws Problem `malformed`, reason `policy`
 */
export function witnessLines(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trim().split(/[ \t]+/).join(' ')).filter((line) => line !== '' && !line.startsWith('#'));
  const log = lines.find((line) => line.startsWith('log '));
  if (log !== undefined) throw new Problem('malformed', `the grid's own log is known: ${log.slice(0, 60)}`, { reason: 'policy', hint: "leave lines that begin with 'log' out" });
  policyOfLines(lines);
  return lines;
}

/**
 * Signs a statement of governance, if this identity has a say; checks first that it is about the book held here.
 * @throws Problem `refused`: not about this book, or reason `key`: not for this identity to sign
 */
export async function signStatement(grid: Grid, file: SignedFile, keyring: Keyring): Promise<SignedFile> {
  const { payload } = file.record;
  if (payload.kind === 'handover@1') checkHandover(grid.reader, payload);
  return signWith(grid.reader, file, keyring, grid.clock);
}

/**
 * A hand-over cuts off whatever the old home has signed beyond it, so who signs looks where the own copy ends.
 * @throws Problem `refused`, reason `seen`
 */
export function checkHandover(reader: Reader, { body }: Payload): void {
  const { size, root } = (body as unknown as Handover).seen;
  if (reader.size < size) throw new Problem('refused', `the hand-over is made for line ${size}, and this copy has ${reader.size} lines`, { reason: 'seen', hint: 'bring this copy up to date from another one: 3bot grid join URL' });
  if (reader.tree.root(size).toString('hex') !== root) throw new Problem('refused', `the first ${size} lines of this copy are not those that the hand-over names`, { reason: 'seen' });
}

/** Whether enough governors have signed; null, or who is missing. @throws Problem `refused` where more signatures cannot help */
export function missingGovernors(grid: Grid, file: SignedFile): Problem | null {
  return missing(grid.reader, file, grid.clock());
}
