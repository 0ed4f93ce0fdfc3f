// What state holds: the types of the objects that rules put, and that views, commands and market read.
import type { JsonObject } from '../base/canonical.js';
import type { ReadState, State } from '../bcdb/rulebook.js';
import type { FarmingTerms } from '../capacity/farming.js';
import type { Agreement, Announcement, BotRole, Deal, Discount, Drain, Fee, Genesis, GridShare, Identity, LengthDiscount, Payers, Prices, PrivateNetwork, PublishedPort, Quorum, Resources, Run, Vote, Workload } from '../schema/types.js';

/** `grid`: what genesis laid down and governance has changed since, and the TFT that exists now. */
export interface GridObject extends Omit<Genesis, 'allocations'> {
  /** Id of the genesis record. */
  id: string;
  supply_stroops: string;
  /** Changes of witnesses or home so far, each with its `era/<n>`; left out as long as there are none. */
  eras?: number;
  /** Hand-overs among them. */
  handovers?: number;
  /** What every agreement pays to grid and burn; left out where that is nothing. */
  shares?: GridShare[];
  /** Most that may be minted for a period of minting; left out where only the maximum supply bounds it. */
  mint_cap_stroops?: string;
  /** Length of a period of minting, ms; left out where it is the formula's own. */
  mint_period_ms?: number;
  /** Minted by farms, and burned, so far; left out as long as that is nothing. */
  minted_stroops?: string;
  burned_stroops?: string;
}

/** `era/<n>`: whose word checkpoints of at most `until` lines are. Of larger ones: the next era's, at last the grid's. */
export interface EraObject extends Pick<Genesis, 'log_key' | 'clock_key' | 'witnesses'> {
  until: number;
  /** When the next home took its first line in; left out where only the witnesses changed. */
  handover_ms?: number;
}

/** `bot/<key>`: an identity. */
export interface BotObject extends Identity {
  key: string;
  /** Its roles since rules 2, oldest first; left out before. */
  role_lines?: RoleSpan[];
}

/** A role, since which line a bot has it, and the line by which it gave it up. */
export interface RoleSpan {
  role: BotRole;
  from: number;
  until: number | null;
}

/** `role/<role>`: bots that have it now, counted since rules 2. */
export interface RoleObject {
  bots: number;
}

/** `document/<id>`: the newest version. */
export interface DocumentObject {
  id: string;
  /** Id of that version's record. */
  record: string;
  /** Whose nonce makes the id; every version repeats them. */
  by: string;
  nonce: string;
  /** 1, 2, … */
  version: number;
  title: string;
  /** Who was asked to sign it, and signs the next one. */
  quorum: Quorum;
  committed_at: number;
}

/** `endorse/<record>/<bot key>`: a late signature. */
export interface EndorseObject {
  bot: string;
  /** Of the record. */
  chain: string;
  at: number;
}

/** `blueprint/<id>`: what is the same of all its versions, and the newest. */
export interface BlueprintObject {
  id: string;
  /** Key of the architect; with the name it makes the id. */
  by: string;
  name: string;
  /** Of the newest version, as the number is. */
  about: string;
  version: number;
  /** Contracts made from any version so far. */
  contracts: number;
  /** Of the newest version. */
  at: number;
}

/** `blueprint_version/<id>/<version>`. */
export interface BlueprintVersionObject {
  /** Id of its record. */
  record: string;
  about: string;
  /** The file, line by line. */
  text: string[];
  fees: Fee[];
  /** Takes no new contracts since then. */
  withdrawn: { at: number; reason: string } | null;
  at: number;
}

/** `network/<id>`: as its owner said last. */
export interface NetworkObject extends PrivateNetwork {
  id: string;
  record: string;
  at: number;
}

/** `links/<network>`: contracts whose workloads are in it. */
export interface LinksObject {
  links: LinkedContract[];
}

/** Where a contract's workloads are reached within a private network. */
export interface LinkedContract {
  contract: string;
  node: string;
  /** Of WireGuard, hex. */
  key: string;
  /** `a.b.c.d:port`; null: it calls others. */
  endpoint: string | null;
  addresses: string[];
  /** End of the contract as it stood then; later it counts no more. */
  until: number;
}

/** `vote/<id>`: never changed. */
export interface VoteObject extends Vote {
  id: string;
  at: number;
  line: number;
  /** How many may vote. */
  voters: number;
}

/** `tally/<vote>`: ballots that count, in the order of the options. */
export interface TallyObject {
  counts: number[];
}

/** `ballot/<vote>/<bot key>`: the one that counts. */
export interface BallotObject {
  option: string;
  at: number;
}

/** `key/<key>`: whose the key is, for ever; written under rules 2. */
export interface KeyObject {
  /** `bot/…`, `farm/…` or `node/…`. */
  holder: string;
}

