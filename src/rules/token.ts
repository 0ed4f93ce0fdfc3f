// TFT of the grid: balances, transfers, the faucet. Money moves in `move` and nowhere else.
import { formatTft, MAX_STROOPS, stroops } from '../base/amount.js';
import type { ReadState, State } from '../bcdb/rulebook.js';
import type { Faucet, Payers, Prices, Transfer } from '../schema/types.js';
import { read, readGrid, write, writeGrid, type AccountObject } from './objects.js';
import { demand, refused, short } from './refusal.js';
import type { Allowance, Rule } from './rule.js';
import { accountSigners } from './spending.js';

/** Where money is: an account, or the escrow of a contract. It comes into being from `mint`, and ends in `burn`. */
export type Purse = { readonly account: string } | { readonly escrow: string };

/**
 * Moves money. It leaves a listed payer up to the listed amount, the escrow of the record's own contract, or a mint
 * where the rule may mint; nothing else.
 * @param amount stroops; 0 does nothing
 * @throws Problem `refused`: `funds`, `supply`; plain Error where a rule takes from what it may not touch
 */
export function move(state: State, allowance: Allowance, from: Purse | 'mint', to: Purse | 'burn', amount: bigint): void {
  if (amount < 0n) throw new Error('a negative amount cannot move');
  if (amount === 0n) return;
  if (from === 'mint') mint(state, allowance, amount);
  else if ('account' in from) debit(state, allowance, from.account, amount);
  else {
    if (allowance.contract !== from.escrow) throw new Error("a record pays out its own contract's escrow only");
    changeEscrow(state, from.escrow, -amount);
  }
  if (to === 'burn') burn(state, amount);
  else if ('account' in to) change(state, to.account, { balance: amount });
  else changeEscrow(state, to.escrow, amount);
}

/** Notes that so much of an account's money is held in contracts (or, negative, no longer is). Moves nothing. */
export function noteEscrowed(state: State, account: string, amount: bigint): void {
  change(state, account, { escrowed: amount });
}

/**
 * What each payer has to give.
 * @throws Problem `refused`, reason `payers`, where an account stands twice or with nothing
 */
export function amountsOf(payers: Payers): Map<string, bigint> {
  const amounts = new Map<string, bigint>();
  for (const { account, amount_stroops } of payers) {
    const amount = stroops(amount_stroops);
    demand(amount > 0n, 'payers', () => `account ${short(account)} is listed to pay nothing`);
    demand(!amounts.has(account), 'payers', () => `account ${short(account)} is listed to pay twice`);
    amounts.set(account, amount);
  }
  return amounts;
}

/** @throws Problem `malformed` where a price is above 2^63-1 stroops */
export function checkPrices(prices: Prices): void {
  for (const price of Object.values<string>({ ...prices })) stroops(price);
}

/** An account as it stands; one that nobody has paid yet has nothing. */
export function accountOf(state: ReadState, key: string): AccountObject {
  return read(state, 'account', key) ?? { key, balance_stroops: '0', escrowed_stroops: '0', faucet_taken: false };
}

function change(state: State, key: string, by: { balance?: bigint; escrowed?: bigint }): void {
  const account = accountOf(state, key);
  const balance = BigInt(account.balance_stroops) + (by.balance ?? 0n);
  const escrowed = BigInt(account.escrowed_stroops) + (by.escrowed ?? 0n);
  for (const amount of [balance, escrowed]) {
    if (amount < 0n || amount > MAX_STROOPS) throw new Error(`account ${key} would hold ${amount} stroops`);
  }
  write(state, 'account', key, { ...account, balance_stroops: balance.toString(), escrowed_stroops: escrowed.toString() });
}

function debit(state: State, allowance: Allowance, key: string, amount: bigint): void {
  const left = allowance.payers.get(key) ?? 0n;
  if (amount > left) throw new Error(`the record does not let account ${key} pay ${amount} stroops`);
  const balance = BigInt(accountOf(state, key).balance_stroops);
  if (balance < amount) throw refused('funds', `account ${short(key)} has ${formatTft(balance)} TFT, ${formatTft(amount)} TFT are needed`);
  change(state, key, { balance: -amount });
  allowance.payers.set(key, left - amount);
}

function mint(state: State, allowance: Allowance, amount: bigint): void {
  if (!allowance.mints) throw new Error('this kind of record does not mint');
  const grid = readGrid(state);
  const supply = BigInt(grid.supply_stroops) + amount;
  const most = BigInt(grid.max_supply_stroops);
  demand(supply <= most, 'supply', () => `${formatTft(supply)} TFT would exist, this grid allows ${formatTft(most)} TFT`);
  writeGrid(state, { ...grid, supply_stroops: supply.toString() });
}

/** What is burned no longer exists; as much may be minted again. */
function burn(state: State, amount: bigint): void {
  const grid = readGrid(state);
  const supply = BigInt(grid.supply_stroops) - amount;
  if (supply < 0n) throw new Error(`${amount} stroops of a supply of ${grid.supply_stroops} cannot be burned`);
  writeGrid(state, { ...grid, supply_stroops: supply.toString(), burned_stroops: (BigInt(grid.burned_stroops ?? '0') + amount).toString() });
}

function changeEscrow(state: State, id: string, by: bigint): void {
  const contract = read(state, 'contract', id);
  if (contract === undefined) throw new Error(`no contract ${id}`);
  const escrow = BigInt(contract.escrow_stroops) + by;
  if (escrow < 0n || escrow > MAX_STROOPS) throw new Error(`contract ${id} would hold ${escrow} stroops`);
  write(state, 'contract', id, { ...contract, escrow_stroops: escrow.toString() });
}

/** transfer@1: the chain's own account pays another. */
export const transfer: Rule<Transfer> = {
  kind: 'transfer@1',
  chain: 'account',
  signers(_state, { body, subject }) {
    const payer = body.payers[0];
    demand(payer !== undefined && body.payers.length === 1 && payer.account === subject, 'payers', () => `a transfer on account ${short(subject)} is paid by that account and no other`);
    demand(body.to !== subject, 'payers', 'an account cannot pay itself');
    // The account is a payer, so its keys sign in any case.
    return [];
  },
  apply(state, { body }, allowance) {
    for (const [account, amount] of amountsOf(body.payers)) move(state, allowance, { account }, { account: body.to }, amount);
  },
};

/** faucet@1: TFT for trying things out, once an account, on development grids. */
export const faucet: Rule<Faucet> = {
  kind: 'faucet@1',
  chain: 'account',
  mints: true,
  signers(state, { subject, occasion }) {
    return [accountSigners(state, subject, occasion)];
  },
  apply(state, { body, subject }, allowance) {
    const grid = readGrid(state);
    demand(grid.dev && grid.faucet_stroops !== null, 'dev', `grid ${grid.name} has no faucet`);
    const gives = stroops(grid.faucet_stroops);
    demand(stroops(body.amount_stroops) === gives, 'amount', () => `the faucet of this grid gives ${formatTft(gives)} TFT, not ${formatTft(stroops(body.amount_stroops))} TFT`);
    const account = accountOf(state, subject);
    demand(!account.faucet_taken, 'faucet', () => `account ${short(subject)} has had TFT from the faucet before`);
    write(state, 'account', subject, { ...account, faucet_taken: true });
    move(state, allowance, 'mint', { account: subject }, gives);
  },
};
