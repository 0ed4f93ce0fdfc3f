// What a buyer should know before saying yes, and nobody likes to find out afterwards.
import { formatTft } from '../base/amount.js';
import { formatPercent } from '../capacity/percent.js';
import { short } from '../rules/refusal.js';
import type { Agreement } from '../schema/types.js';
import { durationText, sizeText } from '../market/words.js';

/** What the notes depend on. */
export interface Facts extends Pick<Agreement, 'resources' | 'discounts' | 'total_stroops' | 'payees' | 'meter' | 'minimum_stroops' | 'notice_ms'> {
  /** What the same costs by the prices that the farm has published. */
  readonly published_stroops: bigint;
  /** Memory was not asked for; it follows from the cores. */
  readonly memoryByDefault: boolean;
  /** The node's capacity is a person's word. */
  readonly declared: boolean;
  /** Something runs, now or later. */
  readonly env: boolean;
  /** A workload is given a secret. */
  readonly secrets: boolean;
}

/** One line each, in reading order. */
export function notesOf({ resources, discounts = [], total_stroops, published_stroops, payees, memoryByDefault, meter, minimum_stroops, notice_ms, declared, env, secrets }: Facts): string[] {
  const others = payees.filter(({ role }) => role !== 'farmer').map(({ role, share_ppm }) => `${role} ${formatPercent(share_ppm)}`);
  return [
    ...(discounts.length > 0 ? [`price: ${discounts.map(({ name, ppm }) => `${name} ${formatPercent(ppm)} less`).join(', then ')}`] : []),
    ...(BigInt(total_stroops) === published_stroops ? [] : [`price: by what the farm has published it would be ${formatTft(published_stroops)} TFT, its offer is ${formatTft(BigInt(total_stroops))} TFT`]),
    ...(others.length > 0 ? [`shares of what is billed: ${others.join(', ')}; the rest is the farmer's`] : []),
    ...(memoryByDefault && resources.mru_mib > 0 ? [`memory: ${sizeText(resources.mru_mib)}, 1 GiB per vCPU because --memory was not given`] : []),
    ...(meter === null ? ['billing: unmetered; time counts from the node\'s first word to the end, whether the node was up or not'] : [meterText(meter)]),
    ...(minimum_stroops === '0' ? [] : [`billing: at least ${formatTft(BigInt(minimum_stroops))} TFT once the node holds it`]),
    ...(notice_ms === 0 ? [] : [`notice: the farm may end it early, and says so ${durationText(notice_ms)} before`]),
    ...(declared ? ['capacity: declared by a person, not measured'] : []),
    'money: TFT of this grid, not Stellar\'s',
    'privacy: the farmer is root on the node and can read what runs there',
    ...(secrets ? ['privacy: secrets go sealed to the node, where the farmer can read them, too'] : []),
    ...(env ? ['privacy: --env is public; it stands in the record for everybody and for ever'] : []),
  ];
}

function meterText({ by, heartbeat_ms }: NonNullable<Agreement['meter']>): string {
  const whose = by.startsWith('node/') ? 'the node itself, so this is the farmer\'s word' : `${short(by)}, a third bot`;
  return `billing: time counts as far as it is confirmed in the book, every ${durationText(heartbeat_ms)} by ${whose}; what is not confirmed is not paid`;
}