/** `name/bot/<name>` and `name/farm/<name>`: who has the name; null once given up. */
export interface NameObject {
  /** `bot/<key>` or `farm/<id>`. */
  holder: string | null;
}

/** `account/<key>`: a wallet; a key without an object has nothing. */
export interface AccountObject {
  key: string;
  balance_stroops: string;
  /** Paid into contracts that are not settled yet. Not part of the balance. */
  escrowed_stroops: string;
  faucet_taken: boolean;
  /** Who spends it; left out where that is its own key alone. */
  keys?: Quorum;
}

/** `farm/<id>`. */
export interface FarmObject {
  id: string;
  by: string;
  nonce: string;
  /** `bot/<key>`. */
  owner: string;
  farm_key: string;
  sealing_key: string;
  endpoint: string | null;
  /** Account that is paid. */
  payout: string;
  name: string;
  place: string;
  /** Asking prices; null until the farm sets some: the grid's list prices. */
  prices: Prices | null;
  /** Beside them, as the farm's last prices@1 says; left out where it says nothing. */
  lengths?: LengthDiscount[];
  dedicated_ppm?: number;
  architect_ppm?: number;
}

/** `deal/<farm>/<bot key>`: what the farm asks this bot; without prices and discount as everybody. */
export type DealObject = Omit<Deal, 'bot'>;

/** `admission/<farm>/<node key>`: the farm's word on a node, whatever the node says. */
export interface AdmissionObject {
  admitted: boolean;
}

/** Capacity that a contract takes from a node: all of it while `at < until`, its disk while `at < disk_until`. */
export interface Allocation {
  contract: string;
  resources: Resources;
  /** Provisioning deadline, later the end of grace or of the contract, ms. */
  until: number;
  /** The node keeps its data until here, ms; `until` where it has none. Never before `until`. */
  disk_until: number;
}

/** `node/<key>`. */
export interface NodeObject {
  key: string;
  /** Farm that the node names. */
  farm: string;
  /** The same farm if it admits the node: only then it is sellable. Otherwise null. */
  admitted: string | null;
  announcement: Announcement;
  /** May hold some that are over; `freeCapacity` leaves those out. */
  allocations: Allocation[];
  /** It takes nothing new; may be over, `drainOf` leaves that out. */
  drain?: Drain & { at: number };
  /** Since when it is admitted and announced like that, as far as minting goes, ms; left out where that was under rules 1. */
  since?: number;
}

/** `certificate/<node key>`: what certifiers know the node to be. */
export interface CertificateObject extends FarmingTerms {
  node: string;
  /** In force from here until `until`, exclusive, ms. */
  since: number;
  until: number;
}

/**
 * `uptime/<node key>/<period>`: the time of a period that counts for minting. The terms are the least that held in any
 * of that time: each resource the smallest, do-it-yourself before certified.
 */
export interface UptimeObject extends FarmingTerms {
  node: string;
  period: number;
  /** Begin and end of the period, ms. */
  from: number;
  until: number;
  /** Farm that admitted the node when the first of it was counted; time for another is not. */
  farm: string;
  up_ms: number;
  /** Why the period gives nothing, whatever the time. */
  violation: 'clock' | 'virtualised' | 'certifiers' | null;
  /** The mint that closed the period. */
  minted: { record: string; at: number; amount_stroops: string } | null;
}

/** `minted/<period>`: what all farms have minted for a period. */
export interface MintedObject {
  period: number;
  amount_stroops: string;
  /** Mints so far. */
  count: number;
}

/** How a contract was settled. */
export interface Settlement {
  at: number;
  reason: EndReason;
  /** What the signers of `end` gave as reason. */
  note: string;
  /** In all, of every period. */
  billed_stroops: string;
  /** By this record. */
  refunded_stroops: string;
  /** Time of the last period that is billed, where a meter had to confirm it; else it follows from the times. */
  covered_ms?: number;
}

/**
 * Why a contract is over: ended by its parties, ended so that the last window is not paid, term and grace over, never
 * held by the node, or by the farmer's notice.
 */
export type EndReason = 'cancelled' | 'fault' | 'expired' | 'not_provisioned' | 'notice';

/** What is bought from a moment on, until it is amended, or funded anew in the grace. */
export interface Period {
  /** When it began, ms. */
  since: number;
  term_ms: number;
  resources: Resources;
  prices: Prices;
  discounts?: Discount[];
  /** Price of the whole term. */
  total_stroops: string;
  /** What the meter's counter stood at when it began (`markOf` in meter.ts); left out where there is no meter. */
  mark_ms?: number;
}

/** The farmer's notice: the contract ends then, if it has not before. */
export interface NoticeGiven {
  at: number;
  ends_at: number;
  reason: string;
}

