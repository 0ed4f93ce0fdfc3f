// A contract that lives: its payees claim, its payers fund it, its parties amend it, its farm gives notice.
//
//          period 1                        │ amend, or fund in the grace: period 2
//   held ──────────── fund: longer term ───┤ ───────────────────────────────────────▶
//                                          └ what period 1 used is `closed`; what is left pays for period 2
//
// Whatever changes who paid what first pays the payees what is billed, so that what is left is the payers' alone.
import { formatTft, stroops } from '../base/amount.js';
import { iso } from '../base/clock.js';
import { MAX_CONTRACT_ACCOUNTS, MAX_CONTRACT_PAYERS, MAX_DURATION_MS } from '../base/limits.js';
import type { State } from '../bcdb/rulebook.js';
import { totalStroops } from '../capacity/price.js';
import type { Amend, Claim, Fund, Notice, Payers } from '../schema/types.js';
import { checkPrice, type Terms } from './agreement.js';
import { checkNotSettled, withMark } from './contract.js';
import { changeEscrow, contractOf, payBack, payersOf, payOut, stakesIn } from './escrow.js';
import { farmSigns } from './farm.js';
import { keepUntil, reallocate } from './node.js';
import { write, type ContractObject, type Period } from './objects.js';
import { checkPlace } from './place.js';
import { resolve, someOf } from './quorum.js';
import { demand, refused, short } from './refusal.js';
import type { Allowance, Rule } from './rule.js';
import { accountSigners } from './spending.js';
import { sharedOut, takenFrom, type Stake } from './split.js';
import { amountsOf, move } from './token.js';
import { viewOf, type ContractView } from './view.js';

/** claim@1, by one of the payees: pays all of them what is billed and was not paid yet. */
export const claim: Rule<Claim> = {
  kind: 'claim@1',
  chain: 'account',
  since: 2,
  settles: true,
  signers(state, { body, subject, occasion }) {
    const { agreement } = contractOf(state, body.contract);
    demand(agreement.payees.some(({ account }) => account === subject), 'terms', () => `account ${short(subject)} gets nothing of contract ${short(body.contract)}`);
    return [accountSigners(state, subject, occasion)];
  },
  apply(state, { body: { contract: id }, moment: { at } }, allowance) {
    const contract = contractOf(state, id);
    checkNotSettled(contract);
    const { billed_stroops } = viewOf(state, contract, at);
    demand(billed_stroops > BigInt(contract.paid_stroops ?? '0'), 'state', `contract ${short(id)} owes nothing that is not paid yet`);
    payOut(state, allowance, id, billed_stroops);
  },
};

/**
 * fund@1, by an account that has paid into the contract: more time at the same prices, which the farm need not sign
 * because it can give notice.
 */
export const fund: Rule<Fund> = {
  kind: 'fund@1',
  chain: 'account',
  since: 2,
  settles: true,
  signers(state, { body: { contract: id, payers }, subject }) {
    const [payer, more] = payers;
    demand(payer?.account === subject && more === undefined, 'payers', () => `a contract is funded on account ${short(subject)} by that account and no other`);
    const contract = contractOf(state, id);
    checkNotSettled(contract);
    demand(payersOf(contract).some(({ account }) => account === subject), 'payers', () => `account ${short(subject)} has not paid for contract ${short(id)} before; an amendment takes other payers`);
    demand(contract.agreement.notice_ms > 0, 'terms', `the farm cannot give notice of contract ${short(id)}, so only an amendment, which it signs, lengthens it`);
    // The account is a payer, so its keys sign in any case.
    return [];
  },
  apply(state, { body: { contract: id, term_ms, payers }, moment: { at } }, allowance) {
    const contract = contractOf(state, id);
    const { seen, period } = alive(state, contract, at);
    demand(contract.notice === undefined, 'state', `contract ${short(id)} ends by its farm's notice`);
    const isActive = seen.state === 'active';
    const paused = isActive ? 0 : at - (seen.funded_until ?? at);
    // Or one second after each pause would hold capacity and data for nothing.
    demand(term_ms >= paused, 'terms', () => `contract ${short(id)} has been paused for ${Math.ceil(paused / 1_000)} s; what funds it now is for as long at least`);
    const next = isActive ? priced({ ...period, term_ms: period.term_ms + term_ms }) : priced({ ...period, since: at, term_ms });
    demand(next.term_ms <= MAX_DURATION_MS, 'terms', 'a term is at most ten years');
    const price = BigInt(next.total_stroops) - (isActive ? BigInt(period.total_stroops) : 0n);
    const paid = sumOf(payers);
    demand(paid === price, 'payers', () => `this costs ${formatTft(price)} TFT, the payer gives ${formatTft(paid)} TFT`);
    if (isActive) payOut(state, allowance, id, seen.billed_stroops);
    else close(state, allowance, id, seen);
    payIn(state, allowance, id, payers);
    begin(state, id, next, at);
  },
};

