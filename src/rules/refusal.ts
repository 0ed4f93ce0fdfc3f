// Why a rule says no.
import { Problem } from '../base/errors.js';

/** The reasons of rules, a closed set; programs branch on them, people read the message. */
export type RefusalReason =
  | 'grid' // of another grid, or out of place in this one
  | 'chain' // the chain does not fit the kind or the body
  | 'time' // signed too far from when it was taken in
  | 'size' // above the grid's limit on bytes or signatures
  | 'signatures' // a signature that is needed is missing
  | 'quorum' // a quorum that nobody can meet, or of a form that rules 1 do not know
  | 'payers' // the payers do not fit what is paid
  | 'funds' // too little TFT
  | 'supply' // above the grid's maximum supply, or what may be minted for a period
  | 'amount' // an amount that is not allowed here
  | 'key' // keys that must be distinct, or are not the right ones
  | 'id' // an id that does not follow from who made it
  | 'identity' // no such identity on this grid
  | 'name' // the name is taken
  | 'not_found' // a farm, node or contract that does not exist
  | 'exists'
  | 'dev' // only on development grids
  | 'faucet' // the faucet gave already
  | 'not_sellable' // the node is not of this farm, or not admitted
  | 'drained' // the node takes nothing new for now
  | 'capacity' // the node has too little left
  | 'price' // the total does not follow from resources, prices, term and discounts
  | 'shares' // the payees do not carry what the grid's policy takes
  | 'terms' // an agreement whose parts do not fit each other
  | 'network' // a private network of somebody else, or an address in it that is taken or cannot be had
  | 'workload' // a workload list that cannot be run, or a workload that is not in it
  | 'certificate' // no certifiers, or a certificate that contradicts the one before
  | 'period' // a period of minting that is not over, or that was minted
  | 'uptime' // too little confirmed time in a period of minting, or a violation
  | 'state_root' // a state root out of form, too early, or with nothing new to say
  | 'deadline' // too late
  | 'meter' // a status too early, or one that has not seen the meter's last entry; or who may not be a meter
  | 'state' // the contract is not in a state for this
  | 'ended' // the contract is ended already
  | 'later_release' // decided, but not yet part of these rules
  | 'bound'; // would touch more objects than a rule may

/** The refusal to be thrown. @param message what and why, lower case, no full stop */
export function refused(reason: RefusalReason, message: string): Problem {
  return new Problem('refused', message, { reason });
}

/** Throws the refusal unless the condition holds. */
export function demand(condition: boolean, reason: RefusalReason, message: string | (() => string)): asserts condition {
  if (!condition) throw refused(reason, typeof message === 'string' ? message : message());
}

/** A key or id short enough for a message. */
export function short(id: string): string {
  return id.replace(/[0-9a-f]{40,64}/, (hex) => `${hex.slice(0, 8)}…`);
}
