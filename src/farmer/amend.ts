// What a farm says to an amendment: it signs what it would ask a new buyer for, and says why it does not.
import { canonical } from '../base/canonical.js';
import { iso } from '../base/clock.js';
import { MAX_CLOCK_SKEW_MS } from '../base/limits.js';
import { parseRecord, type ParsedRecord } from '../bcdb/record.js';
import type { Reader } from '../bcdb/reader.js';
import { fits, NOTHING, subtract } from '../capacity/fit.js';
import { formatPercent } from '../capacity/percent.js';
import { amendmentOf, askedFor, commitWithin, unable } from '../market/amendment.js';
import { gridRules } from '../rules/all.js';
import { drainOf } from '../rules/node.js';
import { read, type ContractObject } from '../rules/objects.js';
import { viewOf } from '../rules/view.js';
import type { Amend } from '../schema/types.js';
import { validated } from '../schema/validate.js';
import { refusesConsumer } from './policy/checks.js';
import { wholePolicy, type Policy } from './policy/policy.js';
import { isWithin } from './policy/rooms.js';
import { decline, drainedText, leftOn, type Held, type Refusal as Refused } from './shop.js';

/** What a decision on an amendment depends on. */
export interface AmendShop {
  readonly reader: Reader;
  /** Farm id. */
  readonly farm: string;
  readonly policy: Policy;
  readonly held: readonly Held[];
  /** What the consumer has of the farm's nodes; read only where the policy bounds it. */
  readonly theirs?: readonly Held[];
}

/**
 * Decides on the draft of an amendment.
 * @param from who asks, `bot/…`
 * @param payload hostile
 * @returns the record to be signed, or a refusal
 * @throws Problem `malformed`, `refused` where the book would not take it either
 */
export function decideAmendment({ reader, farm, policy, held, theirs = [] }: AmendShop, from: string, payload: string, at: number): ParsedRecord | Refused {
  const record = parseRecord(payload);
  const body = validated<Amend>('amend@1', amendmentOf(record));
  const [type, id = ''] = record.payload.chain.split('/');
  const contract = type === 'contract' ? read(reader, 'contract', id) : undefined;
  if (contract === undefined || contract.agreement.farm !== farm || from !== `bot/${contract.agreement.by}`) return decline('unknown_offer', 'this farm has no such contract with you');
  gridRules.expected(reader, record, { at, index: reader.size });
  return refusesConsumer(contract.agreement.by, policy) ?? refusesNoticed(contract) ?? refusesTime(record, contract, body, at) ?? refusesTerms(reader, contract, body, policy, at) ?? refusesRoom(reader, contract, body, held, at) ?? refusesShare(reader, contract, body, policy, theirs) ?? record;
}

type Refusal = Refused | undefined;

/** An amendment lifts a notice, and the farmer has given one: that is not for a program to take back. */
function refusesNoticed({ notice }: ContractObject): Refusal {
  return notice === undefined ? undefined : decline('policy', `this farm has given notice: the contract ends at ${iso(notice.ends_at)}`);
}

function refusesTime({ payload: { time } }: ParsedRecord, contract: ContractObject, { commit_by }: Amend, at: number): Refusal {
  if (Math.abs(time - at) > MAX_CLOCK_SKEW_MS) return decline('expired', 'it was drafted at another time', { final: false });
  // For that long the price is firm.
  return commit_by > time + commitWithin(contract) ? decline('term', `signatures are collected within ${commitWithin(contract) / 1_000} seconds`) : undefined;
}

function refusesTerms(reader: Reader, contract: ContractObject, body: Amend, { max_term_ms }: Policy, at: number): Refusal {
  const { period } = viewOf(reader, contract, at);
  if (period === null) return decline('policy', 'the node does not hold this contract yet', { final: false });
  if (body.term_ms > max_term_ms) return decline('term', `this farm sells for ${Math.floor(max_term_ms / 3_600_000)} hours at most`);
  const cannot = unable(period.resources, body.resources);
  if (cannot !== null) return decline('policy', cannot);
  const asked = askedFor(reader, contract, period, body, at);
  const { prices, discounts = [] } = body;
  return canonical({ prices, discounts }) === canonical({ prices: asked.prices, discounts: asked.discounts }) ? undefined : decline('price', 'this farm asks other prices now', { final: false });
}

/** As much of the node as a new buyer may have; what does not grow stays. */
function refusesShare(reader: Reader, { id, agreement }: ContractObject, { resources }: Amend, policy: Policy, theirs: readonly Held[]): Refusal {
  const { max_share_ppm } = wholePolicy(policy);
  const node = read(reader, 'node', agreement.node);
  const had = node?.allocations.find(({ contract }) => contract === id)?.resources ?? NOTHING;
  const isMore = node !== undefined && !fits(resources, had);
  return isMore && !isWithin(node, theirs, subtract(resources, had), max_share_ppm) ? decline('policy', `one buyer gets ${formatPercent(max_share_ppm)} of a node of this farm at most`, { final: false }) : undefined;
}

/** Room on its node, where what the contract has counts as free. */
function refusesRoom(reader: Reader, { id, agreement }: ContractObject, { resources }: Amend, held: readonly Held[], at: number): Refusal {
  const node = read(reader, 'node', agreement.node);
  // A whole new term is a sale, and what is retired is not sold; the present term goes on.
  if (node?.admitted !== agreement.farm) return decline('no_node', 'the node is no longer sold');
  const had = node.allocations.find(({ contract }) => contract === id)?.resources;
  if (drainOf(node, at) !== undefined && (had === undefined || !fits(resources, had))) return decline('no_node', drainedText([node], at), { final: false });
  const left = leftOn({ ...node, allocations: node.allocations.filter(({ contract }) => contract !== id) }, held, at);
  if (fits(resources, left)) return undefined;
  return decline('capacity', 'too little is left on its node', { final: false, nearest: subtract(left, NOTHING) });
}
