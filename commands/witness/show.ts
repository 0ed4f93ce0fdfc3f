// 3bot witness show
import type { CommandFile } from '../command.js';

export const command: CommandFile<{ url?: string }> = {
  about: 'Its key, its line in the policy of a grid, and how far it has cosigned the logs that it knows.',
  arguments: [['<name>', 'of a witness of this home folder']],
  options: (c) => c.option('--url <url>', 'where 3bot serve is reached, for the line of a policy'),
  examples: ['3bot witness show watcher', '3bot witness show watcher --url https://bot.example'],
  async run({ home, out, clock }, [name = ''], { url }) {
    const { formatDuration } = await import('../../src/base/duration.js');
    const { showWitness, policyLine } = await import('../../src/witness/show.js');
    const { parsePublic } = await import('../listen.js');
    const witness = showWitness(home, name);
    const line = policyLine(witness, url === undefined ? 'URL' : parsePublic(url));
    const ago = (time_ms: number): string => formatDuration(Math.max(0, Math.round((clock() - time_ms) / 1_000) * 1_000));
    out.one({
      json: { ...witness, policy: line },
      text: () => [
        `witness  ${witness.witness}${witness.audits ? ', audits' : ''}`,
        `key      ${witness.vkey}`,
        `path     ${witness.path}/add-checkpoint`,
        `policy   ${line}`,
        ...witness.logs.map(({ origin, size, cosigned_ms, url: home_ }) => `log      ${origin}, ${cosigned_ms === null ? 'not cosigned yet' : `${size} lines, cosigned ${ago(cosigned_ms)} ago`}${home_ === null ? '' : `, lines from ${home_}`}`),
      ].join('\n'),
    });
    if (witness.logs.length === 0) out.next(`3bot witness trust ${name} KEY-OF-A-LOG`);
  },
};
