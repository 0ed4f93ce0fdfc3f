// What the bot would answer to a request, and why: the same checks and the same script, and nothing is promised.
import { randomBytes } from 'node:crypto';
import { Problem } from '../../base/errors.js';
import type { Reader } from '../../bcdb/reader.js';
import { perHourStroops, totalStroops } from '../../capacity/price.js';
import type { FarmObject } from '../../rules/objects.js';
import type { TalkDecline, TalkRequest } from '../../schema/types.js';
import { shapeError } from '../../schema/validate.js';
import { judged, type Checked, type Decision } from '../decide.js';
import type { Hold } from '../hold.js';
import { shopOf } from '../standing.js';
import { wholePolicy, type Policy } from './policy.js';
import { ScriptSlots } from './script.js';
import { askScript } from './verdict.js';

/** What a trial needs. */
export interface TrialParts {
  readonly reader: Reader;
  readonly farm: FarmObject;
  readonly policy: Policy;
  /** Live holds. */
  readonly held: readonly Hold[];
  readonly released: readonly Hold[];
  readonly at: number;
  readonly signal: AbortSignal;
}

/** What would be answered. */
export interface Trial {
  /** Every check, in order; the script's last, where there is one. */
  readonly checks: readonly (Checked & { readonly took_ms: number | null })[];
  /** null: it would decline. */
  readonly offer: { readonly node: string; readonly per_hour_stroops: bigint; readonly total_stroops: bigint; readonly notes: readonly string[] } | null;
  readonly decline: TalkDecline | null;
}

/**
 * A request from what somebody gives of one; the rest is what `reserve` would send.
 * @param given any JSON object
 * @throws Problem `malformed` where it is no request then
 */
export function requestFrom(given: unknown, consumer: string): TalkRequest {
  const usual: TalkRequest = {
    nonce: randomBytes(16).toString('hex'), consumer, payers: [consumer], resources: { cru: 0, mru_mib: 0, sru_mib: 0, hru_mib: 0, ipv4: 0 }, term_ms: 30 * 24 * 3_600_000,
    node: null, workloads: [], signers: [], order: null, retention_ms: null, commit_within_ms: 60_000, firm: false,
  };
  const request = { ...usual, ...(given as object) };
  const wrong = typeof given === 'object' && given !== null && !Array.isArray(given) ? shapeError('talk_request@1', request) : 'it is no object';
  if (wrong !== null) throw new Problem('malformed', `not a request: ${wrong}`, { reason: 'request', hint: 'schemas/talk_request.1.json; what is left out is what 3bot reserve would send' });
  return request;
}

/** Tries a request. @param counter the most that the buyer would pay for an hour */
export async function tryRequest({ reader, farm, policy, held, released, at, signal }: TrialParts, request: TalkRequest, counter?: bigint): Promise<Trial> {
  const shop = shopOf(reader, { farm, policy, held, released, at }, request, counter);
  const checks: Trial['checks'][number][] = [];
  const steps = judged(request, shop, at);
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) checks.push({ ...step.value, took_ms: null });
  const built = step.value;
  if ('decline' in built) return { checks: [...checks, ...unasked(policy)], offer: null, decline: built.decline };
  const { decision, trouble, took_ms } = await askScript(request, shop, built, at, { slots: new ScriptSlots(), signal });
  if (wholePolicy(policy).script !== null) checks.push({ check: 'script', passed: trouble === null && !('decline' in decision), saw: scriptText(decision, built, trouble), decline: 'decline' in decision ? decision.decline : null, took_ms });
  if ('decline' in decision) return { checks, offer: null, decline: decision.decline };
  const { node, prices, discounts, notes } = decision;
  const resources = request.dedicated === true ? node.announcement.capacity : request.resources;
  return { checks, offer: { node: node.key, per_hour_stroops: perHourStroops(resources, prices, discounts), total_stroops: totalStroops(resources, prices, request.term_ms, discounts), notes }, decline: null };
}

function unasked(policy: Policy): Trial['checks'] {
  return wholePolicy(policy).script === null ? [] : [{ check: 'script', passed: null, saw: 'it is asked only about what would be offered', decline: null, took_ms: null }];
}

function scriptText(decision: Decision, built: Decision, trouble: Problem | null): string {
  const what = 'decline' in decision ? `declines (${decision.decline.code})` : decision === built ? 'the offer stands' : 'it names prices of its own';
  return trouble === null ? what : `${trouble.message}; so ${what}`;
}
