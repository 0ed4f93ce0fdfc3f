// What it would cost: the farms that fit, asked side by side; their offers checked to the last stroop.
import { isProblem, Problem } from '../base/errors.js';
import { formatTft } from '../base/amount.js';
import { MAX_ASKED, MAX_CLOCK_SKEW_MS, OFFER_TIMEOUT_MS } from '../base/limits.js';
import type { Clock } from '../base/clock.js';
import { parseRecord, type ParsedRecord } from '../bcdb/record.js';
import { perHourStroops } from '../capacity/price.js';
import type { Keyring } from '../keys/keyring.js';
import { feesOf, sumOf } from '../market/blueprint.js';
import { excludedText, search, type Excluded, type Found, type Match } from '../market/directory.js';
import { nearestShown, nearestText, type Nearest } from '../market/nearest.js';
import { agreementOf, draftAgreement } from '../market/terms.js';
import { resourcesText } from '../market/words.js';
import type { Grid } from '../net/grid.js';
import { Conversation, peerOf, speakerOf, type Message, type Post } from '../net/talk.js';
import { actsFor } from '../rules/identity.js';
import { read, readGrid } from '../rules/objects.js';
import { short } from '../rules/refusal.js';
import { featuresFor } from '../rules/workload.js';
import type { Agreement, Announcement, ArchitectShare, BlueprintRef, Quorum, Resources, TalkDecline, TalkOffer, TalkRequest, Workload } from '../schema/types.js';
import { validated } from '../schema/validate.js';
import type { Journal } from './journal.js';
import type { Lanes } from './lanes.js';
import { ranked, rankingText } from './ranking.js';

/** Nearest terms that an error names. */
const SHOWN_NEAREST = 3;
/** Farms that an error names. */
const SHOWN_DECLINES = 5;

/** What somebody wants to buy. */
export interface Wanted {
  readonly resources: Resources;
  readonly term_ms: number;
  /** Farm id; any farm if left out. */
  readonly farm: string | null;
  /** Node key; any node if null. */
  readonly node: string | null;
  /** Country or region; anywhere if null. */
  readonly location: string | null;
  readonly runtime: Announcement['runtime'] | null;
  readonly workloads: readonly Workload[];
  /** Platforms that the images are for (`linux/amd64`), or that were asked for; any if left out. */
  readonly platforms?: readonly string[];
  /** What a node must announce beside what the workloads need. */
  readonly features?: readonly string[];
  /** Parties who sign beside buyer and farm. */
  readonly signers: readonly string[];
  /** How many of them it takes; left out: all. */
  readonly commit?: Quorum;
  /** Name of the order; stands in the agreement. */
  readonly order: string | null;
  /** How long data is kept afterwards; the grid's rule if null. */
  readonly retention_ms: number | null;
  readonly commit_within_ms: number;
  /** A node as a whole that has at least the resources. */
  readonly dedicated?: true;
  /** Commands may be run within the workloads. */
  readonly exec?: true;
  /** Who gets a share of what is billed, if the farm lets them. */
  readonly architect?: ArchitectShare;
  /** What it is made from, instead: whose fees the architects get. */
  readonly blueprint?: BlueprintRef;
  /** Who confirms time; null: nobody. The node itself if left out. */
  readonly meter?: string | null;
  /** The farm's notice is to be at least so long, ms. */
  readonly notice_ms?: number;
  /** The most that is paid for an hour, stroops; farms that ask more are told, and may go down to it. */
  readonly max_per_hour_stroops?: string;
  /** By price alone, whatever was lived through with a farm. */
  readonly cheapest?: true;
}

/** Who buys, and how farms are reached. */
export interface Buyer {
  readonly grid: Grid;
  /** An identity that is on the grid. */
  readonly keyring: Keyring;
  /** Reaches the bot at an endpoint (`http://host:port`). */
  readonly post: (endpoint: string) => Post;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What was lived through with farms; left out: nothing is remembered. */
  readonly journal?: Journal;
}

/** An offer that is what was asked for. */
export interface Offer {
  readonly farm: Match;
  /** The draft, exactly as the farm would sign it. */
  readonly record: ParsedRecord;
  readonly agreement: Agreement;
  readonly total_stroops: bigint;
  readonly per_hour_stroops: bigint;
  readonly valid_until: number;
  /** What the farm says beside it, in its own words. */
  readonly notes: readonly string[];
  /** Goes on with `accept`. */
  readonly conversation: Conversation;
}

