// Minting: certifiers say what a node is, its meter how long it was up, and its farm mints what follows from both.
import { formatTft, stroops } from '../base/amount.js';
import { canonical } from '../base/canonical.js';
import { iso } from '../base/clock.js';
import type { ReadState, State } from '../bcdb/rulebook.js';
import { farmingStroops, isUpEnough, UPTIME_PERCENT } from '../capacity/farming.js';
import type { Certificate, Mint, Quorum, Violation } from '../schema/types.js';
import { farmOf, farmSigns } from './farm.js';
import { read, readGrid, write, writeGrid, type CertificateObject, type UptimeObject } from './objects.js';
import { keysOf, signersOf } from './quorum.js';
import { demand, refused, short } from './refusal.js';
import type { Rule } from './rule.js';
import { move } from './token.js';

/**
 * certificate@1: what the certifiers know a node to be, from now until a time; a time that is over ends the one before.
 * It ends the future, never the past: what was counted stays, but for a period in which they found a violation.
 */
export const certificate: Rule<Certificate> = {
  kind: 'certificate@1',
  chain: 'certify',
  since: 2,
  signers(state, { body, subject, occasion }) {
    demand(read(state, 'node', subject) !== undefined, 'not_found', `no node ${short(subject)} on this grid`);
    const fixed = read(state, 'certificate', subject)?.tft_musd ?? body.tft_musd;
    demand(body.tft_musd === fixed, 'certificate', `the price of TFT for node ${short(subject)} was fixed at ${fixed} thousandths of a USD when it joined`);
    // A certifier who has no identity on this grid yet speaks by the key that genesis names, so that nobody waits for it.
    return [signersOf(certifiersOf(state), occasion.rules, (party) => (state.get(party) === undefined ? [party.slice('bot/'.length)] : keysOf(state, party, occasion)))];
  },
  apply(state, { body: { violation, ...terms }, subject, moment: { at } }) {
    const before = read(state, 'certificate', subject);
    // The same for longer: there is no gap between the two.
    const since = before !== undefined && at < before.until && isSame(before, terms) ? before.since : at;
    write(state, 'certificate', subject, { node: subject, since, ...terms });
    if (violation !== null) mark(state, subject, violation);
  },
};

function certifiersOf(state: ReadState): Quorum {
  const { certifiers, name } = readGrid(state);
  if (certifiers === null) throw refused('certificate', `grid ${name} has no certifiers, so nothing is minted on it`);
  return certifiers;
}

function isSame(before: CertificateObject, { capacity, kind }: Omit<Certificate, 'violation'>): boolean {
  return before.kind === kind && canonical(before.capacity) === canonical(capacity);
}

function mark(state: State, node: string, { period }: Violation): void {
  const uptime = uptimeOf(state, node, period);
  demand(uptime.minted === null, 'period', `period ${period} of node ${short(node)} was minted`);
  write(state, 'uptime', `${node}/${period}`, { ...uptime, violation: 'certifiers' });
}

/**
 * mint@1: TFT for a period that is over, once for each node, to the payout account of the farm whose node it was. The
 * amount follows from the counters alone; who signs another one is refused.
 */
export const mint: Rule<Mint> = {
  kind: 'mint@1',
  chain: 'farm',
  since: 2,
  mints: true,
  signers(state, { subject }) {
    certifiersOf(state);
    return [farmSigns(state, subject)];
  },
  apply(state, { body, record, subject, moment: { at } }, allowance) {
    const { node, period } = body;
    const uptime = uptimeOf(state, node, period);
    demand(uptime.farm === subject, 'not_sellable', `in period ${period} node ${short(node)} was of farm ${short(uptime.farm)}`);
    const amount = mintable(uptime, at);
    demand(stroops(body.amount_stroops) === amount, 'amount', () => `period ${period} of node ${short(node)} gives ${formatTft(amount)} TFT, not ${formatTft(stroops(body.amount_stroops))} TFT`);
    write(state, 'uptime', `${node}/${period}`, { ...uptime, minted: { record: record.id, at, amount_stroops: amount.toString() } });
    addMinted(state, period, amount);
    move(state, allowance, 'mint', { account: farmOf(state, subject).payout }, amount);
  },
};

/**
 * What a period of a node gives.
 * @param at ms since 1970
 * @returns stroops, above 0
 * @throws Problem `refused`, reason `period` or `uptime`, where it gives nothing, or not yet, or no more
 */
export function mintable(uptime: UptimeObject, at: number): bigint {
  const { node, period, from, until, up_ms, kind, violation, minted } = uptime;
  const what = `period ${period} of node ${short(node)}`;
  if (minted !== null) throw refused('period', `${what} was minted at ${iso(minted.at)}: ${formatTft(BigInt(minted.amount_stroops))} TFT`);
  demand(at >= until, 'period', () => `${what} is over at ${iso(until)}, it is ${iso(at)}`);
  if (violation !== null) throw refused('uptime', `${what} gives nothing: ${VIOLATIONS[violation]}`);
  demand(isUpEnough(kind, up_ms, until - from), 'uptime', () => `${what}: ${up_ms} ms of ${until - from} ms are confirmed and certified, less than ${UPTIME_PERCENT[kind]} %`);
  const amount = farmingStroops(uptime, up_ms, until - from);
  demand(amount > 0n, 'amount', `${what} gives nothing: its capacity is too small`);
  return amount;
}

/** Violations in plain words. */
export const VIOLATIONS: Readonly<Record<NonNullable<UptimeObject['violation']>, string>> = {
  clock: "a status was signed more than 120 s off the home's clock",
  virtualised: 'the machine says that it is virtual',
  certifiers: 'the certifiers found a violation',
};

/** Counts a mint towards the cap of its period and the grid's sum. @throws Problem `refused`, reason `supply` */
function addMinted(state: State, period: number, amount: bigint): void {
  const grid = readGrid(state);
  const before = read(state, 'minted', `${period}`) ?? { period, amount_stroops: '0', count: 0 };
  const sum = BigInt(before.amount_stroops) + amount;
  const { mint_cap_stroops } = grid;
  demand(mint_cap_stroops === undefined || sum <= BigInt(mint_cap_stroops), 'supply', () => `${formatTft(sum)} TFT would be minted for period ${period}, this grid allows ${formatTft(BigInt(mint_cap_stroops ?? '0'))} TFT`);
  write(state, 'minted', `${period}`, { period, amount_stroops: sum.toString(), count: before.count + 1 });
  writeGrid(state, { ...grid, minted_stroops: (BigInt(grid.minted_stroops ?? '0') + amount).toString() });
}

function uptimeOf(state: ReadState, node: string, period: number): UptimeObject {
  const uptime = read(state, 'uptime', `${node}/${period}`);
  demand(uptime !== undefined, 'not_found', `no time of node ${short(node)} in period ${period} is confirmed and certified`);
  return uptime;
}
