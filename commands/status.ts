// 3bot status
import { GRID_MONEY } from '../src/base/amount.js';
import type { Status } from '../src/self/status.js';
import type { CommandFile, Context } from './command.js';
import { openGridOf } from './handle.js';
import type { Look } from './looks.js';

const INTERVAL_MS = 2_000;

export const command: CommandFile<{ watch?: true }> = {
  about: 'From this home folder alone: nobody is asked and no key is opened. What it did lately, newest first; the last lines say what waits for you.\n--watch follows the book of the grid in use and shows it again when something has changed.',
  options: (c) => c.option('--watch', 'again and again, as the book goes on (one object a line with --json, each time something has changed)'),
  examples: ['3bot status', '3bot status --watch', '3bot status --json'],
  async run(context, _args, { watch }) {
    if (watch === true) {
      const { showLooks } = await import('./looks.js');
      return await showLooks(context, looks(context));
    }
    const { status, text } = await look(context);
    context.out.one({ json: status, text: () => text });
    const [first] = status.needs;
    if (first !== undefined) context.out.next(first.command);
  },
};

/** The home folder as it stands. */
async function look({ home, clock, io }: Context): Promise<{ readonly status: Status; readonly text: string }> {
  const { statusOf } = await import('../src/self/status.js');
  const { formatDuration } = await import('../src/base/duration.js');
  const { witnessesText } = await import('../src/net/state.js');
  const status = await statusOf(home, clock, io.env);
  return { status, text: statusText(status, formatDuration, witnessesText) };
}

async function* looks(context: Context): AsyncGenerator<Look> {
  const { setTimeout: pause } = await import('node:timers/promises');
  const { isProblem } = await import('../src/base/errors.js');
  const { readConfig } = await import('../src/home.js');
  const { flags, io, signal, home } = context;
  // As a guest, so that other commands and a server of this home folder are not kept out.
  await using grid = readConfig(home).grid === null ? undefined : await openGridOf(context, undefined, true);
  let before = '';
  for (; !signal.aborted; await pause(INTERVAL_MS, undefined, { signal })) {
    await grid?.refresh().catch((thrown: unknown) => (isProblem(thrown, 'unreachable') || isProblem(thrown, 'busy') ? undefined : Promise.reject(thrown)));
    const { status, text } = await look(context);
    // How long ago its home was heard changes all the time, and says nothing new.
    const now = JSON.stringify({ ...status, grids: status.grids.map((one) => ({ ...one, age_ms: null, time: null })) });
    if (now !== before || (io.terminal.stdout && !flags.json)) yield { json: status, text };
    before = now;
  }
}

function statusText({ home, identity, grids, farm, node, contracts, running, unlocked_until, lately, needs }: Status, duration: (span_ms: number) => string, witnesses: (grid: Status['grids'][number]) => string | null): string {
  const fresh = ({ url, age_ms, fresh: isFresh }: Status['grids'][number]): string => {
    if (url === null) return 'this folder is its home';
    if (age_ms === null) return 'never heard of its home';
    return `copy, its home was heard ${duration(Math.round(age_ms / 1_000) * 1_000)} ago${isFresh ? '' : ': not fresh'}`;
  };
  const witnessed = (grid: Status['grids'][number]): string => {
    const cosigned = witnesses(grid);
    return `${grid.committed < grid.size ? `, ${grid.committed} of them committed` : ''}${cosigned === null ? '' : `; ${cosigned}`}`;
  };
  return [
    `home      ${home}${running ? ', 3bot runs in it' : ''}`,
    ...(identity === null ? ['identity  none'] : [`identity  ${identity.name}  ${identity.id}`, `wallet    ${identity.address === null ? 'none: an operational key' : `${identity.address} (${GRID_MONEY})`}`, `keys      ${unlocked_until === null ? 'locked' : `open until ${unlocked_until}`}`]),
    ...grids.map((grid) => `grid      ${grid.name}${grid.in_use ? '' : ' (not in use)'}, ${grid.size} lines, ${fresh(grid)}${witnessed(grid)}${grid.balance === null ? '' : `; ${grid.balance} TFT, ${grid.escrowed} in contracts`}`),
    ...(farm === null ? [] : [`farm      ${farm.name}, ${farm.contracts} contracts in force, ${farm.earned} TFT earned, ${farm.endpoint ?? 'without an address'}`]),
    ...(node === null ? [] : [`node      ${node.key.slice(0, 16)}, ${node.runtime}, ${node.contracts} contracts${node.declared ? ', capacity declared, not measured' : ''}`]),
    ...contracts.map(({ id, state, farm_name, escrow, expires_at }) => `contract  ${id.slice(0, 12)} ${state}, of ${farm_name ?? 'a farm'}, ${escrow} TFT in escrow, until ${expires_at}`),
    ...lately.slice(0, 10).map(({ at, text }) => `lately    ${at.slice(0, 16).replace('T', ' ')}  ${text}`),
    ...needs.map(({ why }) => `needs you ${why}`),
  ].join('\n');
}
