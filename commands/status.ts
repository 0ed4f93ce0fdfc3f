// 3bot status
import { GRID_MONEY } from '../src/base/amount.js';
import type { Status } from '../src/self/status.js';
import type { CommandFile } from './command.js';

export const command: CommandFile = {
  about: 'From this home folder alone: nobody is asked and no key is opened. The last lines say what waits for you.',
  examples: ['3bot status', '3bot status --json'],
  async run({ home, clock, io, out }) {
    const { statusOf } = await import('../src/self/status.js');
    const { formatDuration } = await import('../src/base/duration.js');
    const { witnessesText } = await import('../src/net/state.js');
    const status = await statusOf(home, clock, io.env);
    out.one({ json: status, text: () => statusText(status, formatDuration, witnessesText) });
    const [first] = status.needs;
    if (first !== undefined) out.next(first.command);
  },
};

function statusText({ home, identity, grids, farm, node, contracts, running, unlocked_until, needs }: Status, duration: (span_ms: number) => string, witnesses: (grid: Status['grids'][number]) => string | null): string {
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
    ...needs.map(({ why }) => `needs you ${why}`),
  ].join('\n');
}
