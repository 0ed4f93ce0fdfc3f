// The rules of a grid: every kind of record there is, and what holds for all of them.
import { iso } from '../base/clock.js';
import { Problem } from '../base/errors.js';
import { MAX_CLOCK_SKEW_MS, MAX_COMMIT_WITHIN_MS } from '../base/limits.js';
import type { ParsedRecord } from '../bcdb/record.js';
import type { Expected, Moment, ReadState, RuleBook } from '../bcdb/rulebook.js';
import type { Genesis, Limits, Payers } from '../schema/types.js';
import { validated } from '../schema/validate.js';
import { account } from './account.js';
import { blueprint, withdraw } from './blueprint.js';
import { agreement, end, workload } from './contract.js';
import { document, endorse } from './document.js';
import { admit, deal, farm, prices, retire } from './farm.js';
import { handover, policy, witnesses } from './governance.js';
import { genesis } from './grid.js';
import { identity, recover } from './identity.js';
import { status } from './meter.js';
import { certificate, mint } from './mint.js';
import { link, network } from './network.js';
import { announcement, drain } from './node.js';
import { readGrid, type GridObject } from './objects.js';
import { amend, claim, fund, notice } from './period.js';
import { checkSigned, missingOf, type Occasion, type Signers } from './quorum.js';
import { demand, refused, short } from './refusal.js';
import { RuleState, type Act, type Rule, type Version } from './rule.js';
import { run } from './run.js';
import { session } from './session.js';
import { accountSigners } from './spending.js';
import { stateRoot } from './state.js';
import { amountsOf, faucet, transfer } from './token.js';
import { ballot, vote } from './vote.js';

const RULES: ReadonlyMap<string, Rule<unknown>> = new Map(
  [
    genesis, policy, witnesses, handover, identity, recover, account, transfer, faucet,
    farm, prices, deal, admit, retire, announcement, drain,
    agreement, workload, end, run, session, status,
    claim, fund, amend, notice,
    certificate, mint,
    blueprint, withdraw,
    document, endorse, vote, ballot,
    network, link,
    stateRoot,
  ].map((rule) => [rule.kind, rule]),
);

/** The rules, of every version: which one a grid runs, its genesis says, and later its policy. `apply` counts on `expected` having passed for the same record on the same state. */
export const gridRules: RuleBook = {
  expected(state, record, moment) {
    const { rule, body, subject } = opened(record);
    const { limits, rules } = checkGrid(state, record, moment);
    checkVersion(rule, record, rules);
    checkSize(record, limits);
    checkDeadline(record, moment, rules);
    const act = { record, body, subject, moment, rules, occasion: occasionOf(record, moment, rules) };
    return expectedOf(withPayers(state, rule.signers(state, act), act), limits, act);
  },

  apply(state, record, moment) {
    const { rule, body, subject } = opened(record);
    const draft = new RuleState(state);
    const payers = payersOf(body);
    const { rules } = lawOf(state, record);
    rule.apply(draft, { record, body, subject, moment, rules, occasion: occasionOf(record, moment, rules) }, { payers, contract: contractOf(rule, body, subject), mints: rule.mints === true });
    for (const [account, left] of payers) {
      demand(left === 0n, 'payers', () => `account ${short(account)} is listed to pay more than is due`);
    }
    draft.commit();
  },
};

/** The contract whose escrow a record may pay out. */
function contractOf({ chain, settles }: Rule<unknown>, body: unknown, subject: string): string | null {
  if (settles === true) return (body as { contract: string }).contract;
  return chain === 'contract' ? subject : null;
}

function occasionOf({ payload: { kind } }: ParsedRecord, { at }: Moment, rules: Version): Occasion {
  return { kind, at, rules };
}

interface Opened {
  readonly rule: Rule<unknown>;
  readonly body: unknown;
  readonly subject: string;
}

/** The record that was opened last: `expected` and `apply` both need its body, one after the other; it is checked once. */
let last: { readonly record: ParsedRecord; readonly opened: Opened } | undefined;

function opened(record: ParsedRecord): Opened {
  if (last?.record === record) return last.opened;
  const { kind, chain, body } = record.payload;
  const rule = RULES.get(kind);
  if (rule === undefined) throw new Problem('failed', `kind ${kind} is not known here; needs a newer release of 3bot`, { reason: 'unknown_kind' });
  const [type, subject = ''] = chain.split('/');
  demand(type === rule.chain, 'chain', `a record of kind ${kind} has no place on a chain ${type}`);
  const found = { rule, subject, body: validated<unknown>(rule.kind, body) };
  last = { record, opened: found };
  return found;
}

/** What the grid says of all its records: genesis' own body for genesis itself. */
function lawOf(state: ReadState, { payload }: ParsedRecord): Pick<GridObject, 'limits' | 'rules'> {
  return state.get('grid') === undefined ? (payload.body as Genesis) : readGrid(state);
}

