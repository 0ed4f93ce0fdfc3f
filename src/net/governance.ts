// What governance may say of a grid besides genesis, in plain words, and how its statements come about.
import { Problem } from '../base/errors.js';
import { policyOfLines } from '../bcdb/pinned.js';
import { makeRecord, type ParsedRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import type { Keyring } from '../keys/keyring.js';
import { readGrid } from '../rules/objects.js';
import type { Handover, WitnessChange } from '../schema/types.js';
import { nextPayload } from './compose.js';
import { missing, signWith, type SignedFile } from './envelope.js';
import type { Grid } from './grid.js';

/** Whether a draft is a statement of governance. */
export function isGovernance({ payload: { chain, kind } }: ParsedRecord): boolean {
  return chain === 'grid' && (kind === 'handover@1' || kind === 'witnesses@1');
}

/** The statement that a grid has these witnesses from now on; null: none. */
export function witnessChange(grid: Grid, witnesses: string[] | null): ParsedRecord {
  const body: WitnessChange = { witnesses };
  return makeRecord(nextPayload(grid, 'grid', 'witnesses@1', body, grid.clock()));
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
  const { reader } = grid;
  if (file.record.payload.kind === 'handover@1') checkEnd(reader, file.record.payload.body as unknown as Handover);
  return signWith(reader, file, keyring, grid.clock);
}

/** A hand-over cuts off whatever the old home has signed beyond it, so who signs looks where the own copy ends. */
function checkEnd(reader: Reader, { seen: { size, root } }: Handover): void {
  if (reader.size < size) throw new Problem('refused', `the hand-over is made for line ${size}, and this copy has ${reader.size} lines`, { reason: 'seen', hint: 'bring this copy up to date from another one: 3bot grid join URL' });
  if (reader.tree.root(size).toString('hex') !== root) throw new Problem('refused', `the first ${size} lines of this copy are not those that the hand-over names`, { reason: 'seen' });
}

/** Whether enough governors have signed; null, or who is missing. @throws Problem `refused` where more signatures cannot help */
export function missingGovernors(grid: Grid, file: SignedFile): Problem | null {
  return missing(grid.reader, file, grid.clock());
}

/** What a statement says, a pair a row. */
export function statementText(reader: Reader, { payload: { kind, body } }: ParsedRecord): [string, string][] {
  const { name, governance } = readGrid(reader);
  const by: [string, string] = ['signed by', `${governance.threshold} of ${governance.members.length} governors`];
  if (kind === 'handover@1') {
    const { seen, log_key, clock_key } = body as unknown as Handover;
    return [['grid', `${name} gets a new home`], ['from line', `${seen.size}; what the old home signed beyond it is not in the book`], ['root', seen.root], ['log key', log_key], ['clock key', clock_key], by];
  }
  const { witnesses } = body as unknown as WitnessChange;
  return [['grid', `${name} gets ${witnesses === null ? 'rid of its witnesses' : 'other witnesses'}`], ...(witnesses ?? []).map((line): [string, string] => ['', line]), by];
}
