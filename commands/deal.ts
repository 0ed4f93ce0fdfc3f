// What quote, reserve, deploy and sign share: flags, a buyer with keys, notes.
import type { Command } from 'commander';
import { parseTft } from '../src/base/amount.js';
import { Problem } from '../src/base/errors.js';
import { parseDuration } from '../src/base/duration.js';
import { NOTHING } from '../src/capacity/fit.js';
import { parsePercent } from '../src/capacity/percent.js';
import type { Offer, Buyer, Quotes, Wanted } from '../src/consumer/quote.js';
import type { GivenSecret } from '../src/consumer/secrets.js';
import type { Grid } from '../src/net/grid.js';
import { QUORUM_EXAMPLE } from '../src/people/form.js';
import { collect } from './collect.js';
import type { Context } from './command.js';
import { ACCOUNT_FLAG, accountOf, type AccountFlag } from './wallet/account.js';
import { openGridOf } from './handle.js';
import { resourceOptions, resourcesOf, type ResourceOptions } from './resources.js';
import { inNetwork, resolved, runOptions, workloadsAsked, type RunOptions } from './running.js';
import { secretsGiven, type SecretOptions } from './secrets.js';

/** How long somebody buys who does not say. */
export const DEFAULT_TERM_MS = 30 * 24 * 3_600_000;
const COMMIT_WITHIN_MS = 60_000;
const SIGN_WITHIN_MS = 24 * 3_600_000;

/** Flags of what is wanted. */
export interface WantOptions extends ResourceOptions, RunOptions, AccountFlag {
  grid?: string;
  for?: number;
  name?: string;
  signer?: string[];
  signers?: string;
  signWithin?: number;
  retention?: number;
  dedicated?: true;
  exec?: true;
  architect?: string;
  architectShare?: number;
  meter?: string;
  unmetered?: true;
  notice?: number;
  maxPrice?: bigint;
  cheapest?: true;
}

/** Adds the flags of what is wanted. */
export function wantOptions(command: Command): Command {
  runOptions(resourceOptions(command).option('--for <duration>', 'how long, for example 12h or 30d (default: 30d)', parseDuration));
  return command
    .option('--signer <party>', 'somebody else who has to sign: name of a bot, did:key:… or party; repeat for more', collect)
    .option('--signers <file>', `a quorum of them as JSON instead, with weights (1 unless said) and groups: ${QUORUM_EXAMPLE}`)
    .option('--sign-within <duration>', 'how long signatures are collected, at most 7d (default with --signer: 24h)', parseDuration)
    .option(...ACCOUNT_FLAG)
    .option('--dedicated', 'a node as a whole: at least these resources, all that the node has, and nobody else on it; half the price unless the farm says otherwise')
    .option('--exec', 'commands may be run within the workloads (3bot exec), on a node whose farmer allows it; each session is recorded')
    .option('--architect <account>', 'who designed this and gets a share of what you pay, out of the part of the farm: address G…, account key or bot')
    .option('--architect-share <percent>', 'which share; the farm must allow it', parsePercent)
    .option('--retention <duration>', 'how long the node keeps the data afterwards (default: the rule of the grid)', parseRetention)
    .option('--meter <bot>', 'a third bot that confirms time instead of the node, if the farm takes it: its name, did:key:… or bot/KEY')
    .option('--unmetered', 'nobody confirms time: all of it is billed, whether the node was up or not')
    .option('--max-price <tft>', 'the most that you pay for an hour; farms that ask more are told so, and may go down to it', parseTft)
    .option('--cheapest', 'by price alone, whatever happened with a farm before (3bot journal)')
    .option('--notice <duration>', 'only farms that say so long before, or never, that they end the contract early', parseDuration);
}

/** A duration, or 0. @throws Problem `usage` */
function parseRetention(text: string): number {
  return /^0[smhdw]?$/.test(text) ? 0 : parseDuration(text);
}

/** What the flags alone say. */
export type Asked = Pick<Wanted, 'resources' | 'workloads' | 'platforms' | 'features'>;

/**
 * Reads the flags before anything is opened or anybody asked for a passphrase.
 * @throws Problem `not_found` at once on a machine that has no identity, or no grid; `usage`
 */
