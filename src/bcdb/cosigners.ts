// Who has cosigned a book's newest checkpoint, and who is missing.
import { checkEd25519 } from '../keys/ed25519.js';
import { cosignatures } from '../tlog/cosignature.js';
import { parseNote } from '../tlog/note.js';
import { eraAt, trustOf } from './pinned.js';
import type { Reader } from './reader.js';

/** A witness of a grid, and its word. */
export interface CosignerState {
  /** What the grid's policy calls it. */
  readonly name: string;
  readonly url: string | null;
  /** When it has cosigned the newest checkpoint, ms since 1970; null: it has not. */
  readonly time_ms: number | null;
}

/** The witnesses whose word the newest checkpoint needs, in the policy's order; null where the home's is enough. */
export function cosignersOf(reader: Reader): CosignerState[] | null {
  const kept = reader.checkpoint();
  const { witnesses: policy } = eraAt(trustOf(reader), kept?.size ?? 0);
  if (policy === null) return null;
  const times = kept === undefined ? new Map<string, number>() : cosignatures(parseNote(kept.note), policy.witnesses.map(({ key }) => key), checkEd25519);
  return policy.witnesses.map(({ name, key, url }) => ({ name, url, time_ms: times.get(key.key) ?? null }));
}