/** A farm that offers nothing, and why: its own code, or `unreachable`, or `offer` for one that does not hold. */
export interface Declined {
  /** Farm id. */
  readonly farm: string;
  readonly farm_name: string;
  readonly code: TalkDecline['code'] | 'unreachable' | 'offer';
  readonly reason: string;
  /** What would do instead, as the farm says. */
  readonly nearest: Resources | null;
}

/** Every answer: offers by total and experience, the best first. */
export interface Quotes {
  readonly offers: Offer[];
  readonly declined: Declined[];
  readonly considered: number;
  /** `not_asked`: fits, and cheaper ones were asked. */
  readonly excluded: readonly (Omit<Excluded, 'reason'> & { readonly reason: Excluded['reason'] | 'not_asked' })[];
  /** Where nothing fits: what would do instead. */
  readonly nearest: readonly Nearest[];
  /** Why the first offer is not the cheapest, where experience speaks against that; null: it is. */
  readonly ranking: string | null;
}

/** The request that says what is wanted, paid from the identity's wallet. */
export function requestOf(wanted: Wanted, { grid, keyring }: Pick<Buyer, 'grid' | 'keyring'>, nonce: string, firm: boolean): TalkRequest {
  const { resources, term_ms, node, workloads, signers, commit, order, retention_ms, commit_within_ms, dedicated, exec, architect, blueprint, meter, notice_ms } = wanted;
  return {
    nonce, consumer: actsFor(grid.reader, keyring.signer('bot').key), payers: [keyring.signer('wallet').key], resources, term_ms, node,
    workloads: [...workloads], signers: [...signers], order, retention_ms, commit_within_ms, firm,
    ...(commit === undefined ? {} : { commit }),
    ...(dedicated === undefined ? {} : { dedicated }), ...(exec === undefined ? {} : { exec }), ...(architect === undefined ? {} : { architect }), ...(blueprint === undefined ? {} : { blueprint }), ...(meter === undefined ? {} : { meter }), ...(notice_ms === undefined ? {} : { notice_ms }),
  };
}

/**
 * Asks the farms that fit by the own copy, the cheapest 32 of them, all at the same time.
 * A farm that does not answer within 13 s is left out (its own script has ten); nobody waits for it longer.
 */
export async function quote(buyer: Buyer, wanted: Wanted, request: TalkRequest): Promise<Quotes> {
  const { location, features = [] } = wanted;
  buyer.journal?.learn(buyer.grid.reader, Math.max(buyer.clock(), buyer.grid.reader.lastAt));
  const found = fitting(buyer, wanted);
  const farms = [...new Map([...found.matches].reverse().map((match) => [match.farm, match])).values()].reverse().slice(0, MAX_ASKED);
  // A farm knows nothing of these filters: it is asked for the very node that passed them.
  const pinned = location !== null || features.length > 0 || found.excluded.some(({ reason }) => reason === 'platform') || (wanted.runtime !== null && wanted.workloads.length === 0);
  const answers = (await askAll(buyer, wanted, farms.map((match) => ({ match, request: pinned ? { ...request, node: match.node } : request })))).map(({ answer }) => answer);
  const offers = answers.filter((answer) => 'record' in answer);
  return { offers: ranked(buyer, wanted, offers), declined: answers.filter((answer) => 'code' in answer), considered: found.considered, excluded: excludedOf(found, farms), nearest: found.nearest, ranking: rankingText(buyer, wanted, offers) };
}

/** The nodes that fit by the own copy, at what they ask of this buyer. */
export function fitting({ grid, keyring, clock }: Pick<Buyer, 'grid' | 'keyring' | 'clock'>, wanted: Wanted): Found {
  const { resources, farm, node, location, platforms, features = [], term_ms, dedicated = false } = wanted;
  const at = Math.max(clock(), grid.reader.lastAt);
  const key = actsFor(grid.reader, keyring.signer('bot').key);
  return search(grid.reader, { resources, farm: farm ?? undefined, node: node ?? undefined, location: location ?? undefined, runtime: runtimeOf(wanted), features: [...new Set([...featuresFor(wanted.workloads, { exec: wanted.exec === true }), ...features])], platforms, fees_ppm: sumOf(feesOf(grid.reader, wanted)), at, buyer: { key, term_ms, dedicated } });
}

/** What the workloads need, else what was asked for. */
function runtimeOf({ workloads, runtime }: Wanted): Announcement['runtime'] | undefined {
  if (workloads.length === 0) return runtime ?? undefined;
  return workloads.every(({ image }) => image === null) ? 'process' : 'podman';
}

