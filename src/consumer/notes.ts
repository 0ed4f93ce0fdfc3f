// What a buyer should know before saying yes, and nobody likes to find out afterwards.
import type { Agreement, Resources } from '../schema/types.js';
import { sizeText } from './words.js';

/** What the notes depend on. */
export interface Facts {
  readonly resources: Resources;
  /** Memory was not asked for; it follows from the cores. */
  readonly memoryByDefault: boolean;
  readonly meter: Agreement['meter'];
  /** The node's capacity is a person's word. */
  readonly declared: boolean;
  /** Something runs, now or later. */
  readonly env: boolean;
}

/** One line each, in reading order. */
export function notesOf({ resources, memoryByDefault, meter, declared, env }: Facts): string[] {
  return [
    ...(memoryByDefault && resources.mru_mib > 0 ? [`memory: ${sizeText(resources.mru_mib)}, 1 GiB per vCPU because --memory was not given`] : []),
    ...(meter === null ? ['billing: unmetered; time counts from the node\'s first word to the end, whether the node was up or not'] : []),
    ...(declared ? ['capacity: declared by a person, not measured'] : []),
    'money: TFT of this grid, not Stellar\'s',
    'privacy: the farmer is root on the node and can read what runs there',
    ...(env ? ['privacy: --env is public; it stands in the record for everybody and for ever'] : []),
  ];
}
