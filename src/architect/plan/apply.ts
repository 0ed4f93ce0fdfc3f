// Carries a plan out, step by step. What is about to be done is written down first; every step looks in the book whether
// it is done, so that after a break at any point the same plan is simply carried out again.
//
//   revision begun ─▶ network ─▶ orders, all or none ─▶ amendments ─▶ services one after the other ─▶ ends ─▶ applied
import { canonical, type Json } from '../../base/canonical.js';
import { effect } from '../../base/effect.js';
import { Problem } from '../../base/errors.js';
import { farmSigns, proposeAmendment } from '../../consumer/amend.js';
import { endContract, replaceWorkloads } from '../../consumer/change.js';
import { createNetwork } from '../../consumer/networks.js';
import { closeOrder } from '../../consumer/orders.js';
import { sendSecrets, type GivenSecret, type Salting } from '../../consumer/secrets.js';
import { placeSet, type SetParts } from '../../consumer/set.js';
import { waitFor, type Goal } from '../../consumer/wait.js';
import { amendmentOf } from '../../market/amendment.js';
import { deliver } from '../../net/deliver.js';
import { signWith } from '../../net/envelope.js';
import { speakerOf } from '../../net/talk.js';
import { actsFor } from '../../rules/identity.js';
import { read, type ContractObject } from '../../rules/objects.js';
import { resourcesOf, viewOf } from '../../rules/view.js';
import type { PartPlan } from './plan.js';
import type { Revision, Revisions } from './revisions.js';
import { standingOf } from './standing.js';
import { stepsOf, type Step } from './steps.js';
import type { Deal } from './token.js';
import { networkNonce } from './wish.js';

/** What carrying out needs. The grid is opened as a guest: others may write in this home meanwhile. */
export interface ApplyParts extends Omit<SetParts, 'approve'> {
  readonly revisions: Revisions;
  /** Bytes of secrets that are sent to nodes; of those that nodes have already, none are needed. */
  readonly given: readonly GivenSecret[];
  readonly salting: Salting;
  /** How far each part is waited for before the next one is touched. */
  readonly goal: Goal;
  /** For each part. */
  readonly timeout_ms: number;
  /** Called with every step as it begins, ends, or goes on: why it waits. */
  readonly onStep: (step: Step, state: 'begun' | 'done' | 'waits', why: readonly string[]) => void;
}

/**
 * Carries out what a revision says, from wherever it stopped.
 * @throws Problem as its steps; `refused`, reason `plan`, where a price is not what was agreed. The revision is then
 *   `failed`; after a break, or where somebody cannot be reached, it stays `applying`, and the same call goes on
 */
export async function carryOut(parts: ApplyParts, revision: Revision): Promise<void> {
  const { revisions, clock } = parts;
  const work = new Applying(parts, revision);
  const done: Step[] = [];
  for (const step of stepsOf(revision.agreed.plan)) {
    parts.onStep(step, 'begun', []);
    try {
      await work.carryOut(step);
    } catch (thrown) {
      if (!isBreak(thrown)) revisions.end(revision, 'failed', thrown instanceof Error ? thrown.message : String(thrown), clock());
      throw broken(thrown, step, done, revision);
    }
    done.push(step);
    parts.onStep(step, 'done', []);
  }
  effect('revision_applied', () => revisions.end(revision, 'applied', null, clock()));
  for (const contract of work.contracts()) closeOrder(parts.private, contract);
}

/** The same plan can be carried on with. */
function isBreak(thrown: unknown): boolean {
  return !(thrown instanceof Problem) || ['interrupted', 'unreachable', 'busy', 'locked', 'not_ready'].includes(thrown.code);
}

