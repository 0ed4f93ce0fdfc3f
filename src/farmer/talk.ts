// How a farm answers: request → offer, accept → its signature, join → admission. Every refusal is signed and says why.
//
//   request ─▶ decide ─▶ offer remembered (firm for a minute, holds nothing)
//   accept  ─▶ proofs ─▶ funds ─▶ capacity ─▶ hold written ─▶ draft signed
//   amend   ─▶ its price and room ─▶ draft signed
//   The same accept again: the same signature. The hold ends when the draft is in the book, or with its deadline.
import { canonical } from '../base/canonical.js';
import type { Clock } from '../base/clock.js';
import { coalesced } from '../base/coalesce.js';
import { effect } from '../base/effect.js';
import { isProblem, Problem } from '../base/errors.js';
import { sha256Hex } from '../base/hash.js';
import { MAX_HOLDS_OF_ONE, MAX_ROWS, OFFER_LIFE_MS } from '../base/limits.js';
import { chainId, parseRecord, type ParsedRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import { fits } from '../capacity/fit.js';
import { verifyBytes } from '../keys/ed25519.js';
import type { Keyring } from '../keys/keyring.js';
import { signingBytes } from '../keys/signed.js';
import { dealOf } from '../market/asking.js';
import { feesOf } from '../market/blueprint.js';
import { agreementOf, draftAgreement, type Choice } from '../market/terms.js';
import type { Grid } from '../net/grid.js';
import { answering, openTalk, sealTalk, type Message, type Speaker, type TalkBodies, type TalkKind } from '../net/talk.js';
import { Threads } from '../net/threads.js';
import type { Private } from '../private.js';
import { carriesShares } from '../rules/agreement.js';
import { drainOf } from '../rules/node.js';
import { read, readGrid, type FarmObject, type NodeObject } from '../rules/objects.js';
import { partiesOf } from '../rules/quorum.js';
import { short } from '../rules/refusal.js';
import { accountSigners } from '../rules/spending.js';
import type { Agreement, Fee, SealedTalk, TalkAccept, TalkAmend, TalkDecline, TalkJoin, TalkJoined, TalkRequest } from '../schema/types.js';
import { decideAmendment } from './amend.js';
import { decide, decline, drainedText, leftOn, noticeOf, type Policy } from './decide.js';
import { Holds, type Hold } from './hold.js';
import { Offers, type Offered } from './offers.js';

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
      case 'accept':
        return this.#accepted(message.from, message.body);
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

  #offer(from: string, request: TalkRequest): Answer {
    const { grid, clock, policy } = this.#parts;
    const at = clock();
    if (from !== `bot/${request.consumer}`) return no(decline('malformed', 'a buyer asks for itself'));
    const contract = chainId(grid.id, request.consumer, request.nonce);
    if (grid.reader.get(`contract/${contract}`) !== undefined) return no(decline('expired', 'this contract is in the book already'));
    const holds = this.#holds.live(grid.reader, at);
    const hold = holds.find((one) => one.contract === contract);
    if (hold !== undefined) return this.#sameAgain(request, hold, at);

    const asked = sha256Hex(canonical({ ...request, firm: true }));
    const before = this.#offers.get(contract, at);
    if (before !== undefined && before.asked === asked) return offerOf(before);
    checkSigners(grid.reader, request);
    const fees = this.#fees(request);
    if (fees === undefined) return no(decline('blueprint', 'this version of the blueprint takes no new contracts, or is not in this copy yet', { final: false, retry_after_ms: BLUEPRINT_RETRY_MS }));
    const farm = this.#farm();
    const decision = decide(request, { grid: readGrid(grid.reader), farm, deal: dealOf(grid.reader, farm.id, request.consumer), nodes: nodesOf(grid.reader, farm.id), shared: request.payers.some((payer) => read(grid.reader, 'account', payer)?.keys !== undefined), policy: policy(), fees, held: holds.map(heldOf) }, at);
    if ('decline' in decision) return no(decision);
    const { node: { key, announcement }, prices, discounts } = decision;
    const record = this.#draft(request, { node: { key, capacity: announcement.capacity }, prices, discounts, notice_ms: noticeOf(policy()), time: at });
    const valid_until = Math.min(at + OFFER_LIFE_MS, agreementOf(record).commit_by);
    const offered = { contract, by: request.consumer, asked, record: record.id, payload: record.text, valid_until };
    this.#offers.add(offered, at);
    return offerOf(offered);
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
      const refusal = this.#refuses(draft, holds, at);
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

  /** An amendment holds nothing: the book decides within the minute for which its price is firm. */
  async #amended(from: string, { payload }: TalkAmend): Promise<Answer> {
    const { grid, farm, clock, policy } = this.#parts;
    const at = clock();
    const held = this.#holds.live(grid.reader, at).map(heldOf);
    const decided = decideAmendment({ reader: grid.reader, farm, policy: policy(), held }, from, payload, at);
    if ('decline' in decided) return no(decided);
    const signer = this.#me.signer;
    const sig = await effect('farmer_signed', () => signer.sign('record', decided.text));
    return { kind: 'agreement', body: { record: decided.id, signature: { by: signer.key, sig } } };
  }

  /** What has changed since the offer: the payers' funds, what the grid takes, and capacity. */
  #refuses({ contract, agreement }: Hold, holds: readonly Hold[], at: number): { readonly decline: TalkDecline } | undefined {
    const { grid, farm } = this.#parts;
    const others = holds.filter((hold) => hold.contract !== contract);
    if (others.length < holds.length) return decline('busy', 'another draft of this contract is signed already', { final: false });
    if (others.filter((hold) => hold.agreement.by === agreement.by).length >= MAX_HOLDS_OF_ONE) {
      return decline('busy', `${MAX_HOLDS_OF_ONE} drafts of yours are signed and not committed; commit them first`, { final: false });
    }
    for (const { account, amount_stroops } of agreement.payers) {
      const promised = others.flatMap((hold) => hold.agreement.payers).filter((payer) => payer.account === account);
      const needed = promised.reduce((sum, payer) => sum + BigInt(payer.amount_stroops), BigInt(amount_stroops));
      if (BigInt(read(grid.reader, 'account', account)?.balance_stroops ?? '0') < needed) return decline('funds', 'a paying account has too little TFT', { final: false });
    }
    const { rules, shares } = readGrid(grid.reader);
    if (rules >= 2 && !carriesShares(shares, agreement.payees)) return decline('expired', 'governance has changed what contracts pay to the grid', { final: false });
    const node = read(grid.reader, 'node', agreement.node);
    if (node?.admitted !== farm) return decline('no_node', 'the node is no longer sold', { final: false });
    if (drainOf(node, at) !== undefined) return decline('no_node', drainedText([node], at), { final: false });
    const left = leftOn(node, others.map(heldOf), at);
    if (!fits(agreement.resources, left)) return decline('capacity', 'somebody else was faster: too little is left', { final: false, retry_after_ms: OFFER_LIFE_MS, nearest: left });
    return undefined;
  }

  #draft(request: TalkRequest, choice: Omit<Choice, 'farm' | 'grid' | 'fees'>): ParsedRecord {
    const grid = readGrid(this.#parts.grid.reader);
    const record = draftAgreement(request, { ...choice, farm: this.#farm(), grid, fees: feesOf(this.#parts.grid.reader, request) });
    if (Buffer.byteLength(record.text) > grid.limits.record_bytes) throw new Problem('malformed', `this agreement would be larger than the ${grid.limits.record_bytes} bytes a record of this grid may have`);
    return record;
  }

  /** What architects are to get; undefined: the blueprint is not one from which contracts are made, as far as this copy knows. */
  #fees(request: TalkRequest): readonly Fee[] | undefined {
    const { reader } = this.#parts.grid;
    const { blueprint } = request;
    if (blueprint !== undefined && read(reader, 'blueprint_version', `${blueprint.id}/${blueprint.version}`)?.withdrawn !== null) return undefined;
    return feesOf(reader, request);
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

function offerOf({ payload, valid_until }: Offered): Answer {
  return { kind: 'offer', body: { payload, valid_until, notes: [] } };
}

function draftOf({ contract, record, payload }: Offered): Hold {
  return { contract, record, payload, agreement: agreementOf(parseRecord(payload)) };
}

function heldOf({ agreement: { node, resources } }: Hold): { node: string; resources: Agreement['resources'] } {
  return { node, resources };
}

/** The nodes a farm has ever admitted, without looking at everybody else's. */
function nodesOf(reader: Reader, farm: string): NodeObject[] {
  const nodes: NodeObject[] = [];
  const prefix = `admission/${farm}/`;
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page = reader.objects(prefix, MAX_ROWS, after);
    for (const { id } of page) {
      const node = read(reader, 'node', id.slice(prefix.length));
      if (node !== undefined) nodes.push(node);
    }
    after = page.length < MAX_ROWS ? undefined : page.at(-1)?.id;
  }
  return nodes;
}

/** Those who are to sign must be able to, and be on the grid: names cost nothing, and each makes the draft longer. @throws Problem `malformed`, `refused` */
function checkSigners(reader: Reader, { signers, commit }: TalkRequest): void {
  const { limits: { signatures: most }, rules } = readGrid(reader);
  if (commit !== undefined) {
    const parties = new Set(rules < 2 ? [] : partiesOf(commit, rules));
    if (parties.size !== signers.length || signers.some((party) => !parties.has(party))) throw new Problem('malformed', 'the quorum of signers, which needs rules 2, names others than the signers');
  }
  if (signers.length + 3 > most) throw new Problem('malformed', `a record of this grid carries ${most} signatures`);
  for (const party of signers) {
    if (reader.get(party) === undefined) throw new Problem('refused', `${short(party)} is to sign, and is not on this grid`, { reason: 'identity' });
  }
}

/** Each payer has shown a key that spends it, and nobody else one. @throws Problem `malformed` */
function checkProofs({ id, reader }: Pick<Grid, 'id' | 'reader'>, record: string, { payers }: Agreement, proofs: TalkAccept['proofs'], at: number): void {
  const occasion = { kind: 'agreement@1', at, rules: readGrid(reader).rules };
  const spending = payers.map(({ account }) => accountSigners(reader, account, occasion).keys);
  const said = signingBytes('accept', canonical({ grid: id, record }));
  const proven = new Set(proofs.filter(({ by, sig }) => spending.some((keys) => keys.has(by)) && verifyBytes(by, said, sig)).map(({ by }) => by));
  if (proofs.length !== proven.size || !spending.every((keys) => [...keys.keys()].some((key) => proven.has(key)))) throw new Problem('malformed', 'the payers are not the ones who accept');
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
