// Certificates in plain words.
import { iso } from '../../base/clock.js';
import { resourcesText } from '../../market/words.js';
import type { Certificate, Payload } from '../../schema/types.js';
import type { Row } from '../kinds.js';

/** certificate@1 */
export function certificateWords({ chain, body }: Payload): Row[] {
  const { capacity, kind, tft_musd, until, violation } = body as unknown as Certificate;
  return [
    ['node', `${chain.slice('certify/'.length)} is certified, so that its farm can mint for it`],
    ['capacity', resourcesText(capacity)],
    ['hardware', kind === 'certified' ? 'certified: a quarter more is minted, from 98 % uptime on' : `${kind}: put together by its owner; minted from 95 % uptime on`],
    ['TFT price', `${tft_musd} thousandths of a USD, for good`],
    ['until', `${iso(until)}; in place of any certificate before, which ends with this one`],
    ['violation', violation === null ? 'none' : `nothing is minted for period ${violation.period}: ${violation.reason}`],
  ];
}