/** The same problem with what is done already. */
function broken(thrown: unknown, step: Step, done: readonly Step[], { name, revision }: Revision): unknown {
  if (!(thrown instanceof Problem)) return thrown;
  const before = done.filter((one) => one.do !== 'wait');
  const said = before.length === 0 ? (isBreak(thrown) ? 'no step is known to be done' : 'nothing is changed') : `done so far: ${before.map(stepText).join('; ')}`;
  const again = isBreak(thrown) ? 'the same command goes on' : '3bot blueprint plan shows what is left';
  const undo = before.length === 0 ? '' : revision > 1 ? `; to undo it: 3bot blueprint rollback ${name}` : `; to end all of it, what is unused comes back: 3bot blueprint down ${name}`;
  const hint = `${again}${undo}${thrown.hint === undefined || isBreak(thrown) ? '' : `\n${thrown.hint}`}`;
  return new Problem(thrown.code, `${stepText(step)}: ${thrown.message} (${said})`, { ...(thrown.reason === undefined ? {} : { reason: thrown.reason }), hint, cause: thrown });
}

/** A step in a few words. */
export function stepText(step: Step): string {
  if (step.do === 'network') return 'network';
  if (step.do === 'order') return `order of ${step.parts.join(', ')}`;
  const what = { amend: 'other terms of', workloads: 'services of', secrets: 'secrets of', wait: 'waiting for', end: 'end of' } as const;
  return `${what[step.do]} ${step.part}`;
}

class Applying {
  readonly #parts: ApplyParts;
  readonly #revision: Revision;
  readonly #byPart: ReadonlyMap<string, PartPlan>;
  readonly #deals: ReadonlyMap<string, Deal>;

  constructor(parts: ApplyParts, revision: Revision) {
    this.#parts = parts;
    this.#revision = revision;
    this.#byPart = new Map(revision.agreed.plan.parts.filter(({ wanted }) => wanted !== null).map((one) => [one.part, one]));
    this.#deals = new Map(revision.agreed.deals.map((deal) => [deal.part, deal]));
  }

