// The home's side of witnessing: asks all witnesses at once to cosign a checkpoint, until a quorum has
// (C2SP tlog-witness). Any implementation of that protocol may answer.
import type { Agent, Dispatcher } from 'undici';
import { messageOf, Problem } from '../base/errors.js';
import { COSIGN_TIMEOUT_MS, MAX_WITNESS_ANSWER_BYTES } from '../base/limits.js';
import type { Cosigning, ToCosign } from '../bcdb/publisher.js';
import { checkEd25519 } from '../keys/ed25519.js';
import { cosignatureTime } from '../tlog/cosignature.js';
import { formatSignature, parseNote, type NoteSignature } from '../tlog/note.js';
import { quorumTime, type Policy, type Witness } from '../tlog/policy.js';
import { cosignatureIn, formatAddCheckpoint, sizeInConflict } from '../tlog/witness.js';

/** An answer over HTTP. */
interface Answered {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: string;
}

/** Cosignatures on one checkpoint, as they come in. */
interface Round {
  readonly wanted: ToCosign;
  /** The checkpoint's text. */
  readonly text: string;
  /** By key, hex. */
  readonly signatures: Map<string, NoteSignature>;
  /** Why there is none, by the witness' name. */
  readonly refusals: Map<string, string>;
}

/** Collects cosignatures for one home. */
export class Cosigners implements Cosigning, AsyncDisposable {
  /** Size of the tree that each witness cosigned last, by its key; a witness of which it is not known is asked. */
  readonly #sizes = new Map<string, number>();
  readonly #stopping = new AbortController();
  #agent: Promise<Agent> | undefined;
  /** Ends the requests of an earlier round that nobody waits for. */
  #earlier = new AbortController();

  /**
   * The checkpoint with the cosignatures of a quorum; those that come later are handed to `onMore`.
   * @throws Problem `unreachable`, reason `unwitnessed`, that says who is missing and why
   */
  async cosign(wanted: ToCosign): Promise<string> {
    const { policy, note } = wanted;
    this.#earlier.abort();
    this.#earlier = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, this.#earlier.signal, AbortSignal.timeout(COSIGN_TIMEOUT_MS)]);
    const round: Round = { wanted, text: parseNote(note).text, signatures: new Map(), refusals: new Map() };
    return new Promise((resolve, reject) => {
      let isDone = false;
      const asked = policy.witnesses.map(async (witness) => {
        await this.#ask(round, witness, signal);
        if (isDone) {
          if (round.signatures.has(witness.key.key)) wanted.onMore(withSignatures(round));
        } else if (hasQuorum(round)) {
          isDone = true;
          resolve(withSignatures(round));
        }
      });
      void Promise.all(asked).then(() => (isDone ? undefined : reject(unwitnessed(round))), reject);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await (await this.#agent)?.destroy();
  }

  /** Adds the cosignature of one witness to the round, or why there is none. Never throws for what a witness does. */
  async #ask(round: Round, witness: Witness, signal: AbortSignal): Promise<void> {
    try {
      round.signatures.set(witness.key.key, await this.#cosignature(round, witness, signal));
    } catch (thrown) {
      round.refusals.set(witness.name, signal.aborted ? 'did not answer in time' : messageOf(thrown));
    }
  }

  async #cosignature({ wanted, text }: Round, { key, url }: Witness, signal: AbortSignal): Promise<NoteSignature> {
    if (url === null) throw new Error('has no address in the policy');
    const { size, note, proof } = wanted;
    const ask = (old: number): Promise<Answered> => this.#post(`${url.replace(/\/$/, '')}/add-checkpoint`, formatAddCheckpoint({ old, proof: proof(old), checkpoint: note }), signal);
    let old = Math.min(this.#sizes.get(key.key) ?? wanted.published, size);
    let answer = await ask(old);
    const named = answer.status === 409 ? sizeInConflict(answer.type, answer.body) : undefined;
    if (named !== undefined && named !== old) {
      if (named > size) throw new Error(`has cosigned ${named} lines, and here are ${size}`);
      old = named;
      answer = await ask(old);
    }
    if (answer.status !== 200) throw new Error(`answers ${answer.status}: ${firstLine(answer.body)}`);
    const signature = cosignatureIn(answer.body, text, key, checkEd25519);
    this.#sizes.set(key.key, size);
    return signature;
  }

  async #post(url: string, body: string, signal: AbortSignal): Promise<Answered> {
    const { request } = await import('undici');
    const answer = await request(url, { method: 'POST', body, headers: { 'content-type': 'text/plain' }, dispatcher: await (this.#agent ??= this.#connect()), signal });
    const type = answer.headers['content-type'];
    return { status: answer.statusCode, type: typeof type === 'string' ? type : undefined, body: await read(answer.body) };
  }

  async #connect(): Promise<Agent> {
    const { Agent } = await import('undici');
    return new Agent({ connect: { timeout: COSIGN_TIMEOUT_MS }, keepAliveTimeout: 4_000 });
  }
}

async function read(body: Dispatcher.ResponseData['body']): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_WITNESS_ANSWER_BYTES) throw new Error(`answers with more than ${MAX_WITNESS_ANSWER_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function firstLine(body: string): string {
  return (body.split('\n', 1)[0] ?? '').slice(0, 200);
}

function hasQuorum({ wanted: { policy }, signatures }: Round): boolean {
  return quorumTime(policy, new Map([...signatures].map(([key, { signature }]) => [key, cosignatureTime(signature) ?? 0]))) !== undefined;
}

/** The note with the cosignatures so far, in the policy's order. */
function withSignatures({ wanted: { policy, note }, signatures }: Round): string {
  return note + policy.witnesses.map(({ key }) => signatures.get(key.key)).map((one) => (one === undefined ? '' : formatSignature(one))).join('');
}

function unwitnessed({ wanted: { policy }, signatures, refusals }: Round): Problem {
  const why = [...refusals].map(([name, reason]) => `${name} ${reason}`);
  return new Problem('unreachable', `cosigned by ${signatures.size} of ${count(policy)}, which is no quorum: ${why.join('; ')}`, { reason: 'unwitnessed' });
}

function count({ witnesses }: Policy): string {
  return `${witnesses.length} witness${witnesses.length === 1 ? '' : 'es'}`;
}