/**
 * amend@1: other resources, prices or term, from now on, by the amend quorum, and consumer and farmer in any case. What
 * was used is paid, the time since the meter's last entry included. A disk may grow, never shrink: the file system of
 * a node's volume is only ever grown.
 */
export const amend: Rule<Amend> = {
  kind: 'amend@1',
  chain: 'contract',
  since: 2,
  signers(state, { body, subject, occasion }) {
    const { agreement } = contractOf(state, subject);
    checkPrice(body);
    return [resolve(state, agreement.quorums.amend, occasion), resolve(state, someOf(2, [`bot/${agreement.by}`, `farm/${agreement.farm}`]), occasion)];
  },
  apply(state, { body, subject: id, moment: { at } }, allowance) {
    const contract = contractOf(state, id);
    const { seen, period } = alive(state, contract, at);
    const { sru_mib, hru_mib } = period.resources;
    demand(body.resources.sru_mib >= sru_mib && body.resources.hru_mib >= hru_mib, 'terms', 'a volume may grow and never shrink, since its file system is only ever grown; deploy to a new contract with less disk');
    checkPlace(reallocate(state, contract.agreement.node, id, body.resources, at), body);
    close(state, allowance, id, seen);
    payIn(state, allowance, id, body.payers);
    giveBack(state, allowance, id, stroops(body.total_stroops));
    const { notice: _lifted, ...amended } = contractOf(state, id);
    write(state, 'contract', id, amended);
    begin(state, id, { since: at, ...termsOf(body) }, at);
  },
};

/** notice@1, by the farm: the contract ends once the agreed notice is over, and what is unused goes back. */
export const notice: Rule<Notice> = {
  kind: 'notice@1',
  chain: 'farm',
  since: 2,
  signers(state, { body, subject, moment: { at } }) {
    const contract = contractOf(state, body.contract);
    checkNotSettled(contract);
    demand(contract.agreement.farm === subject, 'terms', `contract ${short(body.contract)} is another farm's`);
    demand(contract.agreement.notice_ms > 0, 'terms', `contract ${short(body.contract)} knows no notice: the farm is bound until ${iso(viewOf(state, contract, at).ends_at)}`);
    return [farmSigns(state, subject)];
  },
  apply(state, { body: { contract: id, reason }, moment: { at } }) {
    const contract = contractOf(state, id);
    const { state: now, ends_at } = viewOf(state, contract, at);
    demand(now !== 'ended', 'ended', () => `contract ${short(id)} ended at ${iso(ends_at)}`);
    demand(contract.notice === undefined, 'exists', () => `notice was given before: contract ${short(id)} ends at ${iso(ends_at)}`);
    keep(state, { ...contract, notice: { at, ends_at: at + contract.agreement.notice_ms, reason } }, at);
  },
};

/** A contract that is held and not over, with what is bought now. */
function alive(state: State, contract: ContractObject, at: number): { seen: ContractView; period: Period } {
  checkNotSettled(contract);
  const seen = viewOf(state, contract, at);
  demand(seen.state !== 'ended', 'ended', () => `contract ${short(contract.id)} ended at ${iso(seen.ends_at)}`);
  if (seen.period === null) throw refused('state', `contract ${short(contract.id)} is not held by its node yet`);
  return { seen, period: seen.period };
}

