// A receipt taken apart for people: what `verifyReceipt` checks, step by step, each with what went into it. Goes on after
// a step that does not hold, as far as the others do not need it.
import { iso } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import { verifyBytes } from '../keys/ed25519.js';
import { signingBytes } from '../keys/signed.js';
import { climb, leafHash, type Climbed } from '../tlog/merkle.js';
import { checkHome, checkLogged, readCheckpoint, stampOf, witnessedAt, type ReadCheckpoint } from './checkpoint.js';
import { entryText } from './entry.js';
import type { Pinned } from './pinned.js';
import { checkGrid, parseLineRecord, parseReceipt, type Receipt } from './receipt.js';
import { signaturesText, type ParsedRecord } from './record.js';

/** The steps, in order. */
export const STEPS = ['file', 'record', 'grid', 'signatures', 'entry', 'checkpoint', 'inclusion', 'log', 'time', 'witnesses', 'home'] as const;
/** A step of STEPS. */
export type StepName = (typeof STEPS)[number];

/** A step of an examination. */
export interface Step {
  readonly name: StepName;
  /** null: not reached, for what it needs is missing. */
  readonly holds: boolean | null;
  /** What was found, or what does not hold. */
  readonly says: string;
  /** What went in and came out, by name. */
  readonly facts: readonly (readonly [name: string, value: string])[];
}

/** A receipt, taken apart. */
export interface Examined {
  /** All of STEPS. It is good if none has `holds` false or null. */
  readonly steps: readonly Step[];
  readonly record: ParsedRecord | undefined;
  readonly receipt: Receipt | undefined;
  /** Whether witnesses were asked for; else the step holds for want of any. */
  readonly isWitnessed: boolean;
  /** From the leaf to the root. */
  readonly path: readonly Climbed[] | undefined;
  readonly checkpoint: { readonly size: number; readonly root: Buffer; readonly time_ms: number | undefined } | undefined;
}

type Facts = Step['facts'];

/** Collects steps; each is done with what those before it gave. */
class Examination {
  readonly steps: Step[] = [];

  /** @param needed what it works with; undefined where that is missing */
  step<N, T>(name: StepName, needed: N | undefined, work: (needed: N) => { value: T; says: string; facts?: Facts }): T | undefined {
    if (needed === undefined) return void this.steps.push({ name, holds: null, says: 'not reached', facts: [] });
    try {
      const { value, says, facts = [] } = work(needed);
      this.steps.push({ name, holds: true, says, facts });
      return value;
    } catch (thrown) {
      const facts = thrown instanceof Broken ? thrown.facts : [];
      this.steps.push({ name, holds: false, says: messageOf(thrown), facts });
      return undefined;
    }
  }
}

/** What does not hold, with what was found instead. */
class Broken extends Error {
  readonly facts: Facts;

  constructor(what: string, facts: Facts) {
    super(what);
    this.facts = facts;
  }
}

/**
 * Examines a receipt by what is known of its grid. Every step holds exactly where `verifyReceipt` does not throw.
 * @param text hostile
 * @param pinned what is trusted of the grid
 */
