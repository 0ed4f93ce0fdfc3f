// The hand-over of a grid to a new home, without the old one's help: governance's statement about the last checkpoint
// becomes the first line of the new home.
//
//   old home   … h-1 │ checkpoint of h lines, signed by the old log (cosigned)
//   new home         │ line h: handover@1 {seen {size: h, root}, log_key, clock_key}, signed by governance │ h+1 …
import { effect } from '../base/effect.js';
import { isProblem, Problem } from '../base/errors.js';
import { MAX_CLOCK_DRIFT_MS } from '../base/limits.js';
import { openCheckpoint } from '../bcdb/checkpoint.js';
import { ingest } from '../bcdb/ingest.js';
import { isHandover, trustOf } from '../bcdb/pinned.js';
import { makeRecord, parseRecord, type ParsedRecord } from '../bcdb/record.js';
import type { Reader, StoredCheckpoint } from '../bcdb/reader.js';
import type { Store } from '../bcdb/store.js';
import { updateConfig } from '../home.js';
import type { Keyring } from '../keys/keyring.js';
import { gridRules } from '../rules/all.js';
import { readGrid } from '../rules/objects.js';
import type { Handover } from '../schema/types.js';
import { validated } from '../schema/validate.js';
import { nextPayload } from './compose.js';
import type { SignedFile } from './envelope.js';
import type { Grid, GridOptions } from './grid.js';
import { takeHomeAlone } from './lock.js';
import { logKeyring, openHomeWriter, openStore } from './writer.js';

/** What drafting needs. */
export type HandoverOptions = Pick<GridOptions, 'home' | 'clock' | 'signal' | 'openKeyring'> & { readonly createKeyring: NonNullable<GridOptions['createKeyring']> };

/**
 * Makes the keys of a new home, in this home folder, and the statement that governance is to sign. Doing it again gives
 * the same keys.
 * @throws Problem `refused` where this copy does not end at a checkpoint that counts
 */
export async function draftHandover(grid: Grid, { openKeyring, createKeyring, clock }: HandoverOptions): Promise<ParsedRecord> {
  const { reader } = grid;
  const { size } = lastCheckpoint(reader);
  const log = await keyringFor(reader, openKeyring, createKeyring);
  const { log: log_key = '', clock: clock_key = '' } = log.public;
  const body: Handover = { seen: { size, root: reader.tree.root(size).toString('hex') }, log_key, clock_key };
  return makeRecord(nextPayload(grid, 'grid', 'handover@1', body, clock()));
}

/** The checkpoint over all lines of a copy. @throws Problem `refused`, reason `checkpoint`, where it has none */
function lastCheckpoint(reader: Reader): StoredCheckpoint {
  const kept = reader.checkpoint();
  if (kept === undefined || kept.size !== reader.size) {
    throw new Problem('refused', `this copy has ${reader.size} lines, and the newest checkpoint that it holds is of ${kept?.size ?? 0}: where the book ends is not shown`, { reason: 'checkpoint', hint: 'hand over to a copy that was up to date when the home was last heard' });
  }
  openCheckpoint(kept.note, trustOf(reader));
  return kept;
}

async function keyringFor(reader: Reader, open: HandoverOptions['openKeyring'], create: HandoverOptions['createKeyring']): Promise<Keyring> {
  const { nonce, handovers = 0 } = readGrid(reader);
  const name = logKeyring(nonce, handovers + 1);
  try {
    return await effect('log_key_made', () => create('log', name));
  } catch (thrown) {
    if (!isProblem(thrown, 'usage', 'exists')) throw thrown;
    return open('log', name);
  }
}

/** A hand-over to this very folder whose line is the book's last: it may have been broken off there. */
export async function begunHandover({ reader }: Grid, open: HandoverOptions['openKeyring']): Promise<SignedFile | undefined> {
  const { nonce, log_key, handovers = 0 } = readGrid(reader);
  const { payload, signatures } = reader.line(reader.size - 1);
  if (handovers === 0 || !isHandover(payload)) return undefined;
  try {
    const log = await open('log', logKeyring(nonce, handovers));
    return log.public['log'] === log_key ? { record: parseRecord(payload), signatures } : undefined;
  } catch (thrown) {
    if (!isProblem(thrown, 'not_found')) throw thrown;
    return undefined;
  }
}

/** The grid under its new home. */
export interface TakenOver {
  /** Number of the hand-over's line. */
  readonly line: number;
  readonly log_key: string;
}

/**
 * Makes this home folder the home of the grid: durable line → config → checkpoint. What a crash leaves is completed by
 * doing it again.
 * @param file the statement, signed by governance
 * @throws Problem `refused` where the statement is made for other keys or another end of the book, or not signed by enough
 */
export async function takeOver(grid: string, file: SignedFile, options: Omit<HandoverOptions, 'createKeyring'>): Promise<TakenOver> {
  const { home, clock, signal, openKeyring } = options;
  const lock = await takeHomeAlone(home, signal);
  using store = openStore(home, grid);
  const { record } = file;
  const { seen, log_key } = validated<Handover>('handover@1', record.payload.body);
  const before = readGrid(store);
  const isTaken = store.find(record) !== undefined;
  const name = logKeyring(before.nonce, (before.handovers ?? 0) + (isTaken ? 0 : 1));
  try {
    await checkKeyring(await openKeyring('log', name), log_key);
    if (!isTaken) addLine(store, file, clock());
    effect('home_noted', () => updateConfig(home, (config) => void (config.grids = config.grids.map((entry) => (entry.id === grid ? { ...entry, url: null } : entry)))));
  } catch (thrown) {
    lock[Symbol.dispose]();
    throw thrown;
  }
  // Opening a home signs what is not signed yet: the checkpoint above the hand-over.
  await using _writer = await openHomeWriter({ home, grid, rules: gridRules, clock, signal }, lock, name, openKeyring);
  return { line: seen.size, log_key };
}

async function checkKeyring(log: Keyring, log_key: string): Promise<void> {
  if (log.public['log'] !== log_key) throw new Problem('refused', `the hand-over is to a home with the log key ${log_key}, which is not this one's`, { reason: 'key', hint: 'run it in the home folder where it was drafted' });
}

function addLine(store: Store, { record, signatures }: SignedFile, now: number): void {
  if (store.lastAt - now > MAX_CLOCK_DRIFT_MS) throw new Problem('failed', "this machine's clock is behind the book; nothing was recorded", { reason: 'clocks', hint: 'set the clock (NTP), then run the command again' });
  const { size, note } = lastCheckpoint(store);
  effect('handed_over', () => store.transact((book) => {
    ingest(book, gridRules, { payload: record.text, signatures: [...signatures], at: Math.max(now, store.lastAt) }, undefined);
    store.keepMilestone(size, note);
  }));
}