/** Whether the record is of this grid, or begins it. */
function checkGrid(state: ReadState, record: ParsedRecord, { index }: Moment): Pick<GridObject, 'limits' | 'rules'> {
  const { payload } = record;
  if (state.get('grid') === undefined) {
    demand(payload.kind === genesis.kind && payload.grid === null && index === 0, 'grid', 'the first line of a book is its genesis, which names no grid');
  } else {
    const { id } = readGrid(state);
    demand(payload.grid === id, 'grid', () => `the record is of ${payload.grid === null ? 'no grid' : `grid ${short(payload.grid)}`}, this is grid ${short(id)}`);
  }
  return lawOf(state, record);
}

function checkVersion({ kind, since = 1 }: Rule<unknown>, { payload: { v } }: ParsedRecord, rules: Version): void {
  demand(v === 1 || rules >= 2, 'later_release', 'a record whose signatures cover its id needs rules 2');
  demand(since <= rules, 'later_release', `a record of kind ${kind} needs rules ${since}; this grid runs rules ${rules}, which its governance can raise`);
}

function checkSize({ text }: ParsedRecord, limits: Limits): void {
  const bytes = Buffer.byteLength(text);
  demand(bytes <= limits.record_bytes, 'size', `a record of ${bytes} bytes, this grid takes ${limits.record_bytes}`);
}

/** Until when signatures can be used, within the signed bytes. Every body with `commit_by` is treated the same, whatever its kind. */
function checkDeadline({ payload: { kind, time, body } }: ParsedRecord, { at }: Moment, rules: Version): void {
  const { commit_by } = body as { commit_by?: number };
  if (commit_by === undefined) return;
  demand(rules >= 2 || kind === agreement.kind, 'later_release', `a deadline for signatures on ${kind} needs rules 2`);
  demand(at <= commit_by, 'deadline', () => `this could be committed until ${iso(commit_by)}, it is ${iso(at)}`);
  demand(commit_by - time <= MAX_COMMIT_WITHIN_MS, 'terms', () => `signatures may be collected for ${MAX_COMMIT_WITHIN_MS / 86_400_000} days at most`);
}

/** What the listed payers give. Every body with `payers` is treated the same, whatever its kind. */
function payersOf(body: unknown): Map<string, bigint> {
  const { payers } = body as { payers?: Payers };
  return payers === undefined ? new Map() : amountsOf(payers);
}

/**
 * Adds the payers to those who must sign: only an account's own keys can debit it. Such a key counts for accounts
 * alone; where it would count for a bot, farm or node too, one signature would say two things.
 */
function withPayers(state: ReadState, signers: readonly Signers[], { body, occasion }: Act<unknown>): readonly Signers[] {
  const payers = [...payersOf(body).keys()].map((payer) => ({ payer, spending: accountSigners(state, payer, occasion) }));
  for (const { payer, spending } of payers) {
    for (const key of spending.keys.keys()) {
      for (const { keys } of signers) {
        const party = keys.get(key) ?? `account/${key}`;
        demand(party.startsWith('account/'), 'payers', () => `account ${short(payer)} pays with the key of ${short(party)}; a payer has a key of its own`);
      }
    }
  }
  return [...signers, ...payers.map(({ spending }) => spending)];
}

function expectedOf(signers: readonly Signers[], limits: Limits, { record: { payload: { time } }, moment: { at }, rules }: Act<unknown>): Expected {
  const allowed = allowedOf(signers, rules);
  // Where several sign, collecting takes time; then only a time to come is wrong.
  const early = new Set(allowed.values()).size === 1 ? at - MAX_CLOCK_SKEW_MS : 0;
  if (time < early || time > at + MAX_CLOCK_SKEW_MS) {
    throw refused('time', `signed at ${iso(time)}, taken in at ${iso(at)}: more than ${MAX_CLOCK_SKEW_MS / 60_000} minutes apart`);
  }
  return {
    allowed,
    check(signed) {
      demand(signed.size <= limits.signatures, 'size', `${signed.size} signatures, this grid takes ${limits.signatures} on a record`);
      for (const group of signers) checkSigned(group, signed);
    },
    missing(signed) {
      return [...new Set(signers.flatMap((group) => missingOf(group, signed)))];
    },
  };
}

/** Every key that may sign, with the party it speaks for: the same one in every group, or one signature would say two things. */
function allowedOf(signers: readonly Signers[], rules: Version): Map<string, string> {
  const allowed = new Map<string, string>();
  for (const { keys } of signers) {
    for (const [key, party] of keys) {
      const before = allowed.get(key) ?? party;
      demand(before === party || rules < 2, 'key', () => `one key speaks for both ${short(before)} and ${short(party)}; a signature says one thing`);
      allowed.set(key, before);
    }
  }
  return allowed;
}
