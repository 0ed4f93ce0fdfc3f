// 3bot bcdb evidence verify
import type { CommandFile } from '../../command.js';

export const command: CommandFile<{ genesis?: string[] }> = {
  about: 'Checks offline, step by step, what a home is accused of: two books of one size, two lines of one number, lines taken back, or\na line that no rule allows. The last takes a copy with the lines before it, unless the line is wrong in itself.\nExit code 0: proven. 7: the file does not show what it says. 1: it proves nothing by itself (an accusation; or a copy is needed).',
  arguments: [['<file>', 'as bcdb evidence list names it, or somebody sent it']],
  options: (c) => c.option('--genesis <file-or-hash...>', "file with the grid's genesis record ('3bot grid show --genesis-file FILE'), and its hash where you know it"),
  examples: ['3bot bcdb evidence verify 1f0c9a7be2d3645a.json', '3bot bcdb evidence verify 1f0c9a7be2d3645a.json --genesis genesis.json'],
  async run({ home, out }, [file = ''], { genesis = [] }) {
    const { MAX_RECEIPT_BYTES } = await import('../../../src/base/limits.js');
    const { Problem } = await import('../../../src/base/errors.js');
    const { judge } = await import('../../../src/bcdb/evidence.js');
    const { readEvidence } = await import('../../../src/net/evidence.js');
    const { rulesOfCopy } = await import('../../../src/net/judge.js');
    const { pinnedOf } = await import('../../../src/net/pin.js');
    const { readText } = await import('../../files.js');
    const evidence = readEvidence(file);
    const { grid, kind } = evidence;
    const hashes = genesis.filter((one) => /^[0-9a-f]{64}$/.test(one));
    const files = genesis.filter((one) => !hashes.includes(one)).map((path) => readText(path, MAX_RECEIPT_BYTES));
    const { verdict, steps } = await judge(evidence, pinnedOf(home, grid, 'evidence', { hashes, files }), rulesOfCopy(home, grid));
    const said = { proven: 'proven', accusation: 'an accusation, not a proof', unjudged: 'signed by the home; not judged here' }[verdict];
    out.one({ json: { ok: verdict === 'proven', verdict, grid, kind, steps }, text: () => [`${kind}: ${said}`, ...steps.map((step) => `  ${step}`)].join('\n') });
    if (verdict === 'accusation') throw new Problem('failed', 'two checkpoints that nobody has shown to belong together: that is an accusation and not a proof', { reason: verdict });
    if (verdict === 'unjudged') throw new Problem('failed', 'whether a rule forbids the line is not known without the lines before it', { reason: verdict, hint: '3bot grid join URL of a bot that has them, then again' });
  },
};
