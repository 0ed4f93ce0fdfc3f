// Collects evidence against a home whose word does not hold, and keeps it as files.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fromBase64, toBase64 } from '../base/bytes.js';
import type { Clock } from '../base/clock.js';
import { isProblem, messageOf, Problem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import { MAX_EVIDENCE_BYTES, MAX_EVIDENCE_FILES } from '../base/limits.js';
import { openCheckpoint, type Checkpoint } from '../bcdb/checkpoint.js';
import { BrokenLine, type Batch } from '../bcdb/copy.js';
import { leafOf, rootOfLast } from '../bcdb/evidence.js';
import { isOneHome, pinnedBy, trustOf, withoutWitnesses, type Pinned } from '../bcdb/pinned.js';
import type { Reader } from '../bcdb/reader.js';
import { replaceFile, type Home } from '../home.js';
import type { Evidence, Place } from '../schema/types.js';
import { validated } from '../schema/validate.js';
import { verifyConsistency } from '../tlog/merkle.js';
import type { LineSource } from './follow.js';

/** Where evidence is collected. */
export interface Investigation {
  readonly reader: Reader;
  /** Id of the grid that is expected. */
  readonly grid: string;
  /** The bot that gave what does not hold; hostile. */
  readonly client: LineSource;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** What is trusted for now; undefined where not even a genesis came. */
function trust(reader: Reader, grid: string, { lines: [first] }: Batch): Pinned | undefined {
  if (reader.size > 0) return trustOf(reader, grid);
  return first === undefined ? undefined : pinnedBy(first, grid);
}

const proofOf = ({ trailer }: Batch): Buffer[] => trailer.consistency.map((hash) => fromBase64(hash, 32));

/**
 * Whether the home has signed what `ingestBatch` did not take: a checkpoint that contradicts the lines held here, or
 * one that has these very lines below it. Lines, proofs and checkpoints that anybody on the way could have changed
 * or made up are no evidence.
 * @param grid id of the grid that is expected
 */
export function isSignedByHome(reader: Reader, grid: string, batch: Batch): boolean {
  try {
    const pinned = trust(reader, grid, batch);
    if (pinned === undefined) return false;
    const there = openCheckpoint(batch.trailer.checkpoint, pinned);
    // What an old home signs of its own lines is not the word of the one that is followed.
    if (there.size < reader.size) return isOneHome(pinned, there.size, reader.size);
    if (there.size === reader.size && !reader.tree.root().equals(there.root)) return true;
    const size = reader.size + batch.lines.length;
    return size <= there.size && verifyConsistency(size, there.size, reader.tree.rootWith(batch.lines.map(leafOf)), there.root, proofOf(batch));
  } catch (thrown) {
    if (isProblem(thrown)) return false;
    throw thrown;
  }
}

/**
 * Makes the strongest evidence there is of what the home has signed and cannot be; asks it for more where that is needed.
 * @param thrown what `ingestBatch` threw on the batch
 * @returns undefined where nothing can be shown to others
 */
export async function investigate(where: Investigation, batch: Batch, thrown: Problem): Promise<Evidence | undefined> {
  const { reader, grid, clock } = where;
  const trusted = trust(reader, grid, batch);
  if (trusted === undefined) return undefined;
  // It is the home that is accused, whoever else has cosigned.
  const pinned = withoutWitnesses(trusted);
  const evidence = (kind: Evidence['kind'], notes: string[], places: Place[] = []): Evidence => ({ v: 1, grid, kind, found_ms: clock(), notes, places, consistency: [] });
  const isBroken = thrown instanceof BrokenLine;
  const shown = isBroken ? await orNothing(where, brokenLine(where, batch, thrown.index, pinned)) : undefined;
  if (shown !== undefined) return evidence('line', [shown.note], [shown.place]);
  const kept = reader.checkpoint();
  const there = opened(batch, pinned);
  if (kept === undefined || there === undefined || !isOneHome(pinned, kept.size, there.size)) return undefined;
  const notes = [kept.note, batch.trailer.checkpoint];
  if (kept.size === there.size) return reader.tree.root(kept.size).equals(there.root) ? undefined : evidence('roots', notes);
  if (thrown.reason === 'rewound') return evidence('rewound', notes);
  // What follows a fork seldom fits what was there before it, so that it shows as a line that does not hold.
  const fork = await orNothing(where, forkedLine(where, kept.size, there.size, pinned));
  if (fork !== undefined) return evidence('lines', [kept.note, fork.note], [fork.ours, fork.place]);
  return isBroken ? undefined : { ...evidence('unproven', notes), consistency: [...batch.trailer.consistency] };
}

/** What could be found out; nothing where the other side does not give what it takes. */
async function orNothing<T>({ signal }: Investigation, found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (thrown) {
    signal?.throwIfAborted();
    if (isProblem(thrown)) return undefined;
    throw thrown;
  }
}

function opened({ trailer: { checkpoint } }: Batch, pinned: Pinned): Checkpoint | undefined {
  try {
    return openCheckpoint(checkpoint, pinned);
  } catch (thrown) {
    if (isProblem(thrown)) return undefined;
    throw thrown;
  }
}

/** A line, and the checkpoint that it is shown to be below. */
interface Shown {
  readonly note: string;
  readonly place: Place;
}

/** The place of a line of the batch that does not hold. */
async function brokenLine({ reader, client, grid, signal }: Investigation, batch: Batch, index: number, pinned: Pinned): Promise<Shown | undefined> {
  const before = batch.lines.slice(0, index - reader.size).map(leafOf);
  const line = batch.lines[before.length];
  if (line === undefined) return undefined;
  // The batch's own proof begins after its last line.
  const asked = before.length === batch.lines.length - 1 ? batch : await client.lines(grid, index, { limit: 1, signal });
  const { size, root } = openCheckpoint(asked.trailer.checkpoint, pinned);
  if (!verifyConsistency(index + 1, size, reader.tree.rootWith([...before, leafOf(line)]), root, proofOf(asked))) return undefined;
  return { note: asked.trailer.checkpoint, place: { index, line, inclusion: reader.tree.proofOfNext(before).map(toBase64), consistency: [...asked.trailer.consistency] } };
}

/** Finds the first line that the home has now and did not have before, by halving: each answer proves a whole beginning. */
async function forkedLine({ reader, client, grid, signal }: Investigation, known: number, there: number, pinned: Pinned): Promise<(Shown & { readonly ours: Place }) | undefined> {
  const answer = (index: number): Promise<Batch> => client.lines(grid, index, { limit: 1, signal });
  let same = 0;
  let other = Math.min(known, there);
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    const asked = await answer(middle - 1);
    const { size, root } = openCheckpoint(asked.trailer.checkpoint, pinned);
    if (verifyConsistency(middle, size, reader.tree.root(middle), root, proofOf(asked))) same = middle;
    else other = middle;
  }
  const asked = await answer(same);
  const [line] = asked.lines;
  if (line === undefined) return undefined;
  const { size, root } = openCheckpoint(asked.trailer.checkpoint, pinned);
  const inclusion = reader.tree.inclusionProof(same, same + 1);
  const leaf = leafOf(line);
  const upTo = rootOfLast(leaf, inclusion);
  if (leaf.equals(leafOf(reader.line(same))) || !verifyConsistency(same + 1, size, upTo, root, proofOf(asked))) return undefined;
  const place = (own: Place['line'], consistency: string[]): Place => ({ index: same, line: own, inclusion: inclusion.map(toBase64), consistency });
  return { note: asked.trailer.checkpoint, place: place(line, [...asked.trailer.consistency]), ours: place(reader.line(same), reader.tree.consistencyProof(same + 1, known).map(toBase64)) };
}

/** Where evidence of a grid is kept. */
export function evidenceFolder(home: Home, grid: string): string {
  return join(dirname(home.gridDatabase(grid)), 'evidence');
}

/** Grids that this home folder may have evidence of, also those that it never got to join. */
export function evidenceGrids(home: Home): string[] {
  const grids = dirname(dirname(evidenceFolder(home, 'any')));
  return existsSync(grids) ? readdirSync(grids).sort() : [];
}

/** Keeps evidence, unless there is enough already; of accusations one is enough. Gives the file. */
export function keepEvidence(folder: string, evidence: Evidence): string | undefined {
  if (evidenceFiles(folder).length >= (evidence.kind === 'unproven' ? 1 : MAX_EVIDENCE_FILES)) return undefined;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const text = `${JSON.stringify(evidence, null, 2)}\n`;
  const path = join(folder, `${sha256Hex(text).slice(0, 16)}.json`);
  replaceFile(path, text);
  return path;
}

/** The files of evidence in a folder, in order of name. */
export function evidenceFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => /^[0-9a-f]{16}\.json$/.test(name)).sort().map((name) => join(folder, name));
}

/** Reads a file of evidence. @throws Problem `not_found`; `malformed` where it has another shape */
export function readEvidence(path: string): Evidence {
  if (!existsSync(path)) throw new Problem('not_found', `no file ${path}`, { reason: 'evidence' });
  const stat = statSync(path);
  if (!stat.isFile()) throw new Problem('usage', `${path} is not a file`);
  if (stat.size > MAX_EVIDENCE_BYTES) throw new Problem('malformed', `${path} is larger than any evidence`);
  try {
    return validated<Evidence>('evidence@1', JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new Problem('malformed', `${path} is no evidence: ${cause instanceof SyntaxError ? 'it is not JSON' : messageOf(cause)}`, { cause });
  }
}
