// 3bot blueprint publish
import type { Command } from 'commander';
import { Problem } from '../../src/base/errors.js';
import { formatPercent, parsePercent } from '../../src/capacity/percent.js';
import type { Grid } from '../../src/net/grid.js';
import type { Fee } from '../../src/schema/types.js';
import { collect } from '../collect.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

interface Options extends GridFlag {
  fee?: string[];
  name?: string;
  about?: string;
  public?: string[];
}

export const command: CommandFile<Options> = {
  about: 'Records the file as the next version of a blueprint of yours, for everybody to use and for ever to read. Each contract that is made from\nthis version pays its fees, to the unit, out of the part of the farm; it costs the consumer nothing more. Farms leave architects what they\nchoose (3bot farm price --architect).',
  arguments: [['<file>', 'the blueprint; - reads stdin']],
  options: (c: Command) => c
    .option('--fee <share>', 'what you get of what is billed, as 5%, or somebody whose work it builds on, as bob:2%; repeat for more, four at most', collect)
    .option('--name <name>', 'what it is called, unique among your own (default: by the name of the file)')
    .option('--about <text>', 'one line that says what it is (default: x-3bot.about of the file)')
    .option('--public <variable>', 'publish the value of this variable although it is called like a secret; repeat for more', collect)
    .option(...GRID_FLAG),
  examples: ['3bot blueprint publish shop.yaml --fee 5%', '3bot blueprint publish shop.yaml --fee 4% --fee bob:1% --name shop'],
  async run(context, [path = ''], options) {
    const { fitFile } = await import('../../src/architect/publish/fit.js');
    const { nameOfFile } = await import('../../src/architect/open.js');
    const { blueprintLines, demandNothingSecret, publish } = await import('../../src/architect/publish/publish.js');
    const { MAX_BODY_BYTES } = await import('../../src/base/limits.js');
    const { feesText, sumOf, titleOf } = await import('../../src/market/blueprint.js');
    const { accountOf } = await import('../wallet/account.js');
    const { openSigner } = await import('../drafts.js');
    const { readInput, readText } = await import('../files.js');
    const { out, prompt } = context;
    const text = path === '-' ? await readInput(context.io, MAX_BODY_BYTES) : readText(path, MAX_BODY_BYTES);
    const name = nameGiven(options.name ?? (path === '-' ? null : nameOfFile(path)));
    const lines = blueprintLines(text);
    const { about, notes } = fitFile(path === '-' ? 'stdin' : path, text, name);
    for (const note of notes) out.note(note);
    demandNothingSecret(lines, new Set(options.public));
    await using session = await openSigner(context, options.grid);
    const { grid, keyring } = session;
    const own = (await accountOf(context, undefined)).account.key;
    const fees = await feesGiven(grid, options.fee ?? [], own);
    const nameOf = (account: string): string | null => (account === own ? 'you' : null);
    const share = sumOf(fees);
    out.note(`fee: ${feesText(fees, nameOf)}${share === 0 ? '' : ', of what is billed of every contract made from it'}; ${await farmsText(grid, share)}`);
    if (prompt.possible) await prompt.confirm(`Publish ${name} for everybody to read, for ever?`);
    const { blueprint, ref, isNew } = await publish(grid, keyring, { name, about: options.about ?? about, text: lines, fees });
    const title = titleOf(grid.reader, blueprint, ref.version);
    out.one({
      json: { ...ref, title, name, about: blueprint.about, fees, fee_ppm: share, new: isNew },
      id: title,
      text: () => `${title} ${isNew ? 'is published' : 'says the same already'}\nid   ${ref.id}\nfee  ${feesText(fees, nameOf)}`,
    });
    out.next(`3bot blueprint plan ${title}   (what anybody would do with it)`);
  },
};

/** @throws Problem `usage` */
function nameGiven(name: string | null): string {
  if (name === null || !/^[a-z0-9-]{3,50}$/.test(name)) throw new Problem('usage', name === null ? 'what is it called?' : `not a name: ${JSON.stringify(name.slice(0, 100))}`, { reason: 'name', hint: '--name, 3 to 50 of a-z, 0-9 and -' });
  return name;
}

/** Each `[WHO:]PERCENT`; without a name it is the own account's. @throws Problem `usage`, `not_found` */
async function feesGiven({ reader }: Grid, texts: readonly string[], own: string): Promise<Fee[]> {
  const { findPayee } = await import('../../src/market/find.js');
  const fees = texts.map((text): Fee => {
    const at = text.lastIndexOf(':');
    const share_ppm = parsePercent(text.slice(at + 1));
    if (share_ppm === 0) throw new Problem('usage', 'a fee of nothing is none', { hint: 'leave it out, or for example --fee 5%' });
    return { account: at === -1 ? own : findPayee(reader, text.slice(0, at)).account, share_ppm };
  });
  if (fees.length > 4) throw new Problem('usage', `${fees.length} fees, four are possible`);
  if (new Set(fees.map(({ account }) => account)).size < fees.length) throw new Problem('usage', 'an account gets two fees; give it one');
  return fees;
}

/** How many farms leave that much. */
async function farmsText({ reader }: Grid, share: number): Promise<string> {
  if (share === 0) return 'every farm takes it';
  const { farmsOf } = await import('../../src/market/directory.js');
  const farms = [...farmsOf(reader)];
  const leaving = farms.filter(({ architect_ppm = 0 }) => architect_ppm >= share).length;
  return `${leaving} of ${farms.length} farms of this grid leave architects ${formatPercent(share)} or more`;
}
