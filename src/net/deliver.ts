// Handing a signed record over for good. From here on an error does not say whether it was recorded, unless it says so.
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { parseRecord, type ParsedRecord } from '../bcdb/record.js';
import type { SignedRecord } from '../schema/types.js';
import type { Grid } from './grid.js';

/**
 * `Grid.append`, with an answer to "is it in?" whatever happens. Only `refused` and `malformed` are verdicts: then it
 * is not recorded. At the grid's home the own book knows; elsewhere the Problem names the command that finds out.
 * @param again what to do about it, a command with its meaning; by default, looking before repeating
 * @throws Problem `refused` or `malformed`: not recorded; `unreachable`, reason `unwitnessed`: recorded, and not committed
 *   yet; any other: the message says what is known of the record
 */
export async function deliver(grid: Grid, record: SignedRecord, again?: string): Promise<{ id: string; index: number }> {
  try {
    return await grid.append(record);
  } catch (thrown) {
    if (isVerdict(thrown)) throw thrown;
    throw await inDoubt(grid, parseRecord(record.payload), thrown, again);
  }
}

/**
 * `deliver` for records of which all are recorded or none.
 * @throws Problem as `deliver`, that of the first record which was refused for what it says itself
 */
export async function deliverTogether(grid: Grid, records: readonly SignedRecord[], again?: string): Promise<void> {
  const [first] = records;
  if (first === undefined) return;
  try {
    const problems = (await grid.submit(records, true)).flatMap((outcome) => (outcome.ok ? [] : [outcome.problem]));
    if (problems.length > 0) throw problems.find(({ reason }) => reason !== 'together') ?? problems[0];
  } catch (thrown) {
    if (isVerdict(thrown)) throw thrown;
    throw await inDoubt(grid, parseRecord(first.payload), thrown, again);
  }
}

/** Whether it is known what became of the record. */
function isVerdict(thrown: unknown): boolean {
  return isProblem(thrown, 'refused') || isProblem(thrown, 'malformed') || isProblem(thrown, 'unreachable', 'unwitnessed');
}

async function inDoubt(grid: Grid, record: ParsedRecord, thrown: unknown, again: string | undefined): Promise<Problem> {
  const { code, reason, hint } = thrown instanceof Problem ? thrown : { code: 'failed' as const, reason: undefined, hint: undefined };
  // The book of a home is this very file. A copy would have to ask the one who did not answer.
  if (grid.isHome) await grid.refresh().catch(() => undefined);
  const { id } = record;
  const line = grid.reader.find(record);
  const cause = { cause: thrown, ...(reason === undefined ? {} : { reason }) };
  if (line !== undefined) return new Problem(code, `${messageOf(thrown)}; but the record is in the book, as line ${line}`, { ...cause, hint: `3bot bcdb get ${id}` });
  // Whoever ended the wait, or did not hear the answer, may have left it in a queue.
  if (grid.isHome && code !== 'unreachable' && code !== 'interrupted') return new Problem(code, `${messageOf(thrown)}; the record is not in the book`, { ...cause, ...(hint === undefined ? {} : { hint }) });
  return new Problem(code, `${messageOf(thrown)}; whether record ${id} is in the book is not known`, { ...cause, hint: again === undefined ? `before you repeat it: 3bot bcdb get ${id}` : `${again}; to look: 3bot bcdb get ${id}` });
}

/**
 * `deliver` for a chain that one key writes alone, where a conflict is an alarm.
 * @throws Problem as `deliver`
 */
export async function deliverOwn(grid: Grid, record: SignedRecord, again?: string): Promise<{ id: string; index: number }> {
  try {
    return await deliver(grid, record, again);
  } catch (thrown) {
    if (!isProblem(thrown, 'refused', 'chain_conflict')) throw thrown;
    throw new Problem('refused', `${thrown.message}: something else has written to this chain meanwhile`, {
      reason: 'chain_conflict',
      hint: 'run the command again; if it was not you, this key is in other hands',
      cause: thrown,
    });
  }
}
