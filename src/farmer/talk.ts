// How a farm answers: request → offer, accept → its signature, release → hold dropped, join → admission. Every refusal is
// signed and says why.
//
//   request ─▶ decide ─▶ the farmer's script ─▶ offer remembered (firm for a minute, holds nothing)
//   accept  ─▶ proofs ─▶ funds ─▶ capacity ─▶ hold written ─▶ draft signed
//   counter ─▶ decide ─▶ offer at the buyer's price, as far as the floor; a few rounds
//   amend   ─▶ its price and room ─▶ draft signed
//   The same accept again: the same signature. The hold ends when the draft is in the book, when its buyer releases it,
//   or with its deadline.
import { canonical } from '../base/canonical.js';
import type { Clock } from '../base/clock.js';
import { coalesced } from '../base/coalesce.js';
import { effect } from '../base/effect.js';
import { isProblem, Problem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import { MAX_COUNTERS, OFFER_LIFE_MS } from '../base/limits.js';
import { chainId, parseRecord, type ParsedRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import type { Keyring } from '../keys/keyring.js';
import { feesOf } from '../market/blueprint.js';
import { agreementOf, draftAgreement, type Choice } from '../market/terms.js';
import { answering, openTalk, sealTalk, type Message, type Speaker, type TalkBodies, type TalkKind } from '../net/talk.js';
import { Threads } from '../net/threads.js';
import type { Private } from '../private.js';
import { read, readGrid, type FarmObject } from '../rules/objects.js';
import type { SealedTalk, TalkAccept, TalkAmend, TalkDecline, TalkJoin, TalkJoined, TalkRelease, TalkRequest } from '../schema/types.js';
import { decideAmendment } from './amend.js';
import { decide, noticeOf, type Decision } from './decide.js';
import { Holds, type Hold } from './hold.js';
import { Offers, type Offered } from './offers.js';
import { checkProofs, checkSigners } from './proofs.js';
import { heldOf, shopOf, theirsOf } from './standing.js';
import type { Policy } from './policy/policy.js';
import { ScriptSlots } from './policy/script.js';
import { askScript } from './policy/verdict.js';
import { decline, type Shop } from './shop.js';
import { refusedSince } from './since.js';

/** What a farm answers with. */
export interface FarmerParts {
  readonly grid: { readonly id: string; readonly reader: Reader; refresh(): Promise<void> };
  /** Farm id. */
  readonly farm: string;
  /** Of the farm. */
  readonly keyring: Keyring;
  readonly private: Private;
  readonly clock: Clock;
  /** Read for every request, so that a change counts at once. */
  readonly policy: () => Policy;
  /** Admits a node that shows an invitation (`redeem` of invite.ts). */
  readonly admit: (from: string, body: TalkJoin) => Promise<TalkJoined>;
  /** Ends the farmer's script where the farm stops meanwhile. */
  readonly signal: AbortSignal;
  /** Told of every refusal, and of a script whose answer does not count. */
  readonly told?: (event: FarmEvent) => void;
}

/** What a farm said that its owner may want to know of. */
export interface FarmEvent {
  readonly what: 'declined' | 'script';
  /** Code of the refusal, or what was wrong with the script. */
  readonly code: string;
  readonly reason: string;
  /** Who asked. */
  readonly from: string;
}

type Answer = { [K in TalkKind]: { readonly kind: K; readonly body: TalkBodies[K] } }[TalkKind];

/** Refusals that a newer copy may turn: these are looked at twice. */
const STALE = new Set<TalkDecline['code']>(['capacity', 'no_node', 'funds', 'blueprint']);
/** A blueprint is in every copy that follows the home within so long. */
const BLUEPRINT_RETRY_MS = 10_000;
/** Refusals of an accept after which its offer is worth nothing. */
const SPENT = new Set<TalkDecline['code']>([...STALE, 'busy', 'expired']);

/**
 * The farm's side of every conversation.
 * @returns a handler of sealed messages; throws Problem `malformed`, `integrity`, `refused` or `busy` for what is not worth a signed answer
 */
export function farmerTalk(parts: FarmerParts): (sealed: SealedTalk) => Promise<SealedTalk> {
  const farmer = new Farmer(parts);
  return (sealed) => farmer.answer(sealed);
}

class Farmer {
  readonly #parts: FarmerParts;
  readonly #me: Speaker;
  readonly #threads = new Threads();
  readonly #holds: Holds;
  readonly #offers = new Offers();
  readonly #slots = new ScriptSlots();
  /** Strangers and refusals may ask for it as fast as they can write. */
  readonly #refresh: () => Promise<void>;

  constructor(parts: FarmerParts) {
    this.#parts = parts;
    this.#me = { party: `farm/${parts.farm}`, signer: parts.keyring.signer('farm'), unseal: (box) => parts.keyring.unseal(box) };
    this.#holds = new Holds(parts.private, parts.grid.id);
    this.#refresh = coalesced(() => parts.grid.refresh());
  }

  async answer(sealed: SealedTalk): Promise<SealedTalk> {
    const { grid, clock } = this.#parts;
    const message = await this.#open(sealed);
    this.#threads.admit(message, clock());
    const { kind, body } = await this.#say(message).catch((thrown: unknown) => declined(thrown));
    if (kind === 'decline') this.#parts.told?.({ what: 'declined', code: body.code, reason: body.reason, from: message.from });
    const place = this.#threads.answerTo(message);
    const answer = await sealTalk(this.#me, answering(grid.reader, message), place, kind, body, clock());
    this.#threads.answered(place, answer.hash);
    return answer.sealed;
  }

  /** Somebody who has only just come to the grid may not be in this copy yet. */
  async #open(sealed: SealedTalk): Promise<Message> {
    const { grid, clock } = this.#parts;
    const open = (): Promise<Message> => openTalk(sealed, grid.reader, this.#me, grid.id, clock());
    try {
      return await open();
    } catch (thrown) {
      if (!isProblem(thrown, 'refused', 'identity')) throw thrown;
      await this.#refresh();
      return open();
    }
  }

  async #say(message: Message): Promise<Answer> {
    switch (message.kind) {
      case 'request':
        return this.#looked(() => this.#offer(message.from, message.body));
      case 'counter':
        return this.#looked(() => this.#offer(message.from, message.body.request, BigInt(message.body.per_hour_stroops)));
      case 'accept':
        return this.#accepted(message.from, message.body);
      case 'release':
        return this.#release(message.from, message.body);
      case 'amend':
        return this.#looked(() => this.#amended(message.from, message.body));
      case 'join':
        return { kind: 'joined', body: await this.#parts.admit(message.from, message.body) };
      default:
        throw new Problem('malformed', `a farm does not answer ${message.kind}`);
    }
  }

  /** Answers from the copy; a refusal that may come from an old one is looked at again in the newest. */
  async #looked(say: () => Promise<Answer> | Answer): Promise<Answer> {
    const { grid } = this.#parts;
    const first = await say();
    if (first.kind !== 'decline' || !STALE.has(first.body.code)) return first;
    const { size } = grid.reader;
    // Without the home the answer stands; it is the book that decides in the end.
    await this.#refresh().catch(() => undefined);
    return grid.reader.size === size ? first : say();
  }

  /** The offer is forgotten only with the last word on it: a second look needs it again. */
  async #accepted(from: string, accept: TalkAccept): Promise<Answer> {
    const answer = await this.#looked(() => this.#agree(from, accept));
    if (answer.kind === 'decline' && SPENT.has(answer.body.code)) this.#offers.forget(accept.record);
    return answer;
  }

  /** @param counter the most that the buyer pays for an hour, where it has named that */
  async #offer(from: string, request: TalkRequest, counter?: bigint): Promise<Answer> {
    const { grid, clock, policy } = this.#parts;
    const at = clock();
    if (from !== `bot/${request.consumer}`) return no(decline('malformed', 'a buyer asks for itself'));
    const contract = chainId(grid.id, request.consumer, request.nonce);
    if (grid.reader.get(`contract/${contract}`) !== undefined) return no(decline('expired', 'this contract is in the book already'));
    const holds = this.#holds.live(grid.reader, at);
    const hold = holds.find((one) => one.contract === contract);
    if (hold !== undefined) return this.#sameAgain(request, hold, at);

    const asked = sha256Hex(canonical({ ...request, firm: true, ...(counter === undefined ? {} : { counter: counter.toString() }) }));
    const before = this.#offers.get(contract, at);
    if (before !== undefined && before.asked === asked) return offerOf(before);
    const counters = (before?.counters ?? 0) + (counter === undefined ? 0 : 1);
    if (counters > MAX_COUNTERS) return no(decline('price', `this farm has answered ${MAX_COUNTERS} prices for this contract; its offer stands`));
    checkSigners(grid.reader, request);
    if (!this.#isOpen(request)) return no(decline('blueprint', 'this version of the blueprint takes no new contracts, or is not in this copy yet', { final: false, retry_after_ms: BLUEPRINT_RETRY_MS }));
    const now = policy();
    const shop = shopOf(grid.reader, { farm: this.#farm(), policy: now, held: holds, released: this.#holds.released(grid.reader, at), at }, request, counter);
    const decision = await this.#decided(request, shop, at);
    if ('decline' in decision) {
      if (before !== undefined) this.#offers.add({ ...before, counters }, at);
      return no(decision);
    }
    const { node: { key, announcement }, prices, discounts, notes } = decision;
    const record = this.#draft(request, { node: { key, capacity: announcement.capacity }, prices, discounts, notice_ms: noticeOf(now), time: at });
    const valid_until = Math.min(at + OFFER_LIFE_MS, agreementOf(record).commit_by);
    const offered = { contract, by: request.consumer, asked, record: record.id, payload: record.text, valid_until, notes, counters };
    this.#offers.add(offered, at);
    return offerOf(offered);
  }

  /** The built-in policy first; of what it would offer, the farmer's script. */
  async #decided(request: TalkRequest, shop: Shop, at: number): Promise<Decision> {
    const built = decide(request, shop, at);
    if ('decline' in built) return built;
    const { decision, trouble } = await askScript(request, shop, built, at, { slots: this.#slots, signal: this.#parts.signal });
    if (trouble !== null) this.#parts.told?.({ what: 'script', code: trouble.reason ?? 'failed', reason: trouble.message, from: `bot/${request.consumer}` });
    return decision;
  }

  /** A draft that is signed stands until its deadline: the same request gets it again, another one nothing. */
  #sameAgain(request: TalkRequest, { payload, record, agreement }: Hold, at: number): Answer {
    const { node, resources, prices, discounts = [], notice_ms, commit_by } = agreement;
    if (this.#draft(request, { node: { key: node, capacity: resources }, prices, discounts, notice_ms, time: commit_by - request.commit_within_ms }).id === record) {
      return { kind: 'offer', body: { payload, valid_until: commit_by, notes: [] } };
    }
    return no(decline('busy', 'this contract is signed already with other terms, and may still be committed', { final: false, retry_after_ms: commit_by - at + 1 }));
  }

  async #agree(from: string, { record, proofs }: TalkAccept): Promise<Answer> {
    const { grid, clock } = this.#parts;
    const at = clock();
    const holds = this.#holds.live(grid.reader, at);
    const hold = holds.find((one) => one.record === record);
    const offered = this.#offers.ofRecord(record);
    const draft = hold ?? (offered === undefined ? undefined : draftOf(offered));
    if (draft === undefined || from !== `bot/${draft.agreement.by}`) return no(decline('unknown_offer', 'no such offer was made to you, or it is forgotten', { final: false }));
    checkProofs(grid, record, draft.agreement, proofs, at);
    if (hold === undefined) {
      if (at >= (offered?.valid_until ?? 0)) return no(decline('expired', 'this offer has expired', { final: false }));
      const refusal = refusedSince({ reader: grid.reader, farm: this.#parts.farm }, draft, { holds, released: this.#holds.released(grid.reader, at) }, at);
      if (refusal !== undefined) return no(refusal);
    }
    const signer = this.#me.signer;
    const sig = await effect('farmer_signed', () => {
      // Nothing was awaited since the holds were read, so no other accept came between.
      if (hold === undefined) this.#holds.take(draft, at);
      return signer.sign('record', draft.payload);
    });
    return { kind: 'agreement', body: { record, signature: { by: signer.key, sig } } };
  }

  /** A draft that will not be committed, by its buyer's word: what was held for it is sold again at once, and it goes on counting against its buyer. */
  #release(from: string, { record }: TalkRelease): Answer {
    const { grid, clock } = this.#parts;
    const hold = this.#holds.live(grid.reader, clock()).find((one) => one.record === record);
    if (hold !== undefined && from === `bot/${hold.agreement.by}`) effect('hold_dropped', () => this.#holds.release(record));
    if (from === `bot/${this.#offers.ofRecord(record)?.by ?? ''}`) this.#offers.forget(record);
    return { kind: 'released', body: { record } };
  }

  /** An amendment holds nothing: the book decides within the minute for which its price is firm. */
  async #amended(from: string, { payload }: TalkAmend): Promise<Answer> {
    const { grid, farm, clock, policy } = this.#parts;
    const at = clock();
    const holds = this.#holds.live(grid.reader, at);
    const shop = { reader: grid.reader, farm, policy: policy(), held: holds.map(heldOf), theirs: theirsOf(grid.reader, farm, from.slice('bot/'.length), { policy: policy(), held: holds, released: this.#holds.released(grid.reader, at), at }) };
    const decided = decideAmendment(shop, from, payload, at);
    if ('decline' in decided) return no(decided);
    const signer = this.#me.signer;
    const sig = await effect('farmer_signed', () => signer.sign('record', decided.text));
    return { kind: 'agreement', body: { record: decided.id, signature: { by: signer.key, sig } } };
  }

  #draft(request: TalkRequest, choice: Omit<Choice, 'farm' | 'grid' | 'fees'>): ParsedRecord {
    const grid = readGrid(this.#parts.grid.reader);
    const record = draftAgreement(request, { ...choice, farm: this.#farm(), grid, fees: feesOf(this.#parts.grid.reader, request) });
    if (Buffer.byteLength(record.text) > grid.limits.record_bytes) throw new Problem('malformed', `this agreement would be larger than the ${grid.limits.record_bytes} bytes a record of this grid may have`);
    return record;
  }

  /** Whether contracts are made from the blueprint, as far as this copy knows. */
  #isOpen({ blueprint }: TalkRequest): boolean {
    return blueprint === undefined || read(this.#parts.grid.reader, 'blueprint_version', `${blueprint.id}/${blueprint.version}`)?.withdrawn === null;
  }

  #farm(): FarmObject {
    const farm = read(this.#parts.grid.reader, 'farm', this.#parts.farm);
    if (farm === undefined) throw new Problem('not_found', 'this farm is not on the grid');
    return farm;
  }
}

function no({ decline: body }: { readonly decline: TalkDecline }): Answer {
  return { kind: 'decline', body };
}

function offerOf({ payload, valid_until, notes }: Offered): Answer {
  return { kind: 'offer', body: { payload, valid_until, notes: [...notes] } };
}

function draftOf({ contract, record, payload }: Offered): Hold {
  return { contract, record, payload, agreement: agreementOf(parseRecord(payload)) };
}

/** Which decline a Problem becomes; anything that is not about the request is our own trouble. */
function declined(thrown: unknown): Answer {
  if (!isProblem(thrown)) throw thrown;
  const code: TalkDecline['code'] =
    thrown.reason === 'invitation' ? 'invitation'
    : thrown.code === 'malformed' || thrown.code === 'refused' ? 'malformed'
    : thrown.code === 'not_found' ? 'not_a_farmer'
    : 'busy';
  return no(decline(code, thrown.message.replace(/\p{C}/gu, '?').slice(0, 200), { final: code !== 'busy' }));
}
