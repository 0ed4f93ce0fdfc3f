// What makes an agreement hold together before anybody's signature is looked at: ids, times, parties, sums.
import { formatTft, stroops } from '../base/amount.js';
import { canonical } from '../base/canonical.js';
import { chainId } from '../bcdb/record.js';
import type { ReadState } from '../bcdb/rulebook.js';
import { formatPercent } from '../capacity/percent.js';
import { totalStroops } from '../capacity/price.js';
import type { Agreement, GridShare, Payee, Quorum } from '../schema/types.js';
import { checkMeter } from './meter.js';
import { readGrid, type GridObject } from './objects.js';
import { grantsOf, partiesOf, signersOf, someOf, spendersIn, validOn, type Occasion, type Signers } from './quorum.js';
import { demand, refused, short } from './refusal.js';
import type { Act } from './rule.js';
import { amountsOf, checkPrices } from './token.js';
import { checkWorkloads } from './workload.js';

/** Shares are counted in millionths. */
export const PPM = 1_000_000;
/** A node has at least this long to make volumes ready, and at most so long to hold capacity that does not run. */
const MIN_PROVISION_MS = 1_000;
const MAX_PROVISION_MS = 7 * 24 * 3_600_000;
/** Kept data takes disk that nobody pays for any more. */
export const MAX_RETENTION_MS = 365 * 24 * 3_600_000;

/**
 * Checks the terms and names who must sign: the commit quorum, and consumer and farmer in any case. So a commit
 * quorum of n of m has optional signers, but binds nobody's money or machine without them.
 * @throws Problem `refused`
 */
export function agreementSigners(state: ReadState, { body, record, subject, rules, occasion }: Act<Agreement>): Signers[] {
  demand(record.payload.height === 0, 'exists', 'an agreement is the first record of its contract');
  demand(subject === chainId(readGrid(state).id, body.by, body.nonce), 'id', `contract ${short(subject)} does not follow from its by and nonce`);
  demand(rules >= 2 || (body.meter === null && body.notice_ms === 0), 'later_release', "a meter and a farmer's notice need rules 2");
  demand(rules >= 2 || !body.exec, 'later_release', 'commands within a workload need rules 2');
  checkTimes(body);
  demand(rules >= 2 || (body.discounts === undefined && body.payees.every(({ role }) => role !== 'burn')), 'later_release', 'discounts and burned shares need rules 2');
  checkSums(body);
  if (rules >= 2) checkShares(readGrid(state), body.payees);
  checkWorkloads(body.workloads, rules);
  checkMeter(state, body);
  return checkParties(state, body, occasion);
}

function checkTimes({ provision_by_ms, retention_ms }: Agreement): void {
  demand(provision_by_ms >= MIN_PROVISION_MS && provision_by_ms <= MAX_PROVISION_MS, 'terms', 'the node gets between one second and seven days to provide');
  demand(retention_ms <= MAX_RETENTION_MS, 'terms', () => `data is kept for ${MAX_RETENTION_MS / 86_400_000} days at most`);
}

/** What is bought, for how long, at which price. */
export type Terms = Pick<Agreement, 'resources' | 'prices' | 'discounts' | 'term_ms' | 'total_stroops'>;

/** Checks that a total is the exact price of what it buys. @returns it @throws Problem `refused`, reason `price` */
export function checkPrice(terms: Terms): bigint {
  checkPrices(terms.prices);
  const total = stroops(terms.total_stroops);
  const price = totalStroops(terms.resources, terms.prices, terms.term_ms, terms.discounts);
  demand(isSet((terms.discounts ?? []).map(({ name }) => name)), 'terms', 'a discount stands twice');
  demand(total === price, 'price', () => `resources, prices, term and discounts make ${formatTft(price)} TFT, it says ${formatTft(total)} TFT`);
  return total;
}

