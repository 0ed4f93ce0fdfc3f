// 3bot endorse
import type { CommandFile } from './command.js';
import { GRID_FLAG, type GridFlag } from './handle.js';

export const command: CommandFile<GridFlag> = {
  about: 'Signs an agreement or a document that is in the book already, where it names you among its signers and the signatures were enough\nwithout yours. The endorsement is a record on your own chain, once and for good.',
  arguments: [['<record>', 'contract or document by the first digits of its id, or the record itself in full']],
  options: (c) => c.option(...GRID_FLAG),
  examples: ['3bot endorse 3f2a91c0', '3bot endorse 3f2a91c0 --yes --json'],
  async run(context, [text = ''], { grid: named }) {
    const { appendSigned } = await import('../src/net/compose.js');
    const { rowsText } = await import('../src/people/draft.js');
    const { endorsable } = await import('../src/people/endorse.js');
    const { namedRow } = await import('../src/people/names.js');
    const { kindOf } = await import('../src/people/kinds.js');
    const { openSigner } = await import('./drafts.js');
    const { out, prompt } = context;
    await using session = await openSigner(context, named);
    const { grid, keyring, desk } = session;
    const { record, payload } = endorsable(grid.reader, desk.drafts, text, desk.bot);
    out.note(rowsText(kindOf(payload).words(payload).map((row) => namedRow(grid.reader, row))));
    await prompt.confirm('Sign this, for good?');
    const { id } = await appendSigned(grid, { chain: desk.me, kind: 'endorse@1', body: { record, chain: payload.chain } }, [keyring.signer('bot')]);
    out.one({ json: { record: id, endorsed: record, chain: payload.chain }, id, text: () => `endorsed  ${payload.chain.replace('/', ' ')}\nrecord    ${id}` });
    out.next(`3bot bcdb query 'kind = endorse and tag = ${payload.chain}'   (who has endorsed it)`);
  },
};