export function examineReceipt(text: string, pinned: Pinned): Examined {
  const run = new Examination();
  const receipt = run.step('file', text, (given) => {
    const value = parseReceipt(given);
    return { value, says: `a C2SP tlog-proof of line ${value.index}, with ${value.proof.length} hashes and a record of ${Buffer.byteLength(value.line.payload)} bytes` };
  });
  const record = run.step('record', receipt, ({ line }) => {
    const value = parseLineRecord(line);
    const { kind, chain, height } = value.payload;
    return { value, says: 'its bytes are canonical JSON; SHA-256 of them is its id', facts: [['id', value.id], ['kind', kind], ['chain', `${chain}, height ${height}`]] };
  });
  run.step('grid', record, (found) => {
    checkGrid(found, pinned);
    return { value: true, says: 'the record names the grid that is pinned', facts: [['grid', pinned.grid]] };
  });
  run.step('signatures', record === undefined ? undefined : receipt, ({ line }) => checkSigned(record as ParsedRecord, line.signatures));
  const leaf = run.step('entry', record === undefined ? undefined : receipt, ({ line }) => {
    const entry = entryText((record as ParsedRecord).id, signaturesText(line.signatures), line.at);
    const value = leafHash(entry);
    return { value, says: 'record id, hash of the signatures and time of intake make the log entry, whose hash is the leaf', facts: [['entry', entry], ['taken in', iso(line.at)], ['leaf', value.toString('hex')]] };
  });
  const read = run.step('checkpoint', receipt, ({ checkpoint }) => {
    const value = readCheckpoint(checkpoint, pinned);
    return { value, says: `of log ${pinned.origin}: ${value.size} lines`, facts: [['root', value.root.toString('hex')]] };
  });
  const path = run.step('inclusion', leaf === undefined || read === undefined ? undefined : receipt, (given) => climbTo(given, leaf as Buffer, read as ReadCheckpoint));
  return { ...checkSigners(run, read, pinned), steps: run.steps, record, receipt, path };
}

function checkSigned({ text }: ParsedRecord, signatures: Receipt['line']['signatures']): { value: true; says: string; facts: Facts } {
  const message = signingBytes('record', text);
  const facts = signatures.map(({ by, sig }) => [by, verifyBytes(by, message, sig) ? 'holds' : 'does not hold'] as const);
  const broken = facts.filter(([, found]) => found !== 'holds');
  if (broken.length > 0) throw new Broken(`${broken.length} of ${facts.length} signatures do not hold`, facts);
  return { value: true, says: `${facts.length} Ed25519 signature${facts.length === 1 ? '' : 's'} over these bytes (DSSE)`, facts };
}

function climbTo({ index, proof }: Receipt, leaf: Buffer, { size, root }: ReadCheckpoint): { value: Climbed[]; says: string; facts: Facts } {
  const value = climb(leaf, index, size, proof);
  const [reached, wanted] = [(value?.at(-1)?.reached ?? leaf).toString('hex'), root.toString('hex')];
  if (value === undefined) throw new Broken(`${proof.length} hashes are no path from line ${index} to the root of ${size} lines`, []);
  const facts: Facts = [['reached', reached], ['checkpoint', wanted]];
  if (reached !== wanted) throw new Broken(`the path from line ${index} does not end at the checkpoint's root`, facts);
  return { value, says: `from line ${index} up ${proof.length} steps to the root of ${size} lines: it is the checkpoint's`, facts };
}

/** Whose word the checkpoint is. */
function checkSigners(run: Examination, read: ReadCheckpoint | undefined, pinned: Pinned): Pick<Examined, 'checkpoint' | 'isWitnessed'> {
  run.step('log', read, (given) => {
    checkLogged(given);
    return { value: true, says: "signed by the log's key", facts: [['key', given.era.log_key]] };
  });
  const stamp_ms = run.step('time', read, (given) => {
    const value = stampOf(given);
    return { value, says: `stamped by the home: at ${iso(value)} this was all of its book`, facts: [['key', given.era.clock_key]] };
  });
  const quorum_ms = run.step('witnesses', read, (given) => {
    const value = witnessedAt(given);
    const says = value === Infinity ? 'this grid asks for none: that everybody is shown the same book is not proven' : `cosigned by a quorum of the grid's ${given.era.witnesses?.witnesses.length ?? 0} witnesses at ${iso(value)}`;
    return { value, says };
  });
  const time_ms = stamp_ms === undefined || quorum_ms === undefined ? undefined : Math.min(stamp_ms, quorum_ms);
  run.step('home', time_ms === undefined ? undefined : read, ({ size }) => {
    checkHome({ size, time_ms: time_ms as number }, pinned);
    return { value: true, says: 'it was home of the grid when it signed' };
  });
  return { isWitnessed: read !== undefined && quorum_ms !== Infinity, checkpoint: read === undefined ? undefined : { size: read.size, root: read.root, time_ms } };
}