/** A period at its exact price. */
function priced({ resources, prices, discounts, term_ms, ...period }: Period): Period {
  return { ...period, ...termsOf({ resources, prices, ...(discounts === undefined ? {} : { discounts }), term_ms, total_stroops: totalStroops(resources, prices, term_ms, discounts).toString() }) };
}

function termsOf({ resources, prices, discounts, term_ms, total_stroops }: Terms): Terms {
  return { resources, prices, ...(discounts === undefined ? {} : { discounts }), term_ms, total_stroops };
}

/** Ends a period: who changes it owes the time since the meter's last entry, too. */
function close(state: State, allowance: Allowance, id: string, { billed_stroops, open_stroops }: ContractView): void {
  const billed = billed_stroops + open_stroops;
  payOut(state, allowance, id, billed);
  write(state, 'contract', id, { ...contractOf(state, id), closed_stroops: billed.toString() });
}

/** Takes what these pay into the escrow: each has what was left of its own, and that. */
function payIn(state: State, allowance: Allowance, id: string, payers: Payers): void {
  changeEscrow(state, id, () => {
    const stakes = new Map(stakesIn(contractOf(state, id)).map(({ account, amount_stroops }) => [account, amount_stroops]));
    for (const [account, amount] of amountsOf(payers)) {
      move(state, allowance, { account }, { escrow: id }, amount);
      stakes.set(account, (stakes.get(account) ?? 0n) + amount);
    }
    const most = Math.min(MAX_CONTRACT_PAYERS, MAX_CONTRACT_ACCOUNTS - contractOf(state, id).agreement.payees.length);
    demand(stakes.size <= most, 'payers', `a contract ${most === MAX_CONTRACT_PAYERS ? '' : 'of so many payees '}has ${most} payers at the most`);
    setStakes(state, id, [...stakes].map(([account, amount_stroops]) => ({ account, amount_stroops })));
  });
}

/** Gives back what the escrow holds beyond the total of what is bought, to each in proportion to what it has in it. */
function giveBack(state: State, allowance: Allowance, id: string, total: bigint): void {
  const { agreement, escrow_stroops, closed_stroops = '0' } = contractOf(state, id);
  const rounded = BigInt(closed_stroops) - sharedOut(agreement.payees, BigInt(closed_stroops));
  const surplus = BigInt(escrow_stroops) - rounded - total;
  demand(surplus >= 0n, 'payers', () => `${formatTft(-surplus)} TFT more are needed: what is in escrow and what the payers give does not pay for this`);
  changeEscrow(state, id, () => {
    const stakes = stakesIn(contractOf(state, id));
    const refunds = takenFrom(stakes, surplus);
    payBack(state, allowance, id, refunds);
    setStakes(state, id, stakes.map(({ account, amount_stroops }, i) => ({ account, amount_stroops: amount_stroops - (refunds[i]?.amount_stroops ?? 0n) })));
  });
}

function setStakes(state: State, id: string, stakes: readonly Stake[]): void {
  write(state, 'contract', id, { ...contractOf(state, id), payers: stakes.map(({ account, amount_stroops }) => ({ account, amount_stroops: amount_stroops.toString() })) });
}

/** Begins what is bought from now on, or lengthens what is. */
function begin(state: State, id: string, period: Period, at: number): void {
  const contract = { ...contractOf(state, id), period };
  keep(state, period.since === at ? withMark(state, contract) : contract, at);
}

function keep(state: State, contract: ContractObject, at: number): void {
  write(state, 'contract', contract.id, contract);
  keepUntil(state, contract.agreement.node, contract.id, viewOf(state, contract, at), at);
}

function sumOf(payers: Payers): bigint {
  return [...amountsOf(payers).values()].reduce((a, b) => a + b, 0n);
}