function checkSums(body: Agreement): void {
  const total = checkPrice(body);
  demand(stroops(body.minimum_stroops) <= total, 'terms', 'the minimum charge is above the total');
  const paid = [...amountsOf(body.payers).values()].reduce((a, b) => a + b, 0n);
  demand(paid === total, 'payers', () => `payers give ${formatTft(paid)} TFT, the total is ${formatTft(total)} TFT`);
  farmerOf(body.payees);
  const shares = body.payees.reduce((sum, payee) => sum + payee.share_ppm, 0);
  demand(shares === PPM, 'terms', () => `the payees' shares add up to ${shares} millionths, not to ${PPM}`);
  for (const { account, role } of body.payees) demand((account === null) === (role === 'burn'), 'terms', 'what is burned goes to no account, and nothing else does');
}

/** What the grid's policy takes of every contract, no more and no less. @throws Problem `refused`, reason `shares` */
function checkShares({ shares = [] }: GridObject, payees: readonly Payee[]): void {
  demand(carriesShares(shares, payees), 'shares', () => `of every contract of this grid ${shares.map(shareText).join(' and ') || 'nothing'} goes to grid and burn, and the payees say otherwise`);
}

/** Whether the payees carry what the grid's policy takes. */
export function carriesShares(shares: readonly GridShare[] = [], payees: readonly Payee[]): boolean {
  return canonical(payees.filter(({ role }) => role === 'grid' || role === 'burn')) === canonical([...shares]);
}

function shareText({ account, role, share_ppm }: GridShare): string {
  return `${formatPercent(share_ppm)} (${role}${account === null ? '' : `, account ${short(account)}`})`;
}

/** The payee with role farmer, who also gets what rounding leaves. @throws Problem `refused` unless there is exactly one */
export function farmerOf(payees: readonly Payee[]): Payee {
  const [farmer, more] = payees.filter(({ role }) => role === 'farmer');
  if (farmer === undefined || more !== undefined) throw refused('terms', 'exactly one payee is the farmer');
  return farmer;
}

function isSet(items: readonly string[]): boolean {
  return new Set(items).size === items.length;
}

function checkParties(state: ReadState, { by, farm, roles, quorums }: Agreement, occasion: Occasion): Signers[] {
  const consumer = `bot/${by}`;
  const farmer = `farm/${farm}`;
  demand(roles.some(({ role, party }) => role === 'consumer' && party === consumer), 'terms', `the roles do not name ${short(consumer)} as consumer`);
  demand(roles.some(({ role, party }) => role === 'farmer' && party === farmer), 'terms', `the roles do not name ${short(farmer)} as farmer`);
  demand(isSet(roles.map(({ party }) => party)), 'terms', 'a party stands twice among the roles');
  const commit = partiesOf(quorums.commit, occasion.rules);
  demand(commit.includes(consumer) && commit.includes(farmer), 'quorum', 'consumer and farmer are both members of the commit quorum');
  // Members of the commit quorum need no role: with 10,000 signers, naming each twice would not fit into a record.
  // Each party is looked up once, however often it is named.
  const grants = new Map([...roles.map(({ party }) => party), ...commit].map((party) => [party, grantsOf(state, party)]));
  const most = readGrid(state).limits.signatures;
  const signersFor = (quorum: Quorum, kind: string): Signers => {
    const signers = signersOf(quorum, occasion.rules, (party) => {
      const found = grants.get(party);
      if (found === undefined) throw refused('terms', `${short(party)} is to sign later, but takes no part in the agreement`);
      return validOn({ ...occasion, kind }, found);
    }, (party) => spendersIn(state, party));
    demand(signers.fewest <= most, 'quorum', () => `a quorum asks for ${signers.fewest} signatures, a record of this grid carries ${most}`);
    return signers;
  };
  // Nobody signs for these three yet; but what nobody could sign is refused now.
  signersFor(quorums.workload, 'workload@1');
  signersFor(quorums.amend, 'amend@1');
  signersFor(quorums.end, 'end@1');
  return [signersFor(quorums.commit, occasion.kind), signersFor(someOf(2, [consumer, farmer]), occasion.kind)];
}
