// 3bot identity key add
import type { CommandFile } from '../../command.js';
import { GRID_FLAG, type GridFlag } from '../../handle.js';
import { endOf, openBot, parseKinds } from '../bot.js';

interface Options extends GridFlag {
  kinds: string[];
  until?: string;
  name?: string;
  draft?: string;
}

export const command: CommandFile<Options> = {
  about: 'Grants a key: it speaks for your bot, for these kinds of records, until a time. Without KEY a new one is made here, in a file of\nits own (keys/key-NAME.json) that can be moved to another machine; it has no words and no wallet.\nA KEY that was made elsewhere signs for itself: a draft is written for 3bot sign there. A key for identity@1 or * can grant keys itself.',
  arguments: [['[key]', 'what 3bot identity key create printed on another machine; a new one is made if left out']],
  options: (c) => c
    .requiredOption('--kinds <kinds>', "what it may sign: kinds of records, 'talk', 'mail', or '*' for everything, with commas", parseKinds)
    .option('--until <when>', 'when it ends: a day or time (2027-12-31) or a span (90d) (default: never)')
    .option('--name <name>', 'how you call it here; for a key that is made here')
    .option('--draft <file>', 'where the draft is written, for a key that was made elsewhere (default: KEY.key.json)')
    .option(...GRID_FLAG),
  examples: ['3bot identity key add --name ci-1 --kinds workload@1,end@1,talk --until 2027-12-31', "3bot identity key add 5f0c9e2ab77d41d0c3a8e2f5b1964e0d7c8b9a0f1e2d3c4b5a69788796a5b4c3 --kinds 'agreement@1' --until 90d"],
  async run(context, [typed], { kinds, until, name, draft, grid: named }) {
    const { iso } = await import('../../../src/base/clock.js');
    const { Problem } = await import('../../../src/base/errors.js');
    const { parseKey } = await import('../../../src/keys/did.js');
    const { changeKeys, checkKinds, statementOf } = await import('../../../src/net/identities.js');
    const { clock, out, home } = context;
    checkKinds(kinds);
    if (typed !== undefined && name !== undefined) throw new Problem('usage', '--name is for a key that is made here', { hint: 'leave out KEY, or --name' });
    const end = until === undefined ? null : endOf(until, clock());
    const elsewhere = typed === undefined ? undefined : parseKey(typed);
    await using own = await openBot(context, named);
    const { grid, keyring, bot } = own;
    if (elsewhere !== undefined) {
      const { makeRecord } = await import('../../../src/bcdb/record.js');
      const { nextPayload } = await import('../../../src/net/compose.js');
      const { signOrDraft } = await import('../../drafts.js');
      const body = { ...statementOf(bot), keys: [...bot.keys.filter(({ key }) => key !== elsewhere), { key: elsewhere, kinds, until: end }] };
      return await signOrDraft(context, grid, makeRecord(nextPayload(grid, `bot/${bot.key}`, 'identity@1', body, clock())), keyring, draft ?? `${elsewhere.slice(0, 12)}.key.json`);
    }
    const { checkName } = await import('../../../src/keys/identity.js');
    const { createKeyring } = await import('../../../src/keys/unlock.js');
    const { keystorePath } = await import('../../../src/keys/keystore.js');
    const made = await createKeyring(context, 'key', name === undefined ? (keys) => `key-${(keys['bot'] ?? '').slice(0, 8)}` : checkName(name));
    const signer = made.signer('bot');
    const grant = { key: signer.key, kinds, until: end };
    await changeKeys(grid, keyring, (keys) => [...keys, grant], [signer]);
    const file = keystorePath(home, 'key', made.name);
    out.one({ json: { ...grant, name: made.name, bot: bot.key, file }, id: grant.key, text: () => `${made.name} speaks for ${bot.name}: ${kinds.join(', ')}${until === undefined ? '' : `, until ${iso(end ?? 0)}`}\nkey ${grant.key}\nfile ${file}` });
    out.next(`3bot identity use ${made.name}   (here, or in a home folder on another machine into whose keys/ the file was moved)`);
  },
};
