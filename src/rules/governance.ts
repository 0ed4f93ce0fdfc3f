// What governance may change after genesis: the policy (rules, shares, cap on minting), who cosigns, and who numbers the lines.
//
//   size of a checkpoint   … ≤ until of era 0 │ … ≤ until of era 1 │ … (no end)
//   whose word it is       era/0               era/1                grid
import { stroops } from '../base/amount.js';
import { canonical } from '../base/canonical.js';
import { MAX_ERAS, MIN_MINT_PERIOD_MS } from '../base/limits.js';
import type { ReadState, State } from '../bcdb/rulebook.js';
import { FARMING_PERIOD_MS } from '../capacity/farming.js';
import type { GridShare, Handover, Policy, WitnessChange } from '../schema/types.js';
import { PPM } from './agreement.js';
import { botsOf, checkWitnesses } from './grid.js';
import { read, readGrid, write, writeGrid, type EraObject, type GridObject } from './objects.js';
import { demand } from './refusal.js';
import type { Rule } from './rule.js';

/**
 * policy@1: what holds from the next line on, whole. Which rules the grid runs only rises, since what a later version
 * has let in stays in. What every agreement pays to grid and burn counts for agreements from then on; contracts in
 * force keep theirs.
 */
export const policy: Rule<Policy> = {
  kind: 'policy@1',
  chain: 'grid',
  signers(state, { body }) {
    const grid = readGrid(state);
    demand(body.rules >= grid.rules, 'terms', `the grid runs rules ${grid.rules}; they can only be raised`);
    demand(canonical(body) !== canonical(policyOf(grid)), 'terms', 'this is the policy already');
    demand(body.rules >= 2 || (body.shares === undefined && body.mint_cap_stroops === undefined && body.mint_period_ms === undefined), 'later_release', 'shares, and a cap on minting or a period of it, need rules 2');
    checkGridShares(body.shares ?? []);
    if (body.mint_cap_stroops !== undefined) stroops(body.mint_cap_stroops);
    if (body.mint_period_ms !== undefined) checkMintPeriod(grid, body.mint_period_ms);
    return [botsOf(grid.governance, grid.rules, grid)];
  },
  apply(state, { body }) {
    const { rules: _rules, shares: _shares, mint_cap_stroops: _cap, mint_period_ms: _period, ...grid } = readGrid(state);
    writeGrid(state, { ...grid, ...body });
  },
};

/** The policy that holds, as policy@1 says it. */
export function policyOf({ rules, shares, mint_cap_stroops, mint_period_ms }: GridObject): Policy {
  return { rules, ...(shares === undefined ? {} : { shares }), ...(mint_cap_stroops === undefined ? {} : { mint_cap_stroops }), ...(mint_period_ms === undefined ? {} : { mint_period_ms }) };
}

/** So that minting can be tried without waiting for a month: the rate stays, the time after which it is paid is shorter. */
function checkMintPeriod({ dev, name, heartbeat_ms }: GridObject, mint_period_ms: number): void {
  demand(dev, 'dev', `grid ${name} is no development grid: its period of minting is ${FARMING_PERIOD_MS / 1_000} s`);
  const least = Math.max(heartbeat_ms, MIN_MINT_PERIOD_MS);
  demand(mint_period_ms >= least && mint_period_ms <= FARMING_PERIOD_MS, 'terms', `a period of minting here has at least ${least} ms, a heartbeat and a second, and at most ${FARMING_PERIOD_MS} ms`);
}

/** The farmer must be left something, or nobody would sell. */
function checkGridShares(shares: readonly GridShare[]): void {
  for (const { account, role } of shares) demand((account === null) === (role === 'burn'), 'terms', 'what is burned goes to no account, and nothing else does');
  demand(new Set(shares.map(({ account }) => account)).size === shares.length, 'terms', 'an account, or burn, stands twice');
  demand(shares.reduce((sum, { share_ppm }) => sum + share_ppm, 0) < PPM, 'terms', 'the shares leave nothing to the farmer');
}

/**
 * witnesses@1: who cosigns from now on. At line n the checkpoint of n + 1 lines is still the old quorum's: a change
 * counts only below it. Whatever covers more needs the new one.
 */
export const witnesses: Rule<WitnessChange> = {
  kind: 'witnesses@1',
  chain: 'grid',
  signers(state, { body }) {
    const grid = readGrid(state);
    if (body.witnesses !== null) checkWitnesses(body.witnesses, grid);
    demand(JSON.stringify(body.witnesses) !== JSON.stringify(grid.witnesses), 'terms', 'these are the witnesses already');
    return [botsOf(grid.governance, grid.rules, grid)];
  },
  apply(state, { body, moment }) {
    begin(state, moment.index + 1, { witnesses: body.witnesses });
  },
};

/**
 * handover@1: another home numbers the lines, this one being its first. It stands where governance has seen the book
 * end, so no copy takes anything that the old home may still sign for what is below it, and none of the old home's help
 * is needed. Who has no copy goes by the time of the hand-over (bcdb/checkpoint.ts).
 */
export const handover: Rule<Handover> = {
  kind: 'handover@1',
  chain: 'grid',
  signers(state, { body, moment }) {
    const { seen, log_key, clock_key } = body;
    const grid = readGrid(state);
    demand(seen.size === moment.index, 'grid', `the hand-over is made for line ${seen.size}, this is line ${moment.index}`);
    demand(log_key !== clock_key, 'key', "the new log's key and its clock's key are one and the same");
    for (const key of [log_key, clock_key]) checkUnused(state, grid, key);
    return [botsOf(grid.governance, grid.rules, body)];
  },
  apply(state, { body: { log_key, clock_key }, moment }) {
    begin(state, moment.index, { log_key, clock_key, handovers: (readGrid(state).handovers ?? 0) + 1 }, { handover_ms: moment.at });
  },
};

/** The new home's keys are nobody else's yet, least of all the old home's. */
function checkUnused(state: ReadState, { log_key, clock_key, witnesses: lines }: GridObject, key: string): void {
  demand(key !== log_key && key !== clock_key, 'key', 'the new home has a key of the old one; with it the old home could go on');
  demand(read(state, 'bot', key) === undefined && read(state, 'node', key) === undefined && read(state, 'key', key) === undefined, 'key', 'the new home has the key of a bot or node; use another');
  if (lines !== null) checkWitnesses(lines, { log_key: key, clock_key: key });
}

/** Begins an era. @param until lines that checkpoints of the one before may cover */
function begin(state: State, until: number, change: Partial<GridObject>, end: Pick<EraObject, 'handover_ms'> = {}): void {
  const grid = readGrid(state);
  const { log_key, clock_key, witnesses: lines, eras = 0 } = grid;
  demand(eras < MAX_ERAS, 'bound', `governance has changed witnesses and homes ${eras} times; no more are taken`);
  write(state, 'era', `${eras}`, { until, log_key, clock_key, witnesses: lines, ...end });
  writeGrid(state, { ...grid, ...change, eras: eras + 1 });
}