/** Nodes that fit but were not asked about are counted too: nothing disappears. */
function excludedOf({ matches, excluded }: Found, farms: readonly Match[]): Quotes['excluded'] {
  const asked = new Set(farms.map(({ farm }) => farm));
  const rest = matches.filter(({ farm }) => !asked.has(farm)).length;
  return rest === 0 ? excluded : [...excluded, { reason: 'not_asked', count: rest }];
}

/** A node that is asked about, and what its farm is asked. */
export interface Asking {
  readonly match: Match;
  readonly request: TalkRequest;
}

/**
 * Asks these farms side by side, and notes how each answered.
 * @param inTurn asks a farm when it is its turn; left out: all at once
 */
export async function askAll(buyer: Buyer, { max_per_hour_stroops }: Pick<Wanted, 'max_per_hour_stroops'>, asked: readonly Asking[], inTurn: Lanes['run'] = (_farm, ask) => ask()): Promise<{ match: Match; answer: Offer | Declined }[]> {
  const { clock, journal, signal } = buyer;
  const answers = await Promise.all(asked.map(({ match, request }) => inTurn(match.farm, async () => {
    const begun = clock();
    const answer = await askFarm(buyer, match, request, max_per_hour_stroops);
    return { match, answer, took_ms: clock() - begun };
  })));
  signal.throwIfAborted();
  journal?.heard(answers.map(({ match: { farm }, answer, took_ms }) => ({ farm, answer: wordFor(answer), took_ms })), clock());
  return answers;
}

/** An answer as the journal has it. */
function wordFor(answer: Offer | Declined): string {
  if ('record' in answer) return 'offer';
  return answer.code === 'unreachable' ? 'silent' : answer.code === 'offer' ? 'false' : answer.code;
}

/**
 * Asks one farm, and checks its offer; what does not hold is a decline of code `offer`.
 * @param most the most that is paid for an hour, stroops; undefined: what the farm asks
 */
export async function askFarm(buyer: Buyer, farm: Match, request: TalkRequest, most?: string): Promise<Offer | Declined> {
  const no = (code: Declined['code'], reason: string, nearest: Resources | null = null): Declined => ({ farm: farm.farm, farm_name: farm.farm_name, code, reason, nearest });
  try {
    const conversation = converse(buyer, farm.farm, farm.endpoint);
    const offerIn = (reply: Message): Offer | Declined => reply.kind === 'decline' ? no(reply.body.code, reply.body.reason, reply.body.nearest) : offerOf(buyer, farm, request, expectOffer(reply), conversation);
    const first = offerIn(await conversation.ask('request', request, OFFER_TIMEOUT_MS));
    if (most === undefined || !('record' in first) || first.per_hour_stroops <= BigInt(most)) return first;
    const asks = `it asks ${formatTft(first.per_hour_stroops)} TFT an hour`;
    // A farm of an earlier release does not know the message, and answers nothing that helps.
    const second = await conversation.ask('counter', { request, per_hour_stroops: most }, OFFER_TIMEOUT_MS).then(offerIn).catch((thrown: unknown) => (thrown instanceof Problem && thrown.code !== 'interrupted' ? no('price', asks) : Promise.reject(thrown)));
    if (!('record' in second) || second.per_hour_stroops <= BigInt(most)) return second;
    return no('price', asks);
  } catch (thrown) {
    if (!(thrown instanceof Problem) || thrown.code === 'interrupted') throw thrown;
    return no(isProblem(thrown, 'unreachable') || isProblem(thrown, 'busy') ? 'unreachable' : 'offer', thrown.message);
  }
}

/** A new conversation with a farm. */
export function converse({ grid, keyring, post, clock, signal }: Buyer, farm: string, endpoint: string): Conversation {
  return new Conversation({ me: speakerOf(keyring, grid.reader), to: peerOf(grid.reader, `farm/${farm}`), grid: grid.id, state: grid.reader, post: post(endpoint), clock, signal });
}

function expectOffer(reply: Message): TalkOffer {
  if (reply.kind !== 'offer') throw new Problem('malformed', `the farm answers a request with ${reply.kind}`);
  return reply.body;
}

/**
 * Checks an offer by drawing up the same agreement from the own request: only node, prices, discounts, notice and time
 * are the farm's to choose, and the total follows from them.
 * @param offer hostile
 * @throws Problem `integrity`, reason `offer`
 */
