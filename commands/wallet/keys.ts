// 3bot wallet keys
import { GRID_MONEY } from '../../src/base/amount.js';
import { collect } from '../collect.js';
import type { CommandFile, Context } from '../command.js';
import type { KeyChange } from '../../src/market/keys.js';
import { Problem } from '../../src/base/errors.js';
import type { Quorum } from '../../src/schema/types.js';
import { GRID_FLAG, openGridOf, type GridFlag } from '../handle.js';
import { ACCOUNT_FLAG, accountOf, openWallet, type AccountFlag } from './account.js';

interface Options extends GridFlag, AccountFlag {
  add?: string[];
  weight?: number;
  remove?: string[];
  own?: number;
  threshold?: number;
  single?: true;
  draft?: string;
}

export const command: CommandFile<Options> = {
  about: `Shows which keys spend an account; with flags, changes that. Spending then needs keys whose weights reach the threshold:
wallet send, reserve and whatever else pays from the account leave a draft for 3bot sign where yours are not enough.
The change is signed by those who spend now, and by as many of the new keys as spending will need: so nobody is locked out.
The account's own key may be given the weight 0.`,
  options: (c) => c
    .option('--add <address>', 'a further key: the address (G…) of a wallet, or a bot for its wallet; repeat for more', collect)
    .option('--weight <weight>', 'of each that is added, or set anew (default: 1)', parseWeight)
    .option('--remove <address>', 'a key that spends no longer; repeat for more', collect)
    .option('--own <weight>', "weight of the account's own key, 0: it spends nothing any more", parseWeight)
    .option('--threshold <weight>', 'weight that spends', parseWeight)
    .option('--single', "back to the account's own key alone")
    .option('--draft <file>', 'where the draft is written that others sign (default: keys-ID.draft.json)')
    .option(...ACCOUNT_FLAG).option(...GRID_FLAG),
  examples: ['3bot wallet keys', '3bot wallet keys --account savings --add GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7 --weight 1 --threshold 2', '3bot wallet keys --account savings --own 0', '3bot wallet keys --account savings --single'],
  async run(context, _args, options) {
    const { findPayee } = await import('../../src/market/find.js');
    const { changedKeys } = await import('../../src/market/keys.js');
    const { read } = await import('../../src/rules/objects.js');
    const chosen = await accountOf(context, options.account);
    const { key } = chosen.account;
    await using grid = await openGridOf(context, options.grid);
    await grid.refresh();
    const now = read(grid.reader, 'account', key)?.keys;
    const { add, remove, own, threshold, single } = options;
    if (add === undefined && remove === undefined && own === undefined && threshold === undefined && single !== true) return await show(context, key, now);
    const keysOf = (texts: readonly string[] = []): string[] => texts.map((text) => findPayee(grid.reader, text).account);
    const change: KeyChange = { add: keysOf(add), weight: options.weight ?? 1, remove: keysOf(remove), own, threshold };
    const keys = single === true ? null : changedKeys(key, now, change);

    const { makeRecord } = await import('../../src/bcdb/record.js');
    const { nextPayload } = await import('../../src/net/compose.js');
    const { signOrDraft } = await import('../drafts.js');
    const { resolve } = await import('node:path');
    const keyring = await openWallet(context, chosen);
    grid.demandWritable();
    await grid.hold();
    await grid.refresh();
    const record = makeRecord(nextPayload(grid, `account/${key}`, 'account@1', { keys }, grid.clock()));
    await signOrDraft(context, grid, record, keyring, resolve(options.draft ?? `keys-${record.id.slice(0, 12)}.draft.json`));
  },
};

async function show({ out, flags }: Context, key: string, quorum: Quorum | undefined): Promise<void> {
  const { addressOf } = await import('../../src/keys/did.js');
  const { membersOf } = await import('../../src/market/keys.js');
  const members = quorum === undefined ? [{ key, weight: 1 }] : membersOf(quorum);
  const shown = members.map((member) => ({ address: addressOf(member.key), ...member, own: member.key === key }));
  const threshold = quorum?.threshold ?? 1;
  out.list({
    json: { account: key, threshold, keys: shown },
    columns: ['key', 'weight', ''],
    rows: shown.map(({ address, weight, own }) => [address, weight, own ? "the account's own" : '']),
  });
  if (!flags.json) out.note(`weight ${threshold} spends ${addressOf(key)} (${GRID_MONEY})`);
}

function parseWeight(text: string): number {
  if (!/^(0|[1-9][0-9]{0,3})$/.test(text) || Number(text) > 1_000) throw new Problem('usage', `a weight is a number from 0 to 1000, not ${JSON.stringify(text.slice(0, 50))}`);
  return Number(text);
}
