// Statements of a grid's governance in plain words.
import { formatTft } from '../../base/amount.js';
import type { GridShare, Handover, Payload, Policy, WitnessChange } from '../../schema/types.js';
import type { Row } from '../kinds.js';

/** handover@1 */
export function handoverWords({ grid, body }: Payload): Row[] {
  const { seen, log_key, clock_key } = body as unknown as Handover;
  return [
    ['grid', `${grid ?? ''} gets a new home`],
    ['from line', `${seen.size}; what the old home signed beyond it is not in the book`],
    ['root', seen.root], ['log key', log_key], ['clock key', clock_key],
  ];
}

/** witnesses@1 */
export function witnessesWords({ grid, body }: Payload): Row[] {
  const { witnesses } = body as unknown as WitnessChange;
  return [['grid', `${grid ?? ''} gets ${witnesses === null ? 'rid of its witnesses' : 'other witnesses'}`], ...(witnesses ?? []).map((line): Row => ['', line])];
}

/** policy@1 */
export function policyWords({ grid, body }: Payload): Row[] {
  const { rules, shares = [], mint_cap_stroops: cap, mint_period_ms: period } = body as unknown as Policy;
  const part = ({ account, role, share_ppm }: GridShare): string => `${share_ppm / 10_000} % of what is billed is ${account === null ? 'burned' : `paid to account ${account}`} (${role})`;
  return [
    ['grid', grid ?? ''],
    ['rules', `version ${rules} from the next line on; they can never be lowered`],
    ['new agreements', shares.length === 0 ? 'pay nothing to the grid, and burn nothing' : shares.map(part).join('; ')],
    ['minting', cap === undefined ? 'without a cap of its own for a period' : `at most ${formatTft(BigInt(cap))} TFT in a period`],
    ...(period === undefined ? [] : [['period', `of minting: ${period} ms`] as const]),
  ];
}