export async function askedOf(context: Context, options: WantOptions & SecretOptions): Promise<{ readonly asked: Asked; readonly given: GivenSecret[] }> {
  await checkReady(context);
  if ((options.architect === undefined) !== (options.architectShare === undefined) || options.architectShare === 0) throw new Problem('usage', '--architect and --architect-share go together', { hint: 'for example --architect bob --architect-share 5%' });
  const resources = resourcesOf(options) ?? (options.dedicated === true ? NOTHING : undefined);
  if (resources === undefined) throw new Problem('usage', 'how much is missing', { reason: 'resources', hint: 'for example --cpu 4 --sru 100' });
  const typed = await workloadsAsked(context, 'main', options);
  const given = await secretsGiven(context, options);
  const { workloads, platforms } = await resolved(context, typed, given);
  return { asked: { resources, workloads, ...platformsAsked(platforms, options.platform), ...(options.feature === undefined ? {} : { features: options.feature }) }, given };
}

/** @param platforms of the images; null: any @throws Problem `usage` where the images are not for the one that was asked for */
function platformsAsked(platforms: readonly string[] | null, asked: string | undefined): Pick<Wanted, 'platforms'> {
  if (asked !== undefined && platforms?.includes(asked) === false) throw new Problem('usage', `--platform ${asked} is none that the image is for: ${platforms.join(', ')}`);
  if (asked !== undefined) return { platforms: [asked] };
  return platforms === null ? {} : { platforms };
}

/**
 * What is wanted, by the flags and the book.
 * @param payer account key, hex; one with several keys is given time to sign
 * @param key of who buys, hex: whose private networks are meant
 * @param used addresses of them that the same command has given out before; grows
 * @throws Problem `usage`, `not_found`
 */
export async function wantedOf(grid: Grid, asked: Asked, options: WantOptions, payer?: string, key?: string, used?: Set<string>): Promise<Wanted> {
  const { MAX_BODY_BYTES } = await import('../src/base/limits.js');
  const { readText } = await import('./files.js');
  const { findFarm, findNode, findParty, findPayee } = await import('../src/market/find.js');
  const { parseQuorum } = await import('../src/people/propose.js');
  const { read, readGrid } = await import('../src/rules/objects.js');
  const { partiesOf } = await import('../src/rules/quorum.js');
  const { checkWorkloads } = await import('../src/rules/workload.js');
  const workloads = key === undefined ? [...asked.workloads] : await inNetwork(grid, key, asked.workloads, options, { order: options.name ?? null, contract: null, used });
  checkWorkloads(workloads, readGrid(grid.reader).rules);
  if (options.signers !== undefined && options.signer !== undefined) throw new Problem('usage', '--signers together with --signer', { hint: 'the file says who signs beside you and the farm, all of it' });
  const commit = options.signers === undefined ? undefined : parseQuorum(grid.reader, readText(options.signers, MAX_BODY_BYTES));
  const signers = commit === undefined ? (options.signer ?? []).map((text) => findParty(grid.reader, text)) : partiesOf(commit, readGrid(grid.reader).rules);
  const several = signers.length > 0 || (payer !== undefined && read(grid.reader, 'account', payer)?.keys !== undefined);
  if (!several && options.signWithin !== undefined) throw new Problem('usage', '--sign-within says how long others may take to sign, and nobody else signs', { hint: 'add --signer, or leave it out' });
  if (options.meter !== undefined && options.unmetered === true) throw new Problem('usage', '--meter and --unmetered exclude each other');
  const meter = options.unmetered === true ? null : options.meter === undefined ? undefined : findParty(grid.reader, options.meter);
  return {
    ...asked,
    workloads,
    ...(meter === undefined ? {} : { meter }),
    ...(options.notice === undefined ? {} : { notice_ms: options.notice }),
    ...(options.cheapest === true ? { cheapest: true as const } : {}),
    ...(options.maxPrice === undefined ? {} : { max_per_hour_stroops: options.maxPrice.toString() }),
    term_ms: options.for ?? DEFAULT_TERM_MS,
    farm: options.farm === undefined ? null : findFarm(grid.reader, options.farm).id,
    node: options.node === undefined ? null : findNode(grid.reader, options.node).key,
    location: options.location ?? null,
    runtime: options.runtime ?? null,
    signers,
    ...(commit === undefined ? {} : { commit }),
    order: options.name ?? null,
    retention_ms: options.retention ?? null,
    commit_within_ms: options.signWithin ?? (several ? SIGN_WITHIN_MS : COMMIT_WITHIN_MS),
    ...(options.dedicated === true ? { dedicated: true as const } : {}),
    ...(options.exec === true ? { exec: true as const } : {}),
    ...(options.architect === undefined || options.architectShare === undefined ? {} : { architect: { account: findPayee(grid.reader, options.architect).account, share_ppm: options.architectShare } }),
  };
}

