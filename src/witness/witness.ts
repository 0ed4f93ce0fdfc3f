// A witness: cosigns each checkpoint that continues the one before, and no second history (C2SP tlog-witness).
//
// The order of effects is the design:  checked → noted durably → signed → answered. What breaks off in between has
// cosigned nothing that the next request could contradict: that request is told the size that was noted.
import type { Clock } from '../base/clock.js';
import { effect } from '../base/effect.js';
import { Problem } from '../base/errors.js';
import { MAX_WITNESS_QUEUE } from '../base/limits.js';
import { Turns } from '../base/turns.js';
import { checkEd25519, type Signer } from '../keys/ed25519.js';
import { cosignatureText, formatCosignature } from '../tlog/cosignature.js';
import { ed25519Verifier, formatNote, formatSignature, formatVkey, noteKeyId, parseVkey, type Verifier } from '../tlog/note.js';
import { cosigned, isSignedBy, parseAddCheckpoint, refusalOf, refused, type AddCheckpointRequest, type Answer } from '../tlog/witness.js';
import { witnessKey, type Ledger, type LedgerLog } from './ledger.js';

/** Looks at what a checkpoint covers before it is cosigned; gives the refusal where something does not hold. */
export type Audit = (log: LedgerLog, checkpoint: AddCheckpointRequest['checkpoint']) => Promise<Answer | undefined>;

/** What a witness is made of. */
export interface WitnessParts {
  readonly ledger: Ledger;
  /** Signer of type `cosignature`. */
  readonly signer: Signer;
  readonly clock: Clock;
  /** Of an auditing witness. */
  readonly audit?: Audit | undefined;
  /** Told of a second tree of the size that was cosigned, signed by the log; both as notes. */
  readonly onFork?: ((log: LedgerLog, notes: [string, string]) => void) | undefined;
  /** The log's key of now, where a hand-over of its grid has changed it, and that can be shown. */
  readonly moved?: ((log: LedgerLog) => Promise<Pick<LedgerLog, 'vkey' | 'source'> | undefined>) | undefined;
}

/** Answers `add-checkpoint`. */
export class Witness {
  readonly #parts: WitnessParts;
  /** By origin: of two requests at once one would roll back the other. */
  readonly #turns = new Turns();
  /** By origin: requests that have their turn or wait for it. */
  readonly #queued = new Map<string, number>();
  /** By origin: the search for another key, under way; strangers may ask for it. */
  readonly #moving = new Map<string, ReturnType<NonNullable<WitnessParts['moved']>>>();

  constructor(parts: WitnessParts) {
    this.#parts = parts;
  }

  /** As C2SP tools and policies name this witness. */
  get vkey(): string {
    const { ledger, signer } = this.#parts;
    return formatVkey(witnessKey(ledger.identity, signer.key));
  }

  /**
   * Cosigns a checkpoint, or says why not.
   * @param body of the request; hostile
   */
  async addCheckpoint(body: Uint8Array): Promise<Answer> {
    let request: AddCheckpointRequest;
    try {
      request = parseAddCheckpoint(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
    } catch (thrown) {
      if (!(thrown instanceof Problem || thrown instanceof TypeError)) throw thrown;
      return refused(400, thrown.message);
    }
    const { origin } = request.checkpoint;
    // What the log has not signed has no place in the queue, and few wait there.
    const refusal = refusalBy(request, await this.#log(request));
    if (refusal?.status === 404 || refusal?.status === 403) return refusal;
    const queued = this.#queued.get(origin) ?? 0;
    if (queued >= MAX_WITNESS_QUEUE) return refused(503, 'too many requests for this log wait here; ask again');
    this.#queued.set(origin, queued + 1);
    try {
      return await this.#turns.run(origin, () => this.#answer(request));
    } finally {
      this.#queued.set(origin, (this.#queued.get(origin) ?? 1) - 1);
    }
  }

  async #answer(request: AddCheckpointRequest): Promise<Answer> {
    const { ledger, clock, audit, onFork } = this.#parts;
    const { note, checkpoint } = request;
    const log = ledger.log(checkpoint.origin);
    const refusal = refusalBy(request, log);
    if (log?.note != null && checkpoint.size === log.size && !checkpoint.root.equals(log.root) && isSignedBy(note, verifierOf(log))) onFork?.(log, [log.note, formatNote(note.text, note.signatures)]);
    if (log === undefined || refusal !== undefined) return refusal as Answer;
    const objection = await audit?.(log, checkpoint);
    if (objection !== undefined) return objection;

    const time_ms = clock();
    const { size, root } = checkpoint;
    const isNoted = effect('witness_noted', () => ledger.advance(log.origin, log.size, { size, root, note: formatNote(note.text, note.signatures), time_ms }));
    if (!isNoted) return refused(503, 'another process of this witness was quicker; ask again');
    return cosigned(await this.#sign(note.text, time_ms));
  }

  /** The log that a checkpoint says it is of; where its key is not the known one, as governance has changed it since. */
  async #log({ note, checkpoint: { origin } }: AddCheckpointRequest): Promise<LedgerLog | undefined> {
    const { ledger, moved } = this.#parts;
    const log = ledger.log(origin);
    if (log === undefined || isSignedBy(note, verifierOf(log))) return log;
    if (moved === undefined) return log;
    const moving = this.#moving.get(origin) ?? moved(log).finally(() => this.#moving.delete(origin));
    this.#moving.set(origin, moving);
    const now = await moving;
    if (now === undefined || now.vkey === log.vkey) return log;
    ledger.trust({ origin, ...now });
    return ledger.log(origin);
  }

  async #sign(text: string, time_ms: number): Promise<string> {
    const { ledger, signer } = this.#parts;
    const seconds = Math.floor(time_ms / 1_000);
    const signature = Buffer.from(await signer.sign('cosignature', cosignatureText(text, seconds)), 'base64');
    const key = witnessKey(ledger.identity, signer.key);
    return formatSignature({ name: key.name, id: noteKeyId(key), signature: formatCosignature(seconds, signature) });
  }
}

function refusalBy(request: AddCheckpointRequest, log: LedgerLog | undefined): Answer | undefined {
  return refusalOf(request, log && { ...log, verifiers: [verifierOf(log)] });
}

function verifierOf({ vkey }: LedgerLog): Verifier {
  return ed25519Verifier(parseVkey(vkey), checkEd25519);
}
