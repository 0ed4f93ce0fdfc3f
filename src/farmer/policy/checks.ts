// What a farm looks at before it offers anything: who → for how long → what runs. One check each, in order, and each
// says what it saw, so that `farm policy test` shows the very checks that buyers meet.
import { MAX_COMMIT_OF_TWO_MS, MAX_COMMIT_WITHIN_MS } from '../../base/limits.js';
import { fits, NOTHING } from '../../capacity/fit.js';
import { formatPercent } from '../../capacity/percent.js';
import { sumOf } from '../../market/blueprint.js';
import { registryRefusal } from '../../market/images.js';
import { durationText, resourcesText } from '../../market/words.js';
import { PPM } from '../../rules/agreement.js';
import type { NodeObject } from '../../rules/objects.js';
import type { TalkRequest } from '../../schema/types.js';
import { decline, type Refusal, type Shop } from '../shop.js';
import { matchesAny } from './images.js';
import { wholePolicy, type Policy, type WholePolicy } from './policy.js';

/** What is asked, of whom, when. */
export interface Question {
  readonly request: TalkRequest;
  readonly shop: Shop;
  /** With every default. */
  readonly policy: WholePolicy;
  /** ms since 1970; capacity counts as of then. */
  readonly at: number;
}

/** What a check found: in words, the nodes that are left where it looks at nodes, and the refusal where it fails. */
export interface Look {
  readonly saw: string;
  readonly nodes?: readonly NodeObject[];
  readonly refusal?: Refusal;
}

/** One thing that is looked at. @param nodes those that passed the checks before */
export interface Check {
  readonly name: string;
  readonly look: (question: Question, nodes: readonly NodeObject[]) => Look;
}

/** Checks of the request alone. */
export const REQUEST_CHECKS: readonly Check[] = [
  { name: 'buyer', look: ({ request, policy }) => seen(buyerText(request.consumer, policy), refusesConsumer(request.consumer, policy)) },
  { name: 'parties', look: parties },
  { name: 'resources', look: ({ request }) => seen(request.dedicated === true ? 'a node as a whole' : resourcesText(request.resources), fits(request.resources, NOTHING) && request.dedicated !== true ? decline('malformed', 'nothing is asked for') : undefined) },
  { name: 'term', look: term },
  { name: 'retention', look: retention },
  { name: 'meter', look: meter },
  { name: 'notice', look: notice },
  { name: 'signatures', look: signatures },
  { name: 'shares', look: shares },
  { name: 'workloads', look: workloads },
  { name: 'images', look: images },
];

/** A look that passes unless there is a refusal. */
export function seen(saw: string, refusal?: Refusal, nodes?: readonly NodeObject[]): Look {
  return { saw, ...(refusal === undefined ? {} : { refusal }), ...(nodes === undefined ? {} : { nodes }) };
}

/** Whom the farmer does not sell to, now. @param consumer key of the bot, hex */
export function refusesConsumer(consumer: string, policy: Policy): Refusal | undefined {
  const { allow_consumers, deny_consumers } = wholePolicy(policy);
  if (deny_consumers.includes(consumer)) return decline('consumer', 'this farm does not sell to you');
  if (allow_consumers !== null && !allow_consumers.includes(consumer)) return decline('consumer', 'this farm sells to those on its list only');
  return undefined;
}

function buyerText(consumer: string, { allow_consumers, deny_consumers }: WholePolicy): string {
  if (deny_consumers.includes(consumer)) return 'on the list of those it does not sell to';
  if (allow_consumers === null) return 'on no list; anybody may buy';
  return allow_consumers.includes(consumer) ? 'on the list of those it sells to' : 'not on the list of those it sells to';
}

function parties({ request: { consumer, signers, payers } }: Question): Look {
  const saw = `${signers.length + 2} sign, ${payers.length} ${payers.length === 1 ? 'pays' : 'pay'}`;
  if (new Set(payers).size !== payers.length) return seen(saw, decline('malformed', 'an account stands twice among the payers'));
  if (new Set([`bot/${consumer}`, ...signers]).size !== signers.length + 1) return seen(saw, decline('malformed', 'a signer stands twice'));
  return seen(saw);
}

function term({ request: { term_ms }, policy: { min_term_ms, max_term_ms } }: Question): Look {
  const saw = `${durationText(term_ms)}, of ${durationText(min_term_ms)} to ${durationText(max_term_ms)}`;
  if (term_ms < 1_000) return seen(saw, decline('term', 'a term has a second at least'));
  if (term_ms < min_term_ms) return seen(saw, decline('term', `this farm sells for ${durationText(min_term_ms)} at least`, { would_do: { term_ms: min_term_ms } }));
  if (term_ms > max_term_ms) return seen(saw, decline('term', `this farm sells for ${Math.floor(max_term_ms / 3_600_000)} hours at most`));
  return seen(saw);
}