  async carryOut(step: Step): Promise<void> {
    switch (step.do) {
      case 'network': return effect('step_network', () => this.#network());
      case 'order': return this.#order(step.parts);
      case 'amend': return effect('step_amend', () => this.#amend(step.part));
      case 'workloads': return effect('step_workloads', () => this.#workloads(step.part));
      case 'secrets': return effect('step_secrets', () => this.#secrets(step.part));
      case 'wait': return this.#wait(step);
      case 'end': return effect('step_end', () => this.#end(step.contract));
    }
  }

  /** Those of the plan that are in the book. */
  contracts(): string[] {
    return [...this.#byPart.keys()].flatMap((part) => this.#find(part)?.id ?? []);
  }

  get #bot(): string {
    return actsFor(this.#parts.grid.reader, this.#parts.keyring.signer('bot').key);
  }

  async #network(): Promise<void> {
    const { grid, keyring } = this.#parts;
    const { network } = this.#revision.agreed.plan;
    await grid.refresh();
    if (network === null || read(grid.reader, 'network', network.id) !== undefined) return;
    await createNetwork(grid, keyring, this.#bot, network.name, network.subnet, networkNonce(network.name));
  }

  /** At the farms and nodes that were agreed, for no more than was agreed. */
  async #order(names: readonly string[]): Promise<void> {
    const { name } = this.#revision;
    const ordered = names.map((part) => this.#part(part));
    const groups = ordered.map(({ part, order, wanted }) => {
      const { farm, node } = this.#deal(part);
      return { spread: null, parts: [{ name: order?.slice(name.length + 1) ?? part, wanted: { ...wanted, farm, node } as NonNullable<PartPlan['wanted']> }] };
    });
    const approve: SetParts['approve'] = async ({ parts }) => {
      for (const { name: order, agreement } of parts) this.#demandPrice(ordered.find((one) => one.order === order)?.part ?? order, BigInt(agreement.total_stroops));
    };
    await placeSet({ ...this.#parts, approve }, name, groups);
  }

  async #amend(part: string): Promise<void> {
    const { grid, keyring, clock } = this.#parts;
    const { wanted } = this.#part(part);
    // An amendment takes its place after `held`.
    if (this.#contract(part).started_at === null) await this.#waitFor(part, 'held', () => undefined);
    await grid.refresh();
    const contract = this.#contract(part);
    const at = Math.max(clock(), grid.reader.lastAt);
    const { period, state } = viewOf(grid.reader, contract, at);
    const isDone = canonical(resourcesOf(contract) as unknown as Json) === canonical(wanted.resources as unknown as Json) && (period?.term_ms ?? 0) >= wanted.term_ms && state === 'active';
    if (isDone) return;
    const record = proposeAmendment(this.#parts, contract, { resources: wanted.resources, term_ms: wanted.term_ms, payer: keyring.signer('wallet').key }, at);
    this.#demandPrice(part, BigInt(amendmentOf(record).total_stroops));
    const { signatures } = await signWith(grid.reader, await farmSigns(this.#parts, contract, record), keyring, clock);
    await deliver(grid, { payload: record.text, signatures: [...signatures] }, 'run the same command again: it looks whether this is done');
  }

  async #workloads(part: string): Promise<void> {
    const { grid, keyring } = this.#parts;
    await replaceWorkloads(grid, keyring, this.#contract(part).id, this.#part(part).wanted.workloads);
  }

  async #secrets(part: string): Promise<void> {
    const { home, grid, keyring, signal, given, salting } = this.#parts;
    const listed = new Set(this.#part(part).wanted.workloads.flatMap(({ secrets }) => secrets.map(({ name }) => name)));
    await sendSecrets({ home, grid, me: speakerOf(keyring, grid.reader), signal }, this.#contract(part).id, given.filter(({ name }) => listed.has(name)), salting);
  }

  async #wait(step: Extract<Step, { part: string }>): Promise<void> {
    const { goal, onStep } = this.#parts;
    if (goal !== 'committed') await this.#waitFor(step.part, goal, (delays) => onStep(step, 'waits', delays));
  }

  async #waitFor(part: string, goal: Goal, onDelays: (delays: readonly string[]) => void): Promise<void> {
    const { grid, clock, signal, timeout_ms } = this.#parts;
    // One handle for all of it: as a guest it holds the home only while it works.
    const open = () => Promise.resolve({ id: grid.id, url: grid.url, reader: grid.reader, refresh: () => grid.refresh(), [Symbol.asyncDispose]: () => Promise.resolve() });
    await waitFor(this.#contract(part).id, goal, { open, clock, signal, timeout_ms, onLook: (_, delays) => onDelays(delays) });
  }

  async #end(contract: string): Promise<void> {
    const { grid, keyring } = this.#parts;
    await endContract(grid, keyring, contract, `blueprint ${this.#revision.name}, revision ${this.#revision.revision}`.slice(0, 200));
  }

  #demandPrice(part: string, total: bigint): void {
    if (total <= BigInt(this.#deal(part).total_stroops)) return;
    throw new Problem('refused', `${part} costs more than was agreed`, { reason: 'plan', hint: 'plan again' });
  }

  #part(part: string): PartPlan & { readonly wanted: NonNullable<PartPlan['wanted']> } {
    const found = this.#byPart.get(part);
    if (found === undefined || found.wanted === null) throw new Error(`a step without its part: ${part}`);
    return { ...found, wanted: found.wanted };
  }

  #deal(part: string): Deal {
    const deal = this.#deals.get(part);
    if (deal === undefined) throw new Error(`a step without its price: ${part}`);
    return deal;
  }

  /** The contract in force of a part, of the generation that the plan names. */
  #find(part: string): ContractObject | undefined {
    const { grid, clock } = this.#parts;
    const { order } = this.#part(part);
    const at = Math.max(clock(), grid.reader.lastAt);
    return standingOf(grid.reader, this.#bot, this.#revision.name, at).find(({ contract }) => contract.agreement.order === order)?.contract;
  }

  #contract(part: string): ContractObject {
    const contract = this.#find(part);
    if (contract === undefined) throw new Problem('not_found', `part ${part} has no contract in force any more`, { reason: 'contract', hint: '3bot blueprint plan shows what is left' });
    return contract;
  }
}
