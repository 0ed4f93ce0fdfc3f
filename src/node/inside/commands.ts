// A command that an operator runs within a workload. It stands in the book before it begins, and its end with the digest
// of all that was said; where the book cannot be reached nothing begins.
import { isProblem, messageOf, Problem } from '../../base/errors.js';
import { MAX_REASON_CHARS } from '../../base/limits.js';
import { appendSigned } from '../../net/compose.js';
import type { Message } from '../../net/relay/channel.js';
import { mayExec } from '../../rules/session.js';
import type { ExecWish, SessionClosed, SessionOpened, Terminal } from '../../schema/types.js';
import { oneLine } from '../children.js';
import type { OpenCommand } from '../driver.js';
import { parse, type InsideParts, type Visit } from './inside.js';

/**
 * Runs a command for an operator and records it.
 * @throws Problem `refused`, reason `exec`, where agreement or farmer do not allow it; what `append` and the driver throw
 */
export async function runSession(parts: InsideParts, visit: Visit, wish: ExecWish): Promise<void> {
  const { grid, signer, driver } = parts;
  const { channel, ends, contract: { id, agreement } } = visit;
  if (!agreement.exec) throw new Problem('refused', 'the agreement allows no commands within its workloads', { reason: 'exec', hint: '3bot reserve --exec, for another contract' });
  if (!mayExec(agreement, ends.party)) throw new Problem('refused', 'to run commands, one must be able to change the workloads alone, or be an operator of the agreement', { reason: 'exec' });
  if (parts.config.allow_exec !== true) throw new Problem('refused', 'the farmer of this node allows no commands', { reason: 'exec' });
  const { workload, words, terminal } = wish;
  // Nothing is recorded of what cannot begin.
  if (!(await driver.list(visit.signal)).some((one) => one.contract === id && one.workload === workload && one.state === 'running')) throw new Problem('not_found', `workload ${workload} does not run`, { reason: 'workload' });
  const chain = `run/${id}`;
  const opened: SessionOpened = { state: 'opened', workload, operator: ends.party, by: ends.by };
  const { id: session } = await appendSigned(grid, { chain, kind: 'session@1', body: opened }, [signer]);
  await channel.sendJson({ opened: session });
  let exit_code: number | null = null;
  let failure: Problem | null = null;
  try {
    await using command = await driver.open({ contract: id, workload }, { words, terminal }, visit.signal);
    exit_code = await carry(visit, command);
  } catch (thrown) {
    failure = isProblem(thrown) ? thrown : new Problem('failed', messageOf(thrown), { cause: thrown });
  }
  const { sha256, bytes, node, operator } = channel.digest();
  const reason = failure === null ? null : oneLine(failure.message, MAX_REASON_CHARS);
  const closed: SessionClosed = { state: 'closed', session, exit_code, reason, sha256, bytes };
  const record = await appendSigned(grid, { chain, kind: 'session@1', body: closed }, [signer]).catch((thrown: unknown) => {
    // Said when the node is started again, without its digest: until then the book shows it as open.
    if (!isProblem(thrown)) throw thrown;
    return null;
  });
  await channel.sendJson({ closed: { session, exit_code, reason, sha256, node, operator, record: record?.id ?? null } }, true);
}

/** Both ways until the command has ended. @returns its exit code @throws Problem where the operator goes away first */
async function carry(visit: Visit, command: OpenCommand): Promise<number> {
  const { channel } = visit;
  const typed = (async (): Promise<never> => {
    for (;;) {
      const message = await channel.next();
      if (message === null || visit.signal.aborted) throw new Problem('unreachable', 'the operator went away', { reason: 'broken' });
      await handle(message, command);
    }
  })();
  const shown = (async (): Promise<number> => {
    for await (const { stream, bytes } of command.output) await channel.sendAll(stream, bytes);
    return command.exitCode();
  })();
  try {
    return await Promise.race([shown, typed]);
  } finally {
    // Whichever is left ends with the command, or with the connection.
    for (const left of [shown, typed]) void left.catch(() => undefined);
  }
}

async function handle({ kind, bytes }: Message, command: OpenCommand): Promise<void> {
  if (kind === 'stdout') return command.write(bytes);
  const { end, terminal } = parse(bytes) as { end?: unknown; terminal?: Partial<Terminal> };
  if (end === true) command.end();
  const { columns = 0, rows = 0 } = terminal ?? {};
  if (Number.isInteger(columns) && Number.isInteger(rows) && columns > 0 && rows > 0 && columns <= 10_000 && rows <= 10_000) await command.resize({ columns, rows });
}