/** Disk that keeps data is not sold again, and nobody pays for it. */
function retention({ request: { retention_ms }, policy: { max_retention_ms } }: Question): Look {
  const saw = `${retention_ms === null ? 'as the grid says' : durationText(retention_ms)}, of ${durationText(max_retention_ms)} at most`;
  return seen(saw, retention_ms !== null && retention_ms > max_retention_ms ? decline('policy', `this farm keeps data ${Math.floor(max_retention_ms / 3_600_000)} hours after the end at most`) : undefined);
}

/** Whoever confirms no time leaves the farm unpaid: only its own nodes do unless the farmer trusts somebody else to. */
function meter({ request, policy: { meters } }: Question): Look {
  const saw = request.meter === undefined ? 'the node' : (request.meter ?? 'nobody');
  const isTaken = typeof request.meter !== 'string' || meters.some((key) => request.meter === `bot/${key}`);
  return seen(saw, isTaken ? undefined : decline('policy', 'this farm does not take that bot as meter; its own nodes confirm time'));
}

function notice({ request: { notice_ms }, policy: { notice_ms: gives } }: Question): Look {
  const saw = `${notice_ms === undefined ? 'nothing is asked' : durationText(notice_ms)}; it ${gives === 0 ? 'never ends a contract early' : `gives ${durationText(gives)}`}`;
  return seen(saw, notice_ms !== undefined && gives !== 0 && gives < notice_ms ? decline('policy', `this farm ends contracts with a notice of ${Math.floor(gives / 3_600_000)} hours`) : undefined);
}

function signatures({ request: { signers, commit_within_ms }, shop: { shared = false } }: Question): Look {
  const saw = `within ${durationText(commit_within_ms)}`;
  if (signers.length === 0 && !shared && commit_within_ms > MAX_COMMIT_OF_TWO_MS) return seen(saw, decline('term', `without further signers an agreement is committed within ${MAX_COMMIT_OF_TWO_MS / 1_000} seconds`));
  if (commit_within_ms < 1_000 || commit_within_ms > MAX_COMMIT_WITHIN_MS) return seen(saw, decline('term', 'signatures are collected within a second to seven days'));
  return seen(saw);
}

/** Architects are paid out of the farmer's part, so as much as the farmer says and no more. */
function shares({ request: { dedicated, blueprint }, shop: { fees, grid: { rules, shares: others = [] }, farm: { architect_ppm = 0 } } }: Question): Look {
  const asked = sumOf(fees);
  const saw = asked === 0 ? 'no architect' : `architects ${formatPercent(asked)}, of ${formatPercent(architect_ppm)} at most`;
  if (rules < 2 && (dedicated === true || blueprint !== undefined || fees.length > 0)) return seen(saw, decline('policy', 'dedicated nodes, blueprints and architects need a grid of rules 2'));
  if (asked > architect_ppm) return seen(saw, decline('policy', `this farm leaves ${architect_ppm === 0 ? 'nothing' : `${formatPercent(architect_ppm)} at most`} to architects, ${formatPercent(asked)} is asked for`));
  const taken = others.reduce((sum, { share_ppm }) => sum + share_ppm, asked);
  return seen(saw, taken < PPM ? undefined : decline('policy', 'architects and grid would leave nothing to this farm'));
}

function workloads({ request }: Question): Look {
  const isTwice = new Set(request.workloads.map(({ name }) => name)).size !== request.workloads.length;
  return seen(request.workloads.length === 0 ? 'none' : request.workloads.map(({ name }) => name).join(', '), isTwice ? decline('malformed', 'two workloads have the same name') : undefined);
}

function images({ request, policy: { allow_registries, allow_images, deny_images } }: Question): Look {
  const named = request.workloads.flatMap(({ image }) => (image === null ? [] : [image]));
  const saw = named.length === 0 ? 'none' : named.map((image) => image.slice(0, image.indexOf('@'))).join(', ');
  for (const image of named) {
    const name = image.slice(0, image.indexOf('@'));
    const reason = registryRefusal(image, allow_registries)
      ?? (matchesAny(deny_images, image) ? `this farm does not run ${name}` : null)
      ?? (allow_images !== null && !matchesAny(allow_images, image) ? `this farm runs images of its list only, and ${name} is none of them` : null);
    if (reason !== null) return seen(saw, decline('image', reason));
  }
  return seen(saw);
}
