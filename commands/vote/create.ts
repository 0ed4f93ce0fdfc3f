// 3bot vote create
import type { Command } from 'commander';
import { parseDuration } from '../../src/base/duration.js';
import { Problem } from '../../src/base/errors.js';
import type { BotRole, Vote } from '../../src/schema/types.js';
import { collect } from '../collect.js';
import type { CommandFile } from '../command.js';
import { GRID_FLAG, type GridFlag } from '../handle.js';

const ROLES: readonly BotRole[] = ['consumer', 'farmer', 'architect', 'witness', 'certifier'];

interface Options extends GridFlag {
  option?: string[];
  voter?: string[];
  role?: BotRole;
  for?: number;
  textFile?: string;
  moreThan?: number;
  ofElectorate?: true;
}

export const command: CommandFile<Options> = {
  about: 'Begins a vote: a record that nobody can change. Voters are named, or are all bots that have said before that they have a role,\nwhich anybody can say of itself. Ballots are public; until the end each voter may change its mind and counts once.',
  arguments: [['<question>', 'what is asked']],
  options: (c: Command) => c
    .option('--option <text>', 'an answer; repeat for more (default: yes, no)', collect)
    .option('--voter <bot>', 'who may vote: name of a bot, did:key:… or key; repeat for more', collect)
    .option('--role <role>', `or: every bot with this role (${ROLES.join(', ')})`, parseRole)
    .option('--for <duration>', 'how long (default: 7d)', parseDuration)
    .option('--text-file <file>', 'what there is to say about it')
    .option('--more-than <percent>', 'share that an option needs, and more (default: 50)', parsePercent)
    .option('--of-electorate', 'of all who may vote, not of the ballots that are cast')
    .option(...GRID_FLAG),
  examples: ['3bot vote create "Shall we take a second node?" --voter ann --voter ben --voter carl --for 3d', '3bot vote create "Which day?" --option Monday --option Friday --role farmer --more-than 0'],
  async run(context, [question = ''], options) {
    const { randomBytes } = await import('node:crypto');
    const { MAX_RECORD_BYTES } = await import('../../src/base/limits.js');
    const { chainId } = await import('../../src/bcdb/record.js');
    const { findParty } = await import('../../src/market/find.js');
    const { appendSigned } = await import('../../src/net/compose.js');
    const { linesOf } = await import('../../src/people/propose.js');
    const { decidesText, findVote, viewVote, voteText } = await import('../../src/people/votes.js');
    const { openSigner } = await import('../drafts.js');
    const { readText } = await import('../files.js');
    const { out, prompt, clock } = context;
    const { option = ['yes', 'no'], voter = [], role, textFile } = options;
    if ((voter.length > 0) === (role !== undefined)) throw new Problem('usage', 'either --voter, for each who may vote, or --role', { hint: '--voter NAME --voter NAME, or --role farmer' });
    await using session = await openSigner(context, options.grid);
    const { grid, keyring, desk } = session;
    const bots = voter.map((text) => findParty(grid.reader, text)).map((party) => party.slice(party.indexOf('/') + 1));
    const body: Vote = {
      by: desk.bot, nonce: randomBytes(16).toString('hex'), question, text: textFile === undefined ? [] : linesOf(readText(textFile, MAX_RECORD_BYTES)),
      options: option, electorate: role === undefined ? { bots } : { role }, until: clock() + (options.for ?? 7 * 24 * 3_600_000),
      decides: { of: options.ofElectorate === true ? 'electorate' : 'cast', more_than_ppm: options.moreThan ?? 500_000 },
    };
    if (prompt.possible) await prompt.confirm(`Ask ${role === undefined ? `${bots.length} bots` : `every ${role}`}, ${option.join(' or ')}; what wins is ${decidesText(body.decides)}?`);
    const id = chainId(grid.id, body.by, body.nonce);
    await appendSigned(grid, { chain: `vote/${id}`, kind: 'vote@1', body }, [keyring.signer('bot')]);
    const view = viewVote(grid.reader, findVote(grid.reader, id), desk.bot, clock());
    out.one({ json: view, id, text: () => voteText(view) });
    out.next(`3bot vote cast ${id.slice(0, 12)} ${JSON.stringify(option[0])}`);
  },
};

/** @throws Problem `usage` */
function parseRole(text: string): BotRole {
  const role = ROLES.find((one) => one === text);
  if (role === undefined) throw new Problem('usage', `no role ${text.slice(0, 50)}`, { hint: ROLES.join(', ') });
  return role;
}

/** Percent as millionths. @throws Problem `usage` */
function parsePercent(text: string): number {
  const [, whole = '', part = ''] = /^([0-9]{1,2})(?:\.([0-9]{1,4}))?$/.exec(text) ?? [];
  if (whole === '') throw new Problem('usage', `not a share: ${text.slice(0, 50)}`, { hint: '0 to 99.9999' });
  return Number(whole) * 10_000 + Number(part.padEnd(4, '0'));
}
