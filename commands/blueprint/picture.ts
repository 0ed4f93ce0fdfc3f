// A plan as people like to read it: parts and their services as a tree, with + ~ - where something changes, then the price.
import { formatTft } from '../../src/base/amount.js';
import type { FieldChange, ServiceChange } from '../../src/architect/plan/differ.js';
import { isNothing, type PartPlan } from '../../src/architect/plan/plan.js';
import type { Deal } from '../../src/architect/plan/token.js';
import { durationText, resourcesText } from '../../src/market/words.js';
import type { Output } from '../../src/cli/output.js';
import type { Context } from '../command.js';
import type { Planned, PlanOptions } from './planning.js';

type Paint = Output['paint'];

const SIGNS = { add: '+', change: '~', replace: '±', keep: ' ', end: '-' } as const;
/** More fields of one service than this are counted. */
const MAX_FIELDS = 12;
/** Farms that are named; the others are counted. */
const MAX_FARMS = 8;
/** Images and texts longer than this are cut in the middle of a line that has two of them. */
const MAX_VALUE = 60;

/** A plan as the result of a command: the picture, its token alone in a pipe, or JSON. */
export function showPlan({ out, flags }: Context, made: Planned): void {
  out.one({ json: planJson(made), id: made.token, text: () => planText(made, out.paint) });
  if (flags.json) return;
  for (const { farm_name, code, reason } of made.quotes.flatMap(({ declined }) => declined)) out.note(`${farm_name} declined (${code}): ${reason}`);
}

function planJson({ agreed: { plan, deals }, token, sums, quotes }: Planned): object {
  const { name, network, parts } = plan;
  const declined = quotes.flatMap((one) => one.declined.map(({ farm, farm_name, code, reason, nearest }) => ({ farm, farm_name, code, reason, nearest })));
  return {
    name, token, changes: !isNothing(plan),
    network: network === null ? null : { name: network.name, subnet: network.subnet, make: network.make },
    parts: parts.map(({ part, action, contract, order, wanted, why, fields, services }) => {
      const deal = action === 'end' ? undefined : deals.find((one) => one.part === part);
      return {
        part, action, contract, order, resources: wanted?.resources ?? null, term_ms: wanted?.term_ms ?? null, why, fields, services,
        deal: deal === undefined ? null : { farm: deal.farm, farm_name: deal.farm_name, node: deal.node, price_per_hour: formatTft(BigInt(deal.per_hour_stroops)), total: formatTft(BigInt(deal.total_stroops)), pays: formatTft(BigInt(deal.pays_stroops)) },
      };
    }),
    offers: quotes.flatMap(({ group, candidates }) => candidates.map(({ match, offer }) => ({ group, farm: match.farm, farm_name: match.farm_name, node: match.node, price_per_hour: formatTft(offer.per_hour_stroops), total: formatTft(offer.total_stroops) }))),
    declined, price_per_hour: formatTft(sums.after), price_per_hour_before: formatTft(sums.before), pays: formatTft(sums.pays), returns: formatTft(sums.returns),
  };
}

