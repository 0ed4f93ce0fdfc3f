// 3bot node status
import { iso } from '../../src/base/clock.js';
import { isProblem, Problem } from '../../src/base/errors.js';
import type { Driver } from '../../src/node/driver.js';
import type { ContractStanding } from '../../src/node/report/status.js';
import type { NodeConfig } from '../../src/schema/types.js';
import type { CommandFile } from '../command.js';
import { livingText } from '../contract/text.js';
import { checkLines, ownNode } from './shared.js';

/** What a person sees of a workload's output. */
const LOG_BYTES = 2_000;

export const command: CommandFile<{ why?: true }> = {
  about: 'Reads this home folder\'s own copy and asks the runtime; changes nothing, and works beside a running watcher.',
  arguments: [['[contract]', 'only this one: first digits of its id']],
  options: (c) => c.option('--why', 'each check with its evidence'),
  examples: ['3bot node status', '3bot node status 4f0c9e --why'],
  async run(context, [prefix], { why }) {
    const { openGrid } = await import('../../src/net/grid.js');
    const { findContract } = await import('../../src/consumer/contracts.js');
    const { gridOptions } = await import('../handle.js');
    const { Lives } = await import('../../src/node/life/lives.js');
    const { Taken } = await import('../../src/node/plan/taken.js');
    const { seeMachine } = await import('../../src/node/see.js');
    const { openTools } = await import('../../src/node/tools.js');
    const { standing } = await import('../../src/node/report/status.js');
    const { home, clock, out, signal } = context;
    const config = ownNode(home);
    await using grid = await openGrid({ ...gridOptions(context), grid: config.grid });
    const problems: Problem[] = [];
    await grid.refresh().catch((thrown: unknown) => problems.push(asProblem(thrown)));
    const { driver, volumes } = openTools(home, config, true);
    await using _driver = driver;
    const machine = await seeMachine(driver, volumes, signal).catch((thrown: unknown) => {
      problems.push(asProblem(thrown));
      return null;
    });
    if (machine?.missing != null) problems.push(machine.missing);
    using taken = new Taken(home, grid.id, config.key);
    using lives = new Lives(home, grid.id, config.key);
    const also = prefix === undefined ? undefined : findContract(grid.reader, prefix).id;
    const found = standing({ grid, config, clock, machine, taken: taken.all(), lives: lives.all, problems, also });
    const contracts = found.contracts.filter(({ contract }) => also === undefined || contract === also);
    const logs = why === true && also !== undefined && machine !== null ? await logsOf(driver, contracts, signal) : [];
    const seconds = Math.round((found.time.now - found.time.stamp) / 1_000);
    const json = {
      node: config.key, grid: config.grid, farm: config.farm, runtime: config.runtime, admitted: found.admitted,
      draining: found.draining === null ? null : { ...found.draining, until: found.draining.until === null ? null : iso(found.draining.until) },
      book: { lines: found.time.size, fresh: found.time.fresh, verified_seconds_ago: seconds },
      problems: problems.map(({ code, reason, message, hint }) => ({ code, reason: reason ?? null, message, hint: hint ?? null })),
      contracts: contracts.map(({ checks, ...one }) => (why === true ? { ...one, checks } : one)),
      ...(logs.length === 0 ? {} : { logs }),
    };
    out.one({ json, text: () => text(config, json, contracts, why === true, logs) });
  },
};

function asProblem(thrown: unknown): Problem {
  if (!isProblem(thrown) || thrown.code === 'interrupted') throw thrown;
  return thrown;
}

interface Log {
  readonly workload: string;
  readonly tail: string;
}

async function logsOf(driver: Driver, contracts: readonly ContractStanding[], signal: AbortSignal): Promise<Log[]> {
  const logs: Log[] = [];
  for (const { contract, workloads } of contracts) {
    for (const { name, state } of workloads) {
      if (state === 'absent' || state === 'unknown') continue;
      logs.push({ workload: name, tail: await driver.logsTail({ contract, workload: name }, LOG_BYTES, signal).catch((thrown: unknown) => asProblem(thrown).message) });
    }
  }
  return logs;
}

function text(config: NodeConfig, json: { admitted: boolean; draining: { until: string | null; reason: string } | null; book: { lines: number; fresh: boolean; verified_seconds_ago: number }; problems: readonly { message: string; hint: string | null }[] }, contracts: readonly ContractStanding[], why: boolean, logs: readonly Log[]): string {
  const { book } = json;
  return [
    `node     ${short(config.key)}`,
    `farm     ${short(config.farm)}${json.admitted ? '' : ', which has not admitted it'}`,
    `runtime  ${config.runtime}${config.runtime === 'process' ? ', which isolates nothing' : ''}`,
    `book     ${book.lines} lines, the newest verified ${book.verified_seconds_ago} s ago${book.fresh ? '' : ': not fresh, nothing begins or ends'}`,
    ...(json.draining === null ? [] : [`drained  takes nothing new${json.draining.until === null ? '' : ` until ${json.draining.until}`}${json.draining.reason === '' ? '' : `: ${json.draining.reason}`}`]),
    ...json.problems.map(({ message, hint }) => `problem  ${message}${hint === null ? '' : `\n         ${hint}`}`),
    ...(contracts.length === 0 ? ['no contract runs here'] : contracts.flatMap((one) => contractLines(one, why))),
    ...logs.flatMap(({ workload, tail }) => ['', `${workload} printed last:`, ...tail.trimEnd().split('\n').map((line) => `  ${line}`)]),
  ].join('\n');
}

/** As much as commands take for the whole. */
function short(id: string): string {
  return id.slice(0, 12);
}

function contractLines({ contract, phase, said, reason, workloads, checks }: ContractStanding, why: boolean): string[] {
  const states = workloads.map(({ name, state, health, restarts, next_start_ms, reason: cause }) => {
    const again = next_start_ms === null ? '' : `, next start ${iso(next_start_ms)}`;
    return `  ${name}: ${state}${livingText({ health, restarts })}${again}${cause === null ? '' : ` (${cause})`}`;
  });
  return ['', `contract ${short(contract)}: ${phase}${said === null ? '' : `, said ${said}`}${reason === null ? '' : ` (${reason})`}`, ...(why ? checkLines(checks) : states)];
}
