// What plan, apply and rollback share: a blueprint that is opened, filled in, held against the book and priced.
import type { Command } from 'commander';
import { Problem } from '../../src/base/errors.js';
import type { Plan, PartWish } from '../../src/architect/plan/plan.js';
import type { Priced, Sums } from '../../src/architect/plan/price.js';
import type { Origin, Revisions } from '../../src/architect/plan/revisions.js';
import type { Standing } from '../../src/architect/plan/standing.js';
import type { Agreed } from '../../src/architect/plan/token.js';
import type { GivenSecret, Salting } from '../../src/consumer/secrets.js';
import type { Private } from '../../src/private.js';
import { collect } from '../collect.js';
import type { Context } from '../command.js';
import { openBuyer, type BuyerSession } from '../deal.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { ACCOUNT_FLAG, type AccountFlag } from '../wallet/account.js';
import type { OpenedDesign } from './opened.js';

/** Flags that say what a blueprint becomes. */
export interface PlanOptions extends GridFlag, AccountFlag {
  name?: string;
  set?: string[];
  secret?: string[];
}

/** Adds them. */
export function planOptions(command: Command): Command {
  return command
    .option('--name <name>', 'what the whole is called: its contracts are NAME/PART (default: what the file says, else its own name)', parseBlueprintName)
    .option('--set <name=value>', 'an input of the blueprint; repeat for more', collect)
    .option('--secret <name=@file>', 'a secret that it asks for; NAME=- reads stdin, NAME alone asks; one that a service has already need not be given again', collect)
    .option(...ACCOUNT_FLAG)
    .option(...GRID_FLAG);
}

/** @throws Problem `usage` */
export function parseBlueprintName(text: string): string {
  if (/^[a-z0-9][a-z0-9-]{1,48}[a-z0-9]$/.test(text)) return text;
  throw new Problem('usage', `not a name: ${JSON.stringify(text.slice(0, 100))}`, { hint: '3 to 50 of a-z, 0-9 and -, for example shop' });
}

/** A session with all that blueprints need. */
export interface Desk extends AsyncDisposable {
  readonly session: BuyerSession;
  readonly data: Private;
  readonly revisions: Revisions;
  readonly salting: Salting;
  /** Key of the bot that buys, hex. */
  readonly bot: string;
  /** Time of the book. */
  now(): number;
}

