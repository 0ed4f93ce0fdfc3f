// Making records that fit a book: their place on a chain, signatures, and the way in.
import type { JsonObject } from '../base/canonical.js';
import { isProblem, Problem } from '../base/errors.js';
import { Turns } from '../base/turns.js';
import { makeRecord, signRecord, versionFor } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import type { ReadState } from '../bcdb/rulebook.js';
import type { Signer } from '../keys/ed25519.js';
import type { Keyring } from '../keys/keyring.js';
import { actsFor } from '../rules/identity.js';
import { read, readGrid } from '../rules/objects.js';
import type { Identity, Payload } from '../schema/types.js';
import type { Grid } from './grid.js';
import { deliverOwn } from './deliver.js';

/** What a record is to say, and where. */
export interface Draft<Body extends object | null = object> {
  readonly chain: string;
  readonly kind: string;
  /** A body that depends on what the book says is a function of it: a list to which something is added, say. */
  readonly body: Body | ((reader: Reader) => Body);
}

/** Where a record stands. */
export interface Appended {
  readonly id: string;
  readonly index: number;
}

/**
 * The payload that continues a chain of the book as it is read now.
 * @param time when it is signed, ms
 */
export function nextPayload({ id, reader }: { readonly id: string; readonly reader: Reader }, chain: string, kind: string, body: object, time: number): Payload {
  const head = reader.head(chain);
  // JSON: what is undefined is left out, as canonical JSON has no place for it.
  return { v: versionFor(body, () => readGrid(reader).rules), grid: id, chain, height: head === undefined ? 0 : head.height + 1, prev: head?.id ?? null, kind, time, body: body as JsonObject };
}

/** By grid and chain: two appends of this process would take the same place. */
const turns = new Turns();

/**
 * Makes a record, has it signed by all signers and appends it. The copy is brought up to date before, and the body
 * made after that, so that the record continues the chain's real end and undoes nothing that was recorded meanwhile.
 * @returns null where the body was: then there is nothing to record
 * @throws Problem as `deliverOwn`
 */
export async function appendSigned<Body extends object | null = object>(grid: Grid, draft: Draft<Body>, signers: readonly Signer[]): Promise<Appended | Extract<Body, null>> {
  return turns.run(`${grid.id} ${draft.chain}`, () => append(grid, draft, signers));
}

async function append<Body extends object | null>(grid: Grid, { chain, kind, body }: Draft<Body>, signers: readonly Signer[]): Promise<Appended | Extract<Body, null>> {
  // Held from here on: another command of this home folder composes its record after this one is in.
  grid.demandWritable();
  await grid.hold();
  await grid.refresh();
  const made = typeof body === 'function' ? body(grid.reader) : body;
  if (made === null) return made as Extract<Body, null>;
  const record = makeRecord(nextPayload(grid, chain, kind, made, grid.clock()));
  try {
    return await deliverOwn(grid, await signRecord(record, signers));
  } catch (thrown) {
    throw isProblem(thrown, 'refused', 'surplus') ? powerless(grid.reader, thrown, signers, kind) : thrown;
  }
}

/** What a surplus signature of one's own means: the key was taken from its bot, or given to it for other things. */
function powerless(state: ReadState, refusal: Problem, signers: readonly Signer[], kind: string): Problem {
  for (const { key } of signers) {
    const bot = read(state, 'bot', actsFor(state, key));
    if (bot === undefined) continue;
    const why = bot.keys.some((one) => one.key === key) ? `may not sign ${kind} for ${bot.name}` : `does not speak for ${bot.name} any more`;
    return new Problem('refused', `key ${key.slice(0, 8)}… ${why}`, { reason: 'surplus', hint: '3bot identity keys', cause: refusal });
  }
  return refusal;
}

/** Body of an identity's first record. @param name unique on the grid */
export function identityBody(keyring: Keyring, name: string): Identity {
  const { bot, sealing, wallet } = keyring.public;
  if (bot === undefined || sealing === undefined || wallet === undefined) throw new Problem('refused', `${keyring.name} is an operational key; this needs an identity`, { reason: 'wallet', hint: '3bot identity use NAME of an identity' });
  return { name, keys: [{ key: bot, kinds: ['*'], until: null }], sealing_key: sealing, endpoint: null, roles: ['consumer'], account: wallet, recovery: null };
}

/**
 * Appends the identity's record where this grid has none yet. Names are unique on a grid: where another has ours,
 * the first digits of the key are added to it.
 */
export async function ensureIdentity(grid: Grid, keyring: Keyring): Promise<void> {
  const signer = keyring.signer('bot');
  const isKnown = (): boolean => read(grid.reader, 'bot', actsFor(grid.reader, signer.key)) !== undefined;
  if (isKnown()) return;
  await grid.refresh();
  if (isKnown()) return;
  if (keyring.type === 'key') throw new Problem('not_found', `no bot of grid ${grid.name} lists the key of ${keyring.name} yet`, { reason: 'identity', hint: `its owner runs: 3bot identity key add ${signer.key}` });
  const chain = `bot/${signer.key}`;
  try {
    await appendSigned(grid, { chain, kind: 'identity@1', body: identityBody(keyring, keyring.name) }, [signer]);
  } catch (thrown) {
    if (!isProblem(thrown, 'refused', 'name')) throw thrown;
    const name = `${keyring.name.slice(0, 41)}-${signer.key.slice(0, 8)}`;
    await appendSigned(grid, { chain, kind: 'identity@1', body: identityBody(keyring, name) }, [signer]);
  }
}
