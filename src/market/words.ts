// An agreement in plain words, from its payload and nothing else: what is signed is what is read.
import { formatTft } from '../base/amount.js';
import { iso } from '../base/clock.js';
import { perHourStroops } from '../capacity/price.js';
import type { Agreement, Prices, Quorum, Resources, Workload } from '../schema/types.js';

/** MiB as people write sizes: `100 GiB`, `512 MiB`. */
export function sizeText(mib: number): string {
  return mib % 1024 === 0 ? `${mib / 1024} GiB` : `${mib} MiB`;
}

/** Resources in one line, without those there are none of. */
export function resourcesText({ cru, mru_mib, sru_mib, hru_mib, ipv4 }: Resources): string {
  const parts = [
    [cru, `${cru} vCPU`], [mru_mib, `${sizeText(mru_mib)} memory`], [sru_mib, `${sizeText(sru_mib)} SSD`], [hru_mib, `${sizeText(hru_mib)} HDD`], [ipv4, `${ipv4} public IPv4`],
  ] as const;
  return parts.filter(([count]) => count > 0).map(([, text]) => text).join(', ') || 'nothing';
}

/** A duration in full: `30 days`, `1 hour 30 minutes`, `1 second 5 ms`. */
export function durationText(ms: number): string {
  const units = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000], ['second', 1_000]] as const;
  let rest = ms;
  const parts: string[] = [];
  for (const [name, unit] of units) {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? '' : 's'}`);
  }
  if (rest > 0 || parts.length === 0) parts.push(`${rest} ms`);
  return parts.join(' ');
}

/**
 * Who must sign, in full: half a key says nothing about whose it is.
 * @param parties everybody that was named before
 */
export function quorumText({ threshold, members }: Quorum, parties: readonly string[] = []): string {
  const counted = members.filter((member) => !('of' in member) || member.weight > 0);
  const optional = members.flatMap((member) => ('of' in member && member.weight === 0 ? [member.of] : []));
  const names = counted.map((member) => (!('of' in member) ? `(${quorumText(member, parties)})` : member.weight === 1 ? member.of : `${member.of} (counts ${member.weight})`));
  const most = counted.reduce((sum, member) => sum + ('of' in member ? member.weight : 1), 0);
  const isPlain = counted.every((member) => !('of' in member) || member.weight === 1);
  const named = new Set(parties);
  const isEverybody = threshold === most && names.length === parties.length && names.every((name) => named.has(name));
  const list = names.join(', ');
  const must = isEverybody && names.length > 1 ? `all ${names.length} named above` : threshold !== most ? `${isPlain ? '' : 'weight '}${threshold} of ${list}` : names.length === 1 ? list : `all of ${list}`;
  return optional.length === 0 ? must : `${must}; if they like also ${optional.join(', ')}`;
}

/** A workload in one line, nothing left out. */
export function workloadText({ name, image, command, env, ports, secrets }: Workload): string {
  const what = image ?? 'a bare command';
  const runs = command.length === 0 ? '' : `, runs ${JSON.stringify(command)}`;
  const variables = env.length === 0 ? '' : `, sets ${env.map((one) => `${one.name}=${JSON.stringify(one.value)}`).join(' ')}`;
  const sealed = secrets.length === 0 ? '' : `, secret ${secrets.map((one) => `${one.name} (SHA-256 ${one.sha256})`).join(', ')}`;
  const published = ports.length === 0 ? '' : `, publishes ${ports.map((port) => `${port.container}/${port.protocol}`).join(', ')}`;
  return `${name}: ${what}${runs}${variables}${sealed}${published}`;
}

/** Prices of units in one line. */
export function pricesText({ cu_stroops, su_stroops, nu_stroops, ipv4_stroops }: Prices): string {
  const tft = (stroops: string): string => formatTft(BigInt(stroops));
  return `CU ${tft(cu_stroops)}, SU ${tft(su_stroops)}, IPv4 ${tft(ipv4_stroops)} TFT an hour; traffic ${tft(nu_stroops)} TFT a GB`;
}

/** Each fact with its name, in reading order; nothing that the agreement says is left out. */
export function agreementText(contract: string, body: Agreement): (readonly [name: string, text: string])[] {
  const parties = body.roles.map(({ party }) => party);
  const rows: (readonly [string, string])[] = [
    ['contract', contract],
    ...body.roles.map(({ role, party }) => [role, party] as const),
    ['node', body.node],
    ['capacity', `${resourcesText(body.resources)}, for ${durationText(body.term_ms)}`],
    ['price', `${formatTft(perHourStroops(body.resources, body.prices, body.discounts))} TFT an hour, ${formatTft(BigInt(body.total_stroops))} TFT in all`],
    ['prices', `${pricesText(body.prices)} (${body.units})`],
    ...(body.discounts ?? []).map(({ name, ppm }) => ['discount', `${name}: ${ppm / 10_000} %, taken off in the price above`] as const),
    ...body.payers.map(({ account, amount_stroops }) => ['pays', `account ${account}: ${formatTft(BigInt(amount_stroops))} TFT, into escrow at the commit`] as const),
    ...body.payees.map(({ account, role, share_ppm }) => account === null ? (['burned', `${share_ppm / 10_000} % of what is billed`] as const) : (['is paid', `account ${account} (${role}): ${share_ppm / 10_000} % of what is billed`] as const)),
    ['billing', body.meter === null ? 'by the time from the node\'s first word to the end; unmetered' : `time that ${body.meter.by} confirms in the book, every ${durationText(body.meter.heartbeat_ms)}; what is not confirmed is not paid`],
    ['commit', `by ${quorumText(body.quorums.commit, parties)}, until ${iso(body.commit_by)}`],
    ['workloads by', quorumText(body.quorums.workload, parties)],
    ['end by', quorumText(body.quorums.end, parties)],
    ['amendment by', quorumText(body.quorums.amend, parties)],
    ['provisioning', `within ${durationText(body.provision_by_ms)} of the commit, else everything goes back`],
    ['afterwards', `${body.grace_ms === 0 ? 'over with the term' : `paused for ${durationText(body.grace_ms)} once the term is over, in which it can be funded`}; data wiped ${body.retention_ms === 0 ? 'at once' : `${durationText(body.retention_ms)} after the end, sooner where what was billed pays for less of its disk`}`],
  ];
  if (body.order !== null) rows.push(['order', body.order]);
  if (body.blueprint !== undefined) rows.push(['made from', `version ${body.blueprint.version} of blueprint ${body.blueprint.id}`]);
  if (body.minimum_stroops !== '0') rows.push(['minimum charge', `${formatTft(BigInt(body.minimum_stroops))} TFT`]);
  if (body.notice_ms !== 0) rows.push(['notice', `the farm may end it early, ${durationText(body.notice_ms)} after it has said so`]);
  if (body.exec) rows.push(['commands', 'may be run within workloads']);
  for (const workload of body.workloads) rows.push(['workload', workloadText(workload)]);
  for (const { name, sha256 } of body.documents) rows.push(['document', `${name}, SHA-256 ${sha256}`]);
  return rows;
}