/** Somebody who buys: a grid, an identity on it, and connections to farms. */
export interface BuyerSession extends AsyncDisposable {
  readonly buyer: Buyer;
  readonly grid: Grid;
}

/** Name of the identity in use, where there is a grid too. @throws Problem `not_found` that says what to do next */
async function checkReady({ home }: Context): Promise<string> {
  const { readConfig } = await import('../src/home.js');
  const { identity, grids } = readConfig(home);
  if (identity === null) throw new Problem('not_found', `no identity in ${home.path} yet`, { reason: 'identity', hint: '3bot identity create, then 3bot grid join URL' });
  if (grids.length === 0) throw new Problem('not_found', 'nobody sells here: this home folder has no grid yet', { reason: 'grid', hint: '3bot grid join URL, or 3bot dev up to try things on this machine' });
  return identity;
}

/**
 * Opens the grid and the identity in use; what its keyring signs as `wallet` is the account's.
 * @param account what `--account` said
 * @param isGuest holds the home folder only while it works: for a command that runs long
 * @throws Problem `not_found` at once on a machine that has none of either
 */
export async function openBuyer(context: Context, grid: string | undefined, account?: string, isGuest = false): Promise<BuyerSession> {
  const identity = await checkReady(context);
  const { botKeyringType } = await import('../src/keys/keystore.js');
  // An operational key has no account: it does what costs nothing.
  const chosen = account === undefined && botKeyringType(context.home, identity) === 'key' ? undefined : await accountOf(context, account);
  const { payingWith } = await import('../src/keys/accounts.js');
  const { openKeyring } = await import('../src/keys/unlock.js');
  const { ensureIdentity } = await import('../src/net/compose.js');
  const { Client } = await import('../src/net/client.js');
  const { openPrivate } = await import('../src/private.js');
  const { Journal } = await import('../src/consumer/journal.js');
  const { actsFor } = await import('../src/rules/identity.js');
  const opened = await openGridOf(context, grid, isGuest);
  const data = openPrivate(context.home);
  const clients = new Map<string, InstanceType<typeof Client>>();
  const close = async (): Promise<void> => {
    await Promise.all([...clients.values()].map((client) => client[Symbol.asyncDispose]()));
    data[Symbol.dispose]();
    await opened[Symbol.asyncDispose]();
  };
  try {
    await opened.refresh();
    const opener = await openKeyring(context, 'identity', identity);
    await ensureIdentity(opened, opener);
    const keyring = chosen === undefined ? opener : payingWith(opener, chosen.account);
    const post: Buyer['post'] = (url) => {
      const client = clients.get(url) ?? new Client({ url });
      clients.set(url, client);
      return (sealed, signal) => client.talk(sealed, signal);
    };
    return { grid: opened, buyer: { grid: opened, keyring, post, clock: context.clock, signal: context.signal, journal: new Journal(data, opened.id, actsFor(opened.reader, keyring.signer('bot').key)) }, [Symbol.asyncDispose]: close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** What to know about an offer. */
export async function offerNotes(options: WantOptions, offer: Pick<Offer, 'agreement'> & { readonly quotes?: Pick<Quotes, 'ranking'> | null }, grid: Grid): Promise<string[]> {
  const { notesOf } = await import('../src/consumer/notes.js');
  const { read } = await import('../src/rules/objects.js');
  const { publishedStroops } = await import('../src/market/asking.js');
  const { resources, discounts, total_stroops, payees, meter, node, notice_ms, minimum_stroops } = offer.agreement;
  const farm = read(grid.reader, 'farm', offer.agreement.farm);
  const ranking = offer.quotes?.ranking ?? null;
  return [...(ranking === null ? [] : [`order: ${ranking}`]), ...notesOf({
    resources, total_stroops, payees, meter, notice_ms, minimum_stroops, ...(discounts === undefined ? {} : { discounts }),
    published_stroops: farm === undefined ? BigInt(total_stroops) : publishedStroops(grid.reader, farm, offer.agreement, { dedicated: options.dedicated === true, at: grid.clock() }),
    memoryByDefault: options.memory === undefined && options.mru === undefined && options.dedicated !== true,
    declared: read(grid.reader, 'node', node)?.announcement.declared ?? false,
    env: offer.agreement.workloads.some(({ env }) => env.length > 0),
    secrets: offer.agreement.workloads.some(({ secrets }) => secrets.length > 0),
  })];
}
