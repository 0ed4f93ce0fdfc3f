// 3bot identity recovery
import { QUORUM_EXAMPLE } from '../../src/people/form.js';
import type { Quorum } from '../../src/schema/types.js';
import type { CommandFile } from '../command.js';
import type { Grid } from '../../src/net/grid.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';
import { openBot } from './bot.js';

interface Options extends GridFlag {
  members?: string;
  threshold?: number;
  quorum?: string;
  none?: true;
  draft?: string;
}

export const command: CommandFile<Options> = {
  about: 'Shows or sets who can give your bot other keys when yours are lost or stolen: so many of these bots, together. Set it before you\nneed it. Once it is set, changing it takes a key of yours and those who could recover it so far, so that a thief who has a key\ncannot take the way back away: a draft is written, and they sign it with 3bot sign.',
  options: (c) => c
    .option('--members <bots>', 'names or keys of bots, with commas')
    .option('--threshold <count>', 'how many of them it takes (default: more than half)', parseCount)
    .option('--quorum <file>', `a quorum as JSON instead, with weights (1 unless said) and groups: ${QUORUM_EXAMPLE}`)
    .option('--none', 'nobody can recover it any more')
    .option('--draft <file>', 'where a draft is written (default: NAME-recovery.json)')
    .option(...GRID_FLAG),
  examples: ['3bot identity recovery', '3bot identity recovery --members bob,carol,dave --threshold 2'],
  async run(context, _args, options) {
    const { Problem } = await import('../../src/base/errors.js');
    const { makeRecord } = await import('../../src/bcdb/record.js');
    const { quorumText } = await import('../../src/market/words.js');
    const { nextPayload } = await import('../../src/net/compose.js');
    const { statementOf } = await import('../../src/net/identities.js');
    const { signOrDraft } = await import('../drafts.js');
    const { members, threshold, quorum, none, draft } = options;
    const ways = [members, quorum, none].filter((one) => one !== undefined).length;
    if (ways > 1) throw new Problem('usage', '--members, --quorum and --none are three ways to say the same', { hint: 'give one of them' });
    if (threshold !== undefined && members === undefined) throw new Problem('usage', '--threshold says how many of --members', { hint: '--members bob,carol,dave --threshold 2' });
    await using own = await openBot(context, options.grid);
    const { grid, keyring, bot } = own;
    if (ways === 0) {
      return context.out.one({ json: { id: bot.key, name: bot.name, recovery: bot.recovery }, text: () => (bot.recovery === null ? `nobody can recover ${bot.name}` : `${bot.name} is recovered by ${quorumText(bot.recovery, [])}`) });
    }
    const recovery = none === true ? null : members === undefined ? await readQuorum(grid, quorum ?? '') : await quorumOf(grid, members, threshold);
    const record = makeRecord(nextPayload(grid, `bot/${bot.key}`, 'identity@1', { ...statementOf(bot), recovery }, context.clock()));
    await signOrDraft(context, grid, record, keyring, draft ?? `${bot.name}-recovery.json`);
  },
};

function parseCount(text: string): number {
  return /^[1-9][0-9]{0,3}$/.test(text) ? Number(text) : NaN;
}

async function quorumOf(grid: Grid, members: string, threshold: number | undefined): Promise<Quorum> {
  const { Problem } = await import('../../src/base/errors.js');
  const { findParty } = await import('../../src/market/find.js');
  const { someOf } = await import('../../src/rules/quorum.js');
  const parties = members.split(',').map((text) => findParty(grid.reader, text.trim()));
  const needed = threshold ?? Math.floor(parties.length / 2) + 1;
  if (!(needed <= parties.length)) throw new Problem('usage', `--threshold is a number from 1 to ${parties.length}, the members that are given`, { hint: 'name more --members, or a lower --threshold' });
  return someOf(needed, parties);
}

async function readQuorum(grid: Grid, path: string): Promise<Quorum> {
  const { MAX_BODY_BYTES } = await import('../../src/base/limits.js');
  const { parseQuorum } = await import('../../src/people/propose.js');
  const { readText } = await import('../files.js');
  return parseQuorum(grid.reader, readText(path, MAX_BODY_BYTES));
}