/**
 * `meter/<meter key>/<node key>`: what a meter confirmed of a node: its own meter (both keys the same), or a bot's.
 * Each entry is a line of the book that can only have been written after the entry before it.
 */
export interface MeterObject {
  /** Line and time of the last entry. */
  line: number;
  at: number;
  /** Time between entries, as far as it counts: since the first. */
  confirmed_ms: number;
  /** The newest stretches between entries that do not count, oldest first; at most MAX_METER_GAPS. */
  gaps: { from: number; to: number }[];
}

/** `contract/<id>`. */
export interface ContractObject {
  id: string;
  /** Id of the agreement's record. */
  record: string;
  /** As signed; `workloads` below is the list in force. */
  agreement: Agreement;
  workloads: Workload[];
  /** Web names of that list, as it has them, each with the line since which it has been there without a break; left out where there is none. */
  web?: { host: string; since: number }[];
  /** Home's time of the commit, ms. */
  committed_at: number;
  /** When the node first held it and billing began, ms. */
  started_at: number | null;
  escrow_stroops: string;
  settled: Settlement | null;
  /** What its place on the node costs an hour (place.ts); left out under rules 1. */
  place_stroops?: string;
  /** What is bought now. Left out where that is what the agreement says, from `started_at` on, and no meter confirms it. */
  period?: Period;
  /** Billed in periods that are over; left out where there is none. */
  closed_stroops?: string;
  /** Of what is billed, how much has been shared out among the payees (but for what rounding leaves); left out before. */
  paid_stroops?: string;
  /** In which proportion the escrow is whose; left out where it is as the agreement's payers paid. */
  payers?: Payers;
  notice?: NoticeGiven;
}

/** What the node last said of one workload. */
export interface WorkloadStatus {
  name: string;
  state: Run['state'];
  reason: string | null;
  exit_code: number | null;
  ports: PublishedPort[];
  /** Home's time of that record, ms. */
  at: number;
  restarts?: number;
  health?: Run['health'];
}

/** `run/<contract>`: what the node said. */
export interface RunObject {
  contract: string;
  /** What it last said of the contract as a whole. */
  state: 'held' | 'failed' | 'released' | null;
  reason: string | null;
  at: number;
  /** Those of the list in force that it has spoken of; a workload that was replaced starts without. */
  workloads: WorkloadStatus[];
  /** Sessions of commands that are open, oldest first; left out where there is none. */
  sessions?: OpenSession[];
}

/** A session of commands within a workload that has not ended. */
export interface OpenSession {
  /** Of the record that opened it. */
  id: string;
  workload: string;
  /** `bot/<key>`. */
  operator: string;
  /** Home's time of that record, ms. */
  at: number;
}

/** `state/<log key>`: the newest state root. */
export interface StateRootObject {
  /** Lines that make the state. */
  size: number;
  /** Hex. */
  root: string;
  /** Line that says so, and its time. */
  line: number;
  at: number;
}

/** Objects by the first part of their id. */
export interface ObjectTypes {
  account: AccountObject;
  admission: AdmissionObject;
  ballot: BallotObject;
  blueprint: BlueprintObject;
  blueprint_version: BlueprintVersionObject;
  bot: BotObject;
  certificate: CertificateObject;
  contract: ContractObject;
  deal: DealObject;
  document: DocumentObject;
  endorse: EndorseObject;
  era: EraObject;
  farm: FarmObject;
  meter: MeterObject;
  minted: MintedObject;
  key: KeyObject;
  name: NameObject;
  links: LinksObject;
  network: NetworkObject;
  node: NodeObject;
  role: RoleObject;
  run: RunObject;
  state: StateRootObject;
  tally: TallyObject;
  uptime: UptimeObject;
  vote: VoteObject;
}

/** The object `type/id`, or undefined. Shared: never change what is returned. */
export function read<T extends keyof ObjectTypes>(state: ReadState, type: T, id: string): ObjectTypes[T] | undefined {
  // What stands under an id was put by `write`, so it has the type.
  return state.get(`${type}/${id}`) as unknown as ObjectTypes[T] | undefined;
}

/** Puts the whole object `type/id`. */
export function write<T extends keyof ObjectTypes>(state: State, type: T, id: string, value: ObjectTypes[T]): void {
  state.put(`${type}/${id}`, value as unknown as JsonObject);
}

/** The grid's object. @throws Error in an empty book */
export function readGrid(state: ReadState): GridObject {
  const grid = state.get('grid');
  if (grid === undefined) throw new Error('a book without genesis');
  return grid as unknown as GridObject;
}

export function writeGrid(state: State, grid: GridObject): void {
  state.put('grid', grid as unknown as JsonObject);
}
