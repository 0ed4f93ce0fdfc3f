// What a farmer's script may change of an offer that the built-in policy would make: it may refuse, or move the prices
// within the farmer's bounds. Anything else it says is a lie, and the fallback holds.
import { divideUp, stroops } from '../../base/amount.js';
import { isProblem, Problem } from '../../base/errors.js';
import { perHourStroops, totalStroops } from '../../capacity/price.js';
import type { PolicyAnswer, Prices, TalkRequest } from '../../schema/types.js';
import { shapeError } from '../../schema/validate.js';
import type { Decision, Sale } from '../decide.js';
import { decline, type Shop } from '../shop.js';
import { ALL_PPM, wholePolicy, type Policy } from './policy.js';
import { runScript, type Heard, type ScriptSlots } from './script.js';

/** How prices may move: each of them on its own. */
export interface Bounds {
  readonly least: Prices;
  readonly most: Prices;
}

/** The least and the most of each price, by the floor and the ceiling. */
export function boundsOf({ prices }: Pick<Sale, 'prices'>, policy: Policy): Bounds {
  const { floor_ppm, ceiling_ppm } = wholePolicy(policy);
  const each = (of: (price: bigint) => bigint): Prices => Object.fromEntries(Object.entries(prices).map(([name, price]) => [name, of(stroops(price)).toString()])) as unknown as Prices;
  return { least: each((price) => divideUp(price * BigInt(floor_ppm), BigInt(ALL_PPM))), most: each((price) => (price * BigInt(ceiling_ppm)) / BigInt(ALL_PPM)) };
}

/** What a script is asked: the request, what the built-in policy would offer, and within what it may move the prices. */
function questionFor(request: TalkRequest, { farm, counter_stroops }: Shop, sale: Sale, policy: Policy, at: number): object {
  const { node, prices, discounts } = sale;
  const resources = request.dedicated === true ? node.announcement.capacity : request.resources;
  return {
    v: 1, farm: farm.id, farm_name: farm.name, at, request, counter_per_hour_stroops: counter_stroops?.toString() ?? null,
    offer: { node: node.key, resources, prices, discounts, per_hour_stroops: perHourStroops(resources, prices, discounts).toString(), total_stroops: totalStroops(resources, prices, request.term_ms, discounts).toString() },
    bounds: boundsOf(sale, policy),
  };
}

/**
 * What a script's words make of an offer.
 * @param text hostile
 * @throws Problem `failed`, reason `answer` (no JSON of its shape) or `bounds`; without what it printed
 */
export function verdictOf(text: string, sale: Sale, policy: Policy): Decision {
  const { answer, code, reason, prices } = answerIn(text);
  if (answer === 'accept') return sale;
  if (answer === 'decline') return decline(code ?? 'policy', reason ?? 'this farm does not sell that', { final: code !== 'busy' });
  if (prices === undefined) throw lie('answer', 'it changes the price and names none');
  const { least, most } = boundsOf(sale, policy);
  for (const name of Object.keys(least) as (keyof Prices)[]) {
    const price = stroops(prices[name]);
    if (price < stroops(least[name]) || price > stroops(most[name])) throw lie('bounds', `its ${name} is not within what the farmer allows`);
  }
  // A price that a buyer named was met with the built-in prices; the script's are its own answer to it.
  return { ...sale, prices, discounts: sale.discounts.filter(({ name }) => name !== 'counter') };
}

function answerIn(text: string): PolicyAnswer {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw lie('answer', 'it is no JSON');
  }
  // Our own words on the shape, never the script's: those may hold what nobody else is to read.
  const wrong = shapeError('policy_answer@1', value);
  if (wrong !== null) throw lie('answer', 'it is not {"answer": "accept" | "decline" | "reprice", …} of schemas/policy_answer.1.json');
  return value as PolicyAnswer;
}

function lie(reason: string, what: string): Problem {
  return new Problem('failed', `the script's answer does not count: ${what}`, { reason });
}

/** How asking a script went. */
export interface Asked {
  readonly decision: Decision;
  /** Why its answer did not count; null where it did. */
  readonly trouble: Problem | null;
  readonly took_ms: number | null;
}

/** What asking a script needs beside the offer. */
export interface ScriptParts {
  readonly slots: ScriptSlots;
  readonly signal: AbortSignal;
}

/**
 * Asks the farmer's script about an offer; without a script the offer stands.
 * @throws Problem `interrupted`; of the script's own trouble the fallback is made, and told in `trouble`
 */
export async function askScript(request: TalkRequest, shop: Shop, sale: Sale, at: number, { slots, signal }: ScriptParts): Promise<Asked> {
  const { script } = wholePolicy(shop.policy);
  if (script === null) return { decision: sale, trouble: null, took_ms: null };
  let heard: Heard | undefined;
  try {
    heard = await slots.with(request.consumer, () => runScript(script.run, questionFor(request, shop, sale, shop.policy, at), signal));
    return { decision: verdictOf(heard.stdout, sale, shop.policy), trouble: null, took_ms: heard.took_ms };
  } catch (thrown) {
    if (!isProblem(thrown, 'failed')) throw thrown;
    const decision = script.fallback === 'built_in' ? sale : decline('busy', 'this farm cannot decide now', { final: false, retry_after_ms: 60_000 });
    return { decision, trouble: thrown, took_ms: heard?.took_ms ?? null };
  }
}
