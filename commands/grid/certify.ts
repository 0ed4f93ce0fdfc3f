// 3bot grid certify
import { parseDuration } from '../../src/base/duration.js';
import { Problem } from '../../src/base/errors.js';
import type { Certificate } from '../../src/schema/types.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

interface Options extends GridFlag {
  until?: string;
  certified?: true;
  capacity?: string;
  ipv4?: number;
  tftPrice?: number;
  violation?: number;
  reason?: string;
  draft?: string;
}

/** What a TFT costs where nobody says otherwise, in thousandths of a USD (minting v3 of tfchain). */
const TFT_MUSD = 80;

export const command: CommandFile<Options> = {
  about: 'Says what a node is, so that its farm can mint for it (3bot farm mint). Look at the machine first: what is certified brings money\ninto being. The smaller of announced and certified capacity counts. Without certifiers, which genesis names, a grid mints nothing;\non a development grid its owner certifies. A sole certifier signs at once; where several do, a draft is written for 3bot sign.',
  arguments: [['<node>', 'key, or its first digits']],
  options: (c) => c
    .option('--until <when>', "a day or time (2027-12-31), a span (365d), or 'now', which ends the certificate (default: 365d)")
    .option('--certified', 'hardware that you know: a quarter more is minted, for 98 % uptime instead of 95 %')
    .option('--capacity <cores/memory/ssd/hdd>', 'what the machine has, sizes in GiB (default: what it announces)')
    .option('--ipv4 <count>', 'public IPv4 addresses that it really has (default: 0)', parseCount)
    .option('--tft-price <usd>', 'price of a TFT, fixed with the first certificate of a node (default: 0.08)', parsePrice)
    .option('--violation <period>', 'the node gets nothing for this period of minting', parseCount)
    .option('--reason <text>', 'what was found; with --violation')
    .option('--draft <file>', 'where a draft is written (default: NODE-certificate.json)')
    .option(...GRID_FLAG),
  examples: ['3bot grid certify 4f0c9e --until 2027-12-31 --certified', '3bot grid certify 4f0c9e --capacity 8/32/1000/0', '3bot grid certify 4f0c9e --until now'],
  async run(context, [wanted = ''], options) {
    const { makeRecord } = await import('../../src/bcdb/record.js');
    const { findNode } = await import('../../src/market/find.js');
    const { nextPayload } = await import('../../src/net/compose.js');
    const { read } = await import('../../src/rules/objects.js');
    const { openIdentity, signOrDraft } = await import('../drafts.js');
    const { openGridOf } = await import('../handle.js');
    const { clock } = context;
    const until = parseUntil(options.until ?? '365d', clock());
    await using grid = await openGridOf(context, options.grid);
    await grid.refresh();
    const node = findNode(grid.reader, wanted);
    const before = read(grid.reader, 'certificate', node.key);
    // Ending one changes nothing else about it.
    const ends = options.until === 'now' ? before : undefined;
    const body: Certificate = {
      capacity: options.capacity === undefined ? (ends?.capacity ?? { ...node.announcement.capacity, ipv4: options.ipv4 ?? 0 }) : { ...(await parseCapacity(options.capacity)), ipv4: options.ipv4 ?? 0 },
      kind: ends?.kind ?? (options.certified === true ? 'certified' : 'diy'),
      tft_musd: options.tftPrice ?? before?.tft_musd ?? TFT_MUSD,
      until,
      violation: violationOf(options),
    };
    const record = makeRecord(nextPayload(grid, `certify/${node.key}`, 'certificate@1', body, clock()));
    await signOrDraft(context, grid, record, await openIdentity(context), options.draft ?? `${node.key.slice(0, 12)}-certificate.json`);
  },
};

async function parseCapacity(text: string): Promise<Certificate['capacity']> {
  const { declared } = await import('../../src/node/probe/probe.js');
  return declared(text);
}

function violationOf({ violation, reason }: Options): Certificate['violation'] {
  if (violation === undefined && reason !== undefined) throw new Problem('usage', '--reason says what was found in a period', { hint: 'name the period with --violation' });
  return violation === undefined ? null : { period: violation, reason: reason ?? '' };
}

/** ms since 1970. @throws Problem `usage` */
function parseUntil(text: string, now: number): number {
  if (text === 'now') return now;
  if (!/^[0-9]{4}-[0-9]{2}/.test(text)) return now + parseDuration(text);
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new Problem('usage', `not a time: ${JSON.stringify(text.slice(0, 100))}`, { hint: 'for example 2027-12-31, 365d or now' });
  return time;
}

/** Thousandths of a USD. @throws Problem `usage` */
function parsePrice(text: string): number {
  const match = /^([0-9]{1,5})(?:\.([0-9]{1,3}))?$/.exec(text);
  const musd = Number(match?.[1]) * 1_000 + Number((match?.[2] ?? '').padEnd(3, '0'));
  if (match === null || musd === 0) throw new Problem('usage', `not a price: ${JSON.stringify(text.slice(0, 50))}`, { hint: 'USD with at most three decimal places, for example 0.08' });
  return musd;
}

function parseCount(text: string): number {
  if (!/^[0-9]{1,12}$/.test(text)) throw new Problem('usage', `not a whole number: ${JSON.stringify(text.slice(0, 50))}`);
  return Number(text);
}