/** A command as somebody would type it, with the flags that say what the blueprint becomes. */
export function commandLine(words: readonly string[], { name, set = [], secret = [], account, grid }: PlanOptions, token?: string): string {
  const flags = [
    ...(name === undefined ? [] : ['--name', name]), ...set.flatMap((one) => ['--set', one]), ...secret.flatMap((one) => ['--secret', one]),
    ...(account === undefined ? [] : ['--account', account]), ...(grid === undefined ? [] : ['--grid', grid]), ...(token === undefined ? [] : ['--plan', token]),
  ];
  return ['3bot', ...words, ...flags].map((word) => (/^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}

/** The whole picture, without a final line break. */
export function planText({ agreed: { plan, deals }, sums, token, quotes }: Planned, paint: Paint): string {
  const { network, parts } = plan;
  const lines = parts.flatMap((part) => partLines(part, deals.find((deal) => deal.part === part.part && part.action !== 'end'), paint));
  const net = network?.make === true ? [painted('add', `+ network ${network.name}, ${network.subnet}`, paint)] : [];
  const head = `${paint.bold(plan.name)}: ${isNothing(plan) ? 'nothing to do, all of it is as it is wanted' : countsText(parts)}`;
  const farms = [...new Set(quotes.flatMap(({ candidates }) => candidates.map(({ match }) => match.farm_name)))];
  const money = [
    ...(farms.length === 0 ? [] : [`farms   ${farms.slice(0, MAX_FARMS).join(', ')}${farms.length > MAX_FARMS ? ` and ${farms.length - MAX_FARMS} more` : ''} would take it`]),
    `price   ${formatTft(sums.after)} TFT an hour${sums.before === sums.after || sums.before === 0n ? '' : `, so far ${formatTft(sums.before)}`}`,
    ...(sums.pays === 0n ? [] : [`escrow  ${formatTft(sums.pays)} TFT more at most; what is not used comes back`]),
    ...(sums.returns === 0n ? [] : [`back    about ${formatTft(sums.returns)} TFT of what ends`]),
    ...(isNothing(plan) ? [] : [`token   ${token}`]),
  ];
  return [head, '', ...net, ...lines, '', ...money].join('\n');
}

/** `2 parts to add, 1 to change`. */
export function countsText(parts: readonly PartPlan[]): string {
  const words = { add: 'to add', change: 'to change', replace: 'to replace', end: 'to end' } as const;
  const counts = (Object.keys(words) as (keyof typeof words)[]).map((action) => [action, parts.filter((one) => one.action === action).length] as const).filter(([, count]) => count > 0);
  const texts = counts.map(([action, count], i) => `${count}${i === 0 ? (count === 1 ? ' part' : ' parts') : ''} ${words[action]}`);
  return texts.length === 0 ? 'its network to make' : texts.join(', ');
}

function partLines(one: PartPlan, deal: Deal | undefined, paint: Paint): string[] {
  const { part, action, why, fields, services } = one;
  const lines = [`${SIGNS[action]} ${part}  ${partText(one, deal)}`];
  const below = [
    ...why.map((text) => (action === 'replace' ? `${text}: a new contract, whose volume begins empty; ${one.contract?.slice(0, 8) ?? 'the one so far'} ends when it works` : text)),
    ...fields.map((field) => fieldText(field)),
  ];
  for (const text of below) lines.push(`│   ${text}`);
  for (const [i, service] of services.entries()) lines.push(...serviceLines(service, action, i === services.length - 1));
  return lines.map((line, i) => (i === 0 ? painted(action, line, paint) : colored(line, paint)));
}

function partText({ action, wanted, contract, order }: PartPlan, deal: Deal | undefined): string {
  if (action === 'end') return `ends: contract ${contract?.slice(0, 12) ?? ''}`;
  if (wanted === null) return '';
  const what = `${resourcesText(wanted.resources)}`;
  if (deal === undefined) return `${what}, contract ${contract?.slice(0, 12) ?? ''}`;
  const where = `${deal.farm_name}, node ${deal.node.slice(0, 8)}`;
  const price = `${formatTft(BigInt(deal.per_hour_stroops))} TFT/h, ${formatTft(BigInt(deal.total_stroops))} in all`;
  return `${what} for ${durationText(wanted.term_ms)} at ${where}: ${price}${action === 'replace' ? `, as ${order ?? ''}` : ''}`;
}

function serviceLines({ name, change, runs, fields }: ServiceChange, action: PartPlan['action'], isLast: boolean): string[] {
  // Of a part that is new, or goes, all services do.
  const sign = action === 'add' || action === 'replace' ? (change === 'end' ? '-' : '+') : SIGNS[change];
  const [branch, trunk] = isLast ? ['└─', '  '] : ['├─', '│ '];
  const shown = fields.slice(0, MAX_FIELDS).map((field) => `${trunk}    ${fieldText(field)}`);
  const more = fields.length > MAX_FIELDS ? [`${trunk}    and ${fields.length - MAX_FIELDS} more fields`] : [];
  return [`${branch} ${sign} ${name}  ${cut(runs)}`, ...(action === 'add' || action === 'replace' ? [] : [...shown, ...more])];
}

function fieldText({ field, from, to }: FieldChange): string {
  if (from === null) return `${field}: ${cut(to ?? '')}`;
  return to === null ? `${field}: no longer ${cut(from)}` : `${field}: ${cut(from)} → ${cut(to)}`;
}

/** One line, both ends: of an image that is its name and the end of its digest. */
function cut(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= MAX_VALUE ? line : `${line.slice(0, MAX_VALUE - 14)}…${line.slice(-12)}`;
}

function painted(action: PartPlan['action'], line: string, paint: Paint): string {
  const color = { add: paint.green, change: paint.yellow, replace: paint.yellow, keep: paint.dim, end: paint.red }[action];
  return color(line);
}

function colored(line: string, paint: Paint): string {
  const sign = /^[├└]─ (.)/.exec(line)?.[1];
  return sign === '+' ? paint.green(line) : sign === '-' ? paint.red(line) : sign === '~' ? paint.yellow(line) : sign === ' ' ? paint.dim(line) : line;
}
