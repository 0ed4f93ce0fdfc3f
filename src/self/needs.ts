// What waits for the owner of a bot: only what nobody else can do, each with its command. Pure.
import { formatTft, parseTft } from '../base/amount.js';
import { LOW_TIME_MS } from '../base/limits.js';
import type { ContractShown } from '../market/contract.js';
import type { Status } from './status.js';

/** Something that only the owner can do, and the command for it. */
export interface Need {
  readonly why: string;
  readonly command: string;
}

/** What the book does not show. */
export interface Waiting {
  /** ms since 1970. */
  readonly at: number;
  /** Drafts that wait for this bot's signature, and letters in mailboxes that are kept here. */
  readonly drafts: number;
  readonly letters: number;
  /** What was wrong with the farm's script when it failed within the last day. */
  readonly script: string | null;
}

/** Most urgent first. */
export function needsOf({ identity, grids, farm, node, contracts, running }: Omit<Status, 'needs' | 'lately'>, { at, drafts, letters, script }: Waiting): Need[] {
  const needs: Need[] = [];
  const need = (why: string, command: string): void => void needs.push({ why, command });
  const current = grids.find(({ in_use }) => in_use);
  for (const contract of contracts) needs.push(...ofContract(contract, current?.balance ?? null, at));
  for (const { name, evidence } of grids) if (evidence > 0) need(`the home of grid ${name} has signed what cannot be; evidence is kept`, '3bot bcdb evidence list');
  for (const { name, size } of grids) if (size === 0) need(`the book of grid ${name} cannot be read`, '3bot bcdb verify');
  if (drafts > 0) need(`${drafts === 1 ? 'a draft waits' : `${drafts} drafts wait`} for your signature`, '3bot inbox');
  if (letters > 0) need(`${letters === 1 ? 'a letter waits' : `${letters} letters wait`} in your mailbox`, '3bot inbox');
  if (script !== null) need(`your farm's policy script failed lately: ${script}`, '3bot farm policy test --cpu 1 --for 1h');
  if (node !== null && !node.admitted) need('its farm has not admitted this node', '3bot node join INVITATION');
  if (farm !== null && !running) need(`nobody can buy from farm ${farm.name} while it is not served`, '3bot serve');
  if (farm !== null && farm.mintable !== formatTft(0n)) need(`farm ${farm.name} can mint ${farm.mintable} TFT for the period that is over`, '3bot farm mint');
  if (node !== null && !running) need('this node runs nothing new while nobody watches', '3bot node watch');
  if (identity === null && farm === null && node === null) need('there is no identity yet', '3bot identity create');
  else if (grids.length === 0) need('there is no grid yet', '3bot grid join URL   (or 3bot dev up, to try things on this machine)');
  if (current === undefined && grids.length > 0) need('no grid is in use', '3bot grid use NAME');
  if (current?.dev === true && current.balance === formatTft(0n) && contracts.length === 0) need('the wallet is empty', '3bot wallet faucet');
  return needs;
}

/** The most urgent thing about a contract. */
function ofContract({ id, state, workloads, escrow, expires_at, notice, draining, ...contract }: ContractShown, balance: string | null, at: number): Need[] {
  const short = id.slice(0, 12);
  const failed = workloads.find((one) => one.state === 'failed');
  const sick = workloads.find(({ health }) => health === 'unhealthy');
  if (state === 'ended') return [{ why: `contract ${short} is over, and ${escrow} TFT of it are not settled`, command: `3bot contract cancel ${short}` }];
  if (state === 'paused') return [{ why: `contract ${short} is out of funds and ends for good ${expires_at}`, command: `3bot contract fund ${short} --for 24h` }];
  if (notice !== null) return [{ why: `its farm ends contract ${short} ${notice.ends_at}${notice.reason === '' ? '' : `: ${notice.reason}`}`, command: '3bot reserve   (elsewhere)' }];
  if (draining !== null) return [{ why: `the node of contract ${short} is drained${draining.until === null ? '' : ` until ${draining.until}`}${draining.reason === '' ? '' : `: ${draining.reason}`}`, command: '3bot reserve   (elsewhere, should it not come back)' }];
  if (failed !== undefined) return [{ why: `workload ${failed.name} of contract ${short} failed: ${failed.reason ?? 'no reason was given'}`, command: `3bot contract show ${short}` }];
  if (sick !== undefined) return [{ why: `workload ${sick.name} of contract ${short} is unhealthy${sick.reason === null ? '' : `: ${sick.reason}`}`, command: `3bot logs ${short}` }];
  return runsOut({ ...contract, id }, balance, at);
}

/** Runs out within a day, and within the last quarter of what was bought: who buys an hour knows that it is an hour. */
function runsOut({ id, started_at, funded_until, price_per_hour }: Pick<ContractShown, 'id' | 'started_at' | 'funded_until' | 'price_per_hour'>, balance: string | null, at: number): Need[] {
  if (started_at === null || funded_until === null) return [];
  const [since, until] = [Date.parse(started_at), Date.parse(funded_until)];
  if (until - at >= Math.min(LOW_TIME_MS, (until - since) / 4)) return [];
  const isPoor = balance !== null && parseTft(balance) < parseTft(price_per_hour) * 24n;
  const why = `contract ${id.slice(0, 12)} runs out ${funded_until}`;
  return [isPoor ? { why: `${why}, and the wallet has too little for a day more`, command: '3bot wallet show' } : { why, command: `3bot contract fund ${id.slice(0, 12)} --for 24h` }];
}