function offerOf({ grid, clock }: Buyer, farm: Match, request: TalkRequest, offer: TalkOffer, conversation: Conversation): Offer {
  const bad = (what: string): Problem => new Problem('integrity', `the offer of farm ${farm.farm_name} ${what}`, { reason: 'offer' });
  const at = clock();
  const record = parseRecord(offer.payload);
  const agreement = validated<Agreement>('agreement@1', agreementOf(record));
  const { node, prices, discounts = [], notice_ms } = agreement;
  const { time } = record.payload;
  const announced = read(grid.reader, 'node', node);
  if (announced === undefined) throw bad(`names node ${short(node)}, which is not on this grid`);
  const own = draftAgreement(request, { farm: { id: farm.farm, payout: farm.payout }, grid: readGrid(grid.reader), node: { key: node, capacity: announced.announcement.capacity }, prices, discounts, notice_ms, fees: feesOf(grid.reader, request), time });
  if (own.id !== record.id) throw bad(`is not what was asked for: ${difference(own, record)}`);
  if (announced.admitted !== farm.farm || (request.node !== null && node !== request.node)) throw bad(`names node ${short(node)}, which is not the one`);
  if (request.notice_ms !== undefined && notice_ms !== 0 && notice_ms < request.notice_ms) throw bad('lets the farm end it with a shorter notice than was asked for');
  if (Math.abs(time - at) > MAX_CLOCK_SKEW_MS || offer.valid_until > agreement.commit_by) throw bad('is of another time');
  return {
    farm, record, agreement, conversation, valid_until: offer.valid_until, notes: offer.notes,
    total_stroops: BigInt(agreement.total_stroops), per_hour_stroops: perHourStroops(agreement.resources, prices, agreement.discounts),
  };
}

/** The first field in which two drafts differ. */
function difference(own: ParsedRecord, theirs: ParsedRecord): string {
  for (const side of ['body', 'payload'] as const) {
    const [a, b] = side === 'body' ? [own.payload.body, theirs.payload.body] : [own.payload, theirs.payload];
    const [mine, other] = [a as Record<string, unknown>, b as Record<string, unknown>];
    const field = Object.keys(mine).find((key) => key !== 'body' && JSON.stringify(mine[key]) !== JSON.stringify(other[key]));
    if (field !== undefined) return field;
  }
  return 'its fields';
}

/**
 * Why there is no offer: nobody sells, nothing fits, nobody answered, all declined; with the counts.
 * @throws Problem `nothing_fits`, `unreachable` or `refused`
 */
export function demandOffers({ offers, declined, considered, excluded, nearest }: Quotes): void {
  if (offers.length > 0) return;
  if (considered === 0) throw new Problem('nothing_fits', 'nobody sells anything on this grid', { reason: 'nobody_sells', hint: '3bot explore' });
  if (declined.length === 0) throw new Problem('nothing_fits', `none of ${considered} nodes fits (${excludedText(excluded)})`, { reason: 'nothing_fits', hint: nearest.length === 0 ? '3bot explore shows what there is' : `what would do: ${nearestText(nearest).slice(0, SHOWN_NEAREST).join('; ')}`, more: { nearest: nearest.map(nearestShown) } });
  const silent = declined.filter(({ code }) => code === 'unreachable');
  if (silent.length === declined.length) {
    throw new Problem('unreachable', `none of ${declined.length} farms that fit answered: ${reasonsOf(silent)}`, { reason: 'farms', hint: 'run the command again' });
  }
  throw new Problem('refused', `${declined.length === 1 ? 'the one farm that fits' : `all ${declined.length} farms that fit`} declined: ${reasonsOf(declined)}`, { reason: declined.find(({ code }) => code !== 'unreachable')?.code ?? 'declined' });
}

/** Who declined, why, and what would do there: the first five; of more than those how many for which reason, too. */
export function reasonsOf(declined: readonly Declined[]): string {
  const shown = declined.slice(0, SHOWN_DECLINES).map((one) => `${one.farm_name} (${declineText(one)})`);
  if (declined.length <= shown.length) return shown.join('; ');
  const counts = new Map<string, number>();
  for (const { code } of declined) counts.set(code, (counts.get(code) ?? 0) + 1);
  return `${[...counts].map(([code, count]) => `${count} ${code}`).join(', ')}; ${shown.join('; ')}; and ${declined.length - shown.length} more`;
}

/** Why a farm declined and the nearest that it offers: `capacity: too little is left; it has 2 vCPU, 4 GiB memory`. */
function declineText({ code, reason, nearest }: Pick<Declined, 'code' | 'reason' | 'nearest'>): string {
  return `${code}: ${reason}${nearest === null ? '' : `; it has ${resourcesText(nearest)}`}`;
}

