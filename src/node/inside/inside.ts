// What a node shows to the operators of its contracts, through sealed sessions: logs, use, and commands where agreement
// and farmer allow them. A session is asked for by its first message, and what is refused is said as its last.
import type { Clock } from '../../base/clock.js';
import { isProblem, messageOf, Problem } from '../../base/errors.js';
import type { Signer } from '../../keys/ed25519.js';
import { appendSigned } from '../../net/compose.js';
import type { Grid } from '../../net/grid.js';
import { answerOf } from '../../net/problems.js';
import { acceptChannel, type Channel } from '../../net/relay/channel.js';
import { operated, type Ends } from '../../net/relay/hello.js';
import type { Wire } from '../../net/relay/wire.js';
import { read, type ContractObject } from '../../rules/objects.js';
import { viewOf } from '../../rules/view.js';
import type { ExecWish, InsideWish, NodeConfig, SessionClosed } from '../../schema/types.js';
import { validated } from '../../schema/validate.js';
import type { Driver } from '../driver.js';
import type { Volumes } from '../volume.js';
import { runSession } from './commands.js';
import { sendLogs, sendStats } from './views.js';

/** What is needed to show what runs. */
export interface InsideParts {
  readonly grid: Grid;
  readonly config: NodeConfig;
  readonly driver: Driver;
  readonly volumes: Volumes;
  /** The node's own key. */
  readonly signer: Signer;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told of each session: who looked at what, and how it ended. */
  readonly tell: (event: LookEvent) => void;
}

/** A session with an operator. */
export interface LookEvent {
  readonly event: 'look';
  readonly contract: string;
  readonly workload: string | null;
  readonly operator: string;
  readonly what: InsideWish['what'];
  readonly problem: Problem | null;
}

/** A session that was taken up. */
export interface Visit {
  readonly channel: Channel;
  readonly ends: Ends;
  readonly contract: ContractObject;
  readonly signal: AbortSignal;
}

/** Carries one session to its end. @throws Problem where it never began; whatever went wrong later the operator is told */
export async function show(parts: InsideParts, wire: Wire): Promise<void> {
  const { grid, signer, clock, config } = parts;
  const { channel, ends } = await acceptChannel(wire, signer, async (asked) => {
    if (asked.grid !== grid.id || asked.node !== config.key) throw new Problem('refused', 'the session is for another node');
    await demandOperator(grid, asked, clock());
  });
  const gone = new AbortController();
  const visit: Visit = { channel, ends, contract: operated(grid.reader, ends, clock()), signal: AbortSignal.any([parts.signal, gone.signal]) };
  let wish: InsideWish | undefined;
  let problem: Problem | null = null;
  try {
    wish = await wishOf(channel);
    demandShown(parts, visit, wish);
    const { what } = wish;
    if (what === 'logs') await whileThere(visit, gone, sendLogs(parts, visit, wish));
    else if (what === 'stats') await whileThere(visit, gone, sendStats(parts, visit, wish));
    else await runSession(parts, visit, wish as ExecWish);
  } catch (thrown) {
    problem = isProblem(thrown) ? thrown : new Problem('failed', messageOf(thrown), { cause: thrown });
    await channel.sendJson({ problem: answerOf(thrown) }, true).catch(() => undefined);
  }
  if (wish !== undefined) parts.tell({ event: 'look', contract: ends.contract, workload: 'workload' in wish ? wish.workload : null, operator: ends.party, what: wish.what, problem });
}

/** Whoever has only just bought may not be in this copy yet. */
async function demandOperator(grid: Grid, ends: Ends, at: number): Promise<void> {
  try {
    operated(grid.reader, ends, at);
  } catch (thrown) {
    if (!isProblem(thrown, 'not_found')) throw thrown;
    await grid.refresh();
    operated(grid.reader, ends, at);
  }
}

async function wishOf(channel: Channel): Promise<InsideWish> {
  const message = await channel.next();
  if (message?.kind !== 'json') throw new Problem('malformed', 'a session begins with a wish');
  return validated<InsideWish>('inside@1', parse(message.bytes));
}

/** JSON of the other end. @throws Problem `malformed` */
export function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new Problem('malformed', 'a message that is no JSON', { cause });
  }
}

/** Logs are shown as long as the data is kept; what else there is to see runs. */
function demandShown({ grid, clock }: InsideParts, { contract }: Visit, wish: InsideWish): void {
  const { state, data_until } = viewOf(grid.reader, contract, clock());
  if (state === 'ended' && clock() >= data_until) throw new Problem('refused', 'the contract is over, and nothing of it is kept', { reason: 'ended' });
  if (!('workload' in wish)) return;
  const names = contract.workloads.map(({ name }) => name);
  // A workload that was taken off the list may still have a log.
  if (wish.what !== 'logs' && !names.includes(wish.workload)) throw new Problem('not_found', `the contract has no workload ${wish.workload}`, { reason: 'workload', hint: names.length === 0 ? '3bot deploy' : `one of ${names.join(', ')}` });
}

/** Does something for an operator that only reads: when it goes away, or says that it has seen enough, that ends. */
async function whileThere({ channel, signal }: Visit, gone: AbortController, work: Promise<void>): Promise<void> {
  const leaves = channel.next().then(() => gone.abort(), () => gone.abort());
  await work;
  if (!signal.aborted) await channel.sendJson({ end: true }, true);
  gone.abort();
  void leaves;
}

/** A session that the book has as open. */
export interface LeftSession {
  readonly contract: string;
  readonly id: string;
}

/** Sessions of this node that the book has as open; when a node starts, those of one that was killed. */
export function leftSessions({ grid, config }: Pick<InsideParts, 'grid' | 'config'>): LeftSession[] {
  const contracts = read(grid.reader, 'node', config.key)?.allocations.map(({ contract }) => contract) ?? [];
  return contracts.flatMap((contract) => (read(grid.reader, 'run', contract)?.sessions ?? []).map(({ id }) => ({ contract, id })));
}

/** Says of such a session that it is over. @throws Problem as `appendSigned` */
export async function closeLeft({ grid, signer }: Pick<InsideParts, 'grid' | 'signer'>, { contract, id }: LeftSession): Promise<void> {
  const closed: SessionClosed = { state: 'closed', session: id, exit_code: null, reason: 'the node was started again', sha256: null, bytes: null };
  await appendSigned(grid, { chain: `run/${contract}`, kind: 'session@1', body: closed }, [signer]);
}
