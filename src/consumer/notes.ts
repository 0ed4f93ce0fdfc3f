// What a buyer should know before saying yes, and nobody likes to find out afterwards.
import { formatPercent } from '../capacity/percent.js';
import type { Agreement } from '../schema/types.js';
import { sizeText } from './words.js';

/** What the notes depend on. */
export interface Facts extends Pick<Agreement, 'resources' | 'discounts' | 'payees' | 'meter'> {
  /** Memory was not asked for; it follows from the cores. */
  readonly memoryByDefault: boolean;
  /** The node's capacity is a person's word. */
  readonly declared: boolean;
  /** Something runs, now or later. */
  readonly env: boolean;
}

/** One line each, in reading order. */
export function notesOf({ resources, discounts = [], payees, memoryByDefault, meter, declared, env }: Facts): string[] {
  const others = payees.filter(({ role }) => role !== 'farmer').map(({ role, share_ppm }) => `${role} ${formatPercent(share_ppm)}`);
  return [
    ...(discounts.length > 0 ? [`price: ${discounts.map(({ name, ppm }) => `${name} ${formatPercent(ppm)} less`).join(', then ')}`] : []),
    ...(others.length > 0 ? [`shares of what is billed: ${others.join(', ')}; the rest is the farmer's`] : []),
    ...(memoryByDefault && resources.mru_mib > 0 ? [`memory: ${sizeText(resources.mru_mib)}, 1 GiB per vCPU because --memory was not given`] : []),
    ...(meter === null ? ['billing: unmetered; time counts from the node\'s first word to the end, whether the node was up or not'] : []),
    ...(declared ? ['capacity: declared by a person, not measured'] : []),
    'money: TFT of this grid, not Stellar\'s',
    'privacy: the farmer is root on the node and can read what runs there',
    ...(env ? ['privacy: --env is public; it stands in the record for everybody and for ever'] : []),
  ];
}