/** Opens the buyer as a guest of its home folder: what is applied may take long. */
export async function openDesk(context: Context, { grid, account }: GridFlag & AccountFlag): Promise<Desk> {
  const { Revisions } = await import('../../src/architect/plan/revisions.js');
  const { saltingOf } = await import('../../src/consumer/secrets.js');
  const { openPrivate } = await import('../../src/private.js');
  const { actsFor } = await import('../../src/rules/identity.js');
  const { nowOf } = await import('../now.js');
  const session = await openBuyer(context, grid, account, true);
  try {
    const data = openPrivate(context.home);
    const bot = actsFor(session.grid.reader, session.buyer.keyring.signer('bot').key);
    return {
      session, data, bot, revisions: new Revisions(data, session.grid.id, bot), salting: await saltingOf(data, session.buyer.keyring), now: () => nowOf(session.grid),
      async [Symbol.asyncDispose]() {
        data[Symbol.dispose]();
        await session[Symbol.asyncDispose]();
      },
    };
  } catch (thrown) {
    await session[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** What is wanted, whatever it comes from. */
export interface Wished {
  readonly name: string;
  /** Hash of the design. */
  readonly hash: string;
  readonly origin: Origin;
  readonly wishes: readonly PartWish[];
  /** Whether its parts are in a private network. */
  readonly network: boolean;
  readonly given: readonly GivenSecret[];
}

/** A plan with its price, ready to be shown. */
export interface Planned {
  readonly agreed: Agreed;
  readonly token: string;
  readonly sums: Sums;
  readonly standing: readonly Standing[];
  readonly quotes: Priced['quotes'];
}

/** Holds what is wanted against the book, asks farms about what is new, and keeps the plan under its token. @throws Problem as `priced`; `refused`, reason `name`; `usage`, reason `secret` */
export async function planned(context: Context, desk: Desk, { name, wishes, network, given }: Wished): Promise<Planned> {
  const { planFor } = await import('../../src/architect/plan/plan.js');
  const { priced, sumsOf } = await import('../../src/architect/plan/price.js');
  const { standingOf } = await import('../../src/architect/plan/standing.js');
  const { tokenOf } = await import('../../src/architect/plan/token.js');
  const { networkFor } = await import('../../src/architect/plan/wish.js');
  const { session: { grid, buyer }, revisions, bot, now } = desk;
  const at = now();
  const standing = standingOf(grid.reader, bot, name, at);
  demandOwn(name, standing, wishes);
  const plan: Plan = planFor({ grid: grid.id, name, wishes, network: network ? networkFor(grid.reader, bot, name, at) : null, standing, at });
  await demandSecrets(plan, standing, given, desk.salting);
  using progress = await context.progress('asking farms');
  const { quotes, ...agreed } = await priced(buyer, plan, standing, at);
  progress.stop();
  const token = tokenOf(agreed);
  revisions.show(token, agreed, at);
  return { agreed, token, sums: sumsOf(agreed, standing), standing, quotes };
}

/** The parts of `reserve --nodes` have numbers: nobody ends them by giving a blueprint the same name. */
function demandOwn(name: string, standing: readonly Standing[], wishes: readonly PartWish[]): void {
  const other = standing.find(({ part }) => /^[0-9]+$/.test(part) && !wishes.some((wish) => wish.name === part));
  if (other !== undefined) throw new Problem('refused', `${name} is the name of an order of several contracts, not of a blueprint`, { reason: 'name', hint: `another --name, or 3bot contract cancel ${name}` });
}

/** What waits for a secret that nobody can send would stand still. */
async function demandSecrets(plan: Plan, standing: readonly Standing[], given: readonly GivenSecret[], salting: Salting): Promise<void> {
  const { secretsLacking } = await import('../../src/architect/plan/lacking.js');
  const { secretHash } = await import('../../src/market/secret.js');
  const [lacking] = secretsLacking(plan, standing, new Map(given.map((one) => [one.name, secretHash(salting(one).salt, one.bytes)])));
  if (lacking === undefined) return;
  const { part, secret, isOther } = lacking;
  const why = isOther ? `the secret ${secret} that was given is not the one that ${part} is to have` : `the node of ${part} does not have the secret ${secret}: it keeps only what its services list`;
  throw new Problem('usage', why, { reason: 'secret', hint: `--secret ${secret}=@FILE` });
}

/**
 * What somebody has published gets the secrets and volumes of what it changes: only of contracts that were made from it,
 * unless their name was said.
 */
function demandMeant({ design: { name }, origin, blueprint, isNamed }: OpenedDesign, standing: readonly Standing[]): void {
  if (blueprint === null || isNamed) return;
  const other = standing.find(({ contract }) => contract.agreement.blueprint?.id !== blueprint.id);
  if (other !== undefined) throw new Problem('refused', `${name} is the name of what you run already, and that was not made from ${origin.from}`, { reason: 'name', hint: `--name OTHER for one of its own; --name ${name} changes what runs` });
}

/** A blueprint filled in for this grid as it is now: images, farms, and secrets, of which those are asked for that no service has yet. */
export async function wishedNow(context: Context, { session: { grid }, salting, bot, now }: Desk, opened: OpenedDesign): Promise<Wished> {
  const { standingOf } = await import('../../src/architect/plan/standing.js');
  const { wishesOf } = await import('../../src/architect/plan/wish.js');
  const { secretBytes } = await import('./opened.js');
  const { design, origin, blueprint } = opened;
  const standing = standingOf(grid.reader, bot, design.name, now());
  demandMeant(opened, standing);
  const given = await secretBytes(context, opened, standing);
  const wishes = await wishesOf(design, { reader: grid.reader, standing, given, salting, blueprint, signal: context.signal, onNote: (note) => context.out.note(note) });
  return { name: design.name, hash: design.hash, origin, wishes, network: design.network, given };
}
