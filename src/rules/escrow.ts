// The escrow of a contract: who is paid from it, and whose it is meanwhile.
import type { ReadState, State } from '../bcdb/rulebook.js';
import type { Payers } from '../schema/types.js';
import { read, write, type ContractObject } from './objects.js';
import { demand, short } from './refusal.js';
import type { Allowance } from './rule.js';
import { payouts, sharesOf, stakesOf, type Share, type Stake } from './split.js';
import { move, noteEscrowed } from './token.js';

/** @throws Problem `refused`, reason `not_found` */
export function contractOf(state: ReadState, id: string): ContractObject {
  const contract = read(state, 'contract', id);
  demand(contract !== undefined, 'not_found', `no contract ${short(id)} on this grid`);
  return contract;
}

/** In which proportion the escrow is whose. */
export function payersOf({ agreement, payers }: ContractObject): Payers {
  return payers ?? agreement.payers;
}

/** Whose how much of the escrow is. */
export function stakesIn(contract: ContractObject): Stake[] {
  return stakesOf(payersOf(contract), BigInt(contract.escrow_stroops));
}

/** Carries out what changes a contract's escrow, and brings up to date what the payers' accounts say of it. */
export function changeEscrow(state: State, id: string, change: () => void): void {
  const before = new Map(stakesIn(contractOf(state, id)).map(({ account, amount_stroops }) => [account, amount_stroops]));
  change();
  for (const { account, amount_stroops } of stakesIn(contractOf(state, id))) {
    const by = amount_stroops - (before.get(account) ?? 0n);
    if (by !== 0n) noteEscrowed(state, account, by);
  }
}

/** Pays the payees their shares of what is billed so far, less what they had; what rounding leaves waits for the end. */
export function payOut(state: State, allowance: Allowance, id: string, billed: bigint): void {
  const { agreement, paid_stroops } = contractOf(state, id);
  changeEscrow(state, id, () => {
    payMore(state, allowance, id, sharesOf(agreement.payees, billed), sharesOf(agreement.payees, BigInt(paid_stroops ?? '0')));
    write(state, 'contract', id, { ...contractOf(state, id), paid_stroops: billed.toString() });
  });
}

/** Pays out what is billed and gives the rest back; the escrow is 0 afterwards, to the stroop. */
export function settle(state: State, allowance: Allowance, id: string, billed: bigint, refunded: bigint): void {
  const contract = contractOf(state, id);
  const { payees } = contract.agreement;
  const { shares, refunds } = payouts({ payees, payers: payersOf(contract) }, billed, refunded);
  changeEscrow(state, id, () => {
    payMore(state, allowance, id, shares, sharesOf(payees, BigInt(contract.paid_stroops ?? '0')));
    payBack(state, allowance, id, refunds);
  });
}

/** Gives payers back what is theirs. */
export function payBack(state: State, allowance: Allowance, id: string, refunds: readonly Stake[]): void {
  for (const { account, amount_stroops } of refunds) move(state, allowance, { escrow: id }, { account }, amount_stroops);
}

function payMore(state: State, allowance: Allowance, id: string, shares: readonly Share[], had: readonly Share[]): void {
  for (const [i, { account, amount_stroops }] of shares.entries()) {
    move(state, allowance, { escrow: id }, account === null ? 'burn' : { account }, amount_stroops - (had[i]?.amount_stroops ?? 0n));
  }
}
